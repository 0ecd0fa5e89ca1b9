import type { Catalogue } from '../catalogue/catalogue.ts'
import { sampleCatalogue, sampleJson } from './sample-tenant.ts'

/**
 * The sample tenant whose AI customer also buys by other models: a matrix with a request threshold in one row, time of use
 * that divides records and changes by date, the same in a row of a matrix, a volume price that falls, and a percentage with free events.
 */
export function everyModelCatalogue(): Catalogue {
  const json = sampleJson()
  const list = (name: string): readonly Readonly<Record<string, unknown>>[] =>
    json[name] as readonly Readonly<Record<string, unknown>>[]
  const without = (name: string, id: string): readonly Readonly<Record<string, unknown>>[] =>
    list(name).filter((each) => each['id'] !== id)
  return sampleCatalogue({
    ...json,
    meters: [
      ...list('meters'),
      { id: 'energy', unit: 'Wh' },
      { id: 'payments', unit: 'cent' },
      { id: 'calls', unit: 's' },
    ],
    prices: [...without('prices', 'ai-input'), askedPrice, energyPrice, volumePrice, paymentPrice, callPrice],
    offerings: [
      ...without('offerings', 'ai-tokens'),
      { id: 'ai-tokens', name: 'AI tokens', prices: ['ai-input', 'ai-output', 'energy', 'volume', 'payment', 'call'] },
    ],
    subscriptions: list('subscriptions').map((each) =>
      each['id'] === 'bright-ai' ? { ...each, subjects: ['llm-1'] } : each,
    ),
  })
}

const perUnit = (amount: string, per = 1): object => ({ model: 'per-unit', amount, per })

const askedPrice = {
  id: 'ai-input',
  meter: 'ai.input_tokens',
  model: 'matrix',
  dimensions: ['ai.model', 'region'],
  rows: [
    { when: { 'ai.model': 'small' }, ...perUnit('0.5', 1_000_000) },
    { when: { 'ai.model': 'small', region: 'eu' }, ...perUnit('0.6', 1_000_000) },
    {
      when: { 'ai.model': 'large' },
      model: 'request-threshold',
      fact: 'total',
      amount: '3',
      per: 1_000_000,
      above: [{ above: 100_000, amount: '6' }],
    },
  ],
}

/** Berlin's winter time is enough for the months it is tried in. */
const tariff = {
  model: 'time-of-use',
  zone: 'Europe/Berlin',
  offsets: [[0, 60]],
  windows: [{ name: 'peak', at: [{ days: 'mon-fri', from: '08:00', to: '20:00' }], price: perUnit('0.4', 1000) }],
  otherwise: { name: 'off-peak', price: perUnit('0.1', 1000) },
  duration: { fact: 'duration', unit: '1s' },
}

const energyPrice = {
  id: 'energy',
  meter: 'energy',
  ...tariff,
  changes: [{ from: '2026-11-20', ...tariff, otherwise: { name: 'off-peak', price: perUnit('0.2', 1000) } }],
}

const callPrice = {
  id: 'call',
  meter: 'calls',
  model: 'matrix',
  dimensions: ['region'],
  rows: [
    { when: { region: 'eu' }, ...tariff },
    { when: { region: 'us' }, ...perUnit('0.7', 1000) },
  ],
}

const volumePrice = {
  id: 'volume',
  meter: 'messages',
  model: 'volume',
  tiers: [{ upTo: 100, amount: '0.1' }, { amount: '0.05' }],
}

const paymentPrice = {
  id: 'payment',
  meter: 'payments',
  model: 'percentage',
  per: 100,
  rate: '2',
  fixed: '0.30',
  freeEvents: 2,
}
