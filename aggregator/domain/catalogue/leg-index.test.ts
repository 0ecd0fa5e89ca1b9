import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { november, sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { legsOf } from './leg-index.ts'

const catalogue = sampleCatalogue()

function relationsOf(subject: string, meter: string, timeMs: number): readonly string[] | string {
  const found = legsOf(catalogue, subject, meter, timeMs)
  return found.ok
    ? found.value.map(({ seller, buyer, currency, partition }) => `${seller}>${buyer} ${currency} ${partition}`)
    : found.fault.code
}

describe('legsOf', () => {
  const throughResellers = ['nordlink>baltic USD nordlink', 'acme>nordlink EUR nordlink']
  const costs = ['roamnet>acme EUR partner:roamnet', 'transita>acme EUR partner:transita']

  test.each<readonly [what: string, subject: string, meter: string, timeMs: number, legs: readonly string[] | string]>([
    [
      'a fleet its parent pays for',
      'trk-1',
      'data.bytes',
      november,
      ['baltic>hansa EUR nordlink', ...throughResellers, ...costs],
    ],
    [
      'a fleet in a fleet',
      'van-1',
      'data.bytes',
      november,
      ['baltic>hansa EUR nordlink', ...throughResellers, ...costs],
    ],
    [
      'a fleet that pays for itself',
      'trk-3',
      'data.bytes',
      november,
      ['baltic>south EUR nordlink', ...throughResellers, ...costs],
    ],
    [
      'a meter without partner costs',
      'trk-1',
      'messages',
      november,
      ['baltic>hansa EUR nordlink', 'nordlink>baltic EUR nordlink', 'acme>nordlink EUR nordlink'],
    ],
    ['a customer of the operator', 'llm-1', 'ai.input_tokens', november, ['acme>brightdesk EUR brightdesk']],
    ['a subject of two subscriptions', 'trk-1', 'ai.input_tokens', november, ['acme>brightdesk EUR brightdesk']],
    ['a subject nobody lists', 'trk-9', 'data.bytes', november, 'unknown_subject'],
    ['a meter nobody declares', 'trk-1', 'steam', november, 'unknown_meter'],
    ['a meter without a price', 'trk-1', 'unpriced', november, 'no_price'],
    ['before the subscription begins', 'trk-1', 'data.bytes', Date.UTC(2026, 0, 1) - 1, 'subscription_not_active'],
    ['the instant the subscription ends', 'trk-3', 'data.bytes', Date.UTC(2026, 11, 1), 'subscription_not_active'],
    ['before a reseller buys the meter', 'trk-1', 'data.bytes', Date.UTC(2026, 1, 1) - 1, 'no_price'],
    [
      'before a partner sells the meter',
      'trk-1',
      'data.bytes',
      Date.UTC(2026, 1, 1),
      ['baltic>hansa EUR nordlink', ...throughResellers, 'roamnet>acme EUR partner:roamnet'],
    ],
  ])('%s', (_what, subject, meter, timeMs, legs) => {
    expect(relationsOf(subject, meter, timeMs)).toEqual(legs)
  })

  test('a fault says which subject and meter and what to do', () => {
    const found = legsOf(catalogue, 'trk-9', 'data.bytes', november)
    expect(!found.ok && found.fault.message).toBe('no subscription lists the subject trk-9: add it to one and replay')
  })
})

test('kept plans answer as a catalogue asked for the first time does', () => {
  const boundaries = [Date.UTC(2026, 0), Date.UTC(2026, 1), Date.UTC(2026, 2), Date.UTC(2026, 11), Date.UTC(2027, 0)]
  const times = fc.tuple(fc.constantFrom(...boundaries), fc.integer({ min: -2, max: 2 })).map(([at, off]) => at + off)
  const asked = fc.tuple(fc.constantFrom('trk-1', 'trk-3', 'van-1'), fc.constantFrom('data.bytes', 'messages'), times)
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 30 }), (questions) => {
      const asking = sampleCatalogue()
      for (const [subject, meter, timeMs] of questions) {
        const kept = legsOf(asking, subject, meter, timeMs)
        const fresh = legsOf(sampleCatalogue(), subject, meter, timeMs)
        expect(JSON.stringify(kept, withoutBigints)).toBe(JSON.stringify(fresh, withoutBigints))
      }
    }),
    { numRuns: 30 },
  )
})

test('subjects of the same subscriptions share one plan', () => {
  const json = sampleJson()
  const subjects = Array.from({ length: 1000 }, (_, index) => `many-${index}`)
  const more = { id: 'many', account: 'south', offering: 'tracker', from: '2026-01-01', subjects }
  const { index } = sampleCatalogue({ ...json, subscriptions: [...(json['subscriptions'] as unknown[]), more] })
  expect(new Set(subjects.map((subject) => index.subjects.get(subject))).size).toBe(1)
  expect(index.subjects.get('trk-1')?.subscriptions.map(({ id }) => id)).toEqual(['bright-ai', 'north-trackers'])
})

function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
