import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

/** 2026-06-15: May is over, June runs. */
const june = Date.UTC(2026, 5, 15)

function file(subscription: string, prices = ''): string {
  return `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters:
  - { id: data, unit: byte }
prices:
  - { id: own, meter: data, model: per-unit, amount: "1" }
  - { id: seat, model: recurring, amount: "4", each: { quantity: seats } }
  - { id: sim, model: recurring, amount: "0.5", each: subject }
${prices}
offerings:
  - { id: plain, name: Plain, prices: [own] }
  - { id: full, name: Full, prices: [own], versions: [{ from: 2026-01-01, prices: [own, seat, sim] }] }
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
subscriptions:
  - { id: first, account: north, subjects: [a], ${subscription} }
`.trimStart()
}

function read(text: string, before: TenantFile | null): readonly string[] | TenantFile {
  const parsed = parseTenantFile('acme.yaml', text, before, june)
  return parsed.ok ? parsed.value : parsed.mistakes.map(({ message, suggestion }) => `${message}; ${suggestion ?? ''}`)
}

function after(before: string, now: string): readonly string[] {
  const parsed = parseTenantFile('acme.yaml', file(before), null, june)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const outcome = read(file(now), parsed.value)
  return outcome instanceof Array ? outcome : []
}

const full = 'offering: full, quantities: { seats: 2 }'

describe('when who has fees begins and ends may be mended, also in periods that are billed', () => {
  test.each<readonly [what: string, before: string, now: string]>([
    ['later, past a period', `${full}, from: 2026-04-20`, `${full}, from: 2026-06-01`],
    ['earlier, into a period', `${full}, from: 2026-06-02`, `${full}, from: 2026-05-31`],
    ['what has not begun', `${full}, from: 2026-07-02`, `${full}, from: 2026-09-01`],
    ['on after its end', `${full}, from: 2026-01-20, to: 2026-05-09`, `${full}, from: 2026-01-20`],
    ['not as long', `${full}, from: 2026-01-20, to: 2026-05-09`, `${full}, from: 2026-01-20, to: 2026-05-02`],
  ])('%s', (_what, before, now) => {
    expect(after(before, now)).toEqual([])
  })
})

describe('what is owed without usage fits a line', () => {
  const subscribed = `${full}, from: 2026-07-01`
  test.each<readonly [what: string, subscription: string, prices: string, refused: RegExp | null]>([
    [
      'a minimum',
      subscribed,
      '  - { id: x, meter: data, model: per-unit, amount: "1", minimum: "100000000001" }',
      /lower its minimum/,
    ],
    ['the most', subscribed, '  - { id: x, meter: data, model: per-unit, amount: "1", minimum: "100000000000" }', null],
    [
      'a flat fee of a change',
      subscribed,
      '  - { id: x, meter: data, model: per-unit, amount: "1", changes: [{ from: 2026-07-01, model: stair-step, tiers: [{ flat: "100000000001" }] }] }',
      /asks before any usage/,
    ],
    [
      'a fee',
      subscribed,
      '  - { id: x, model: one-time, amount: "100000000001" }',
      /more than the 100000000000 currency/,
    ],
    [
      'a price that only usage makes large',
      subscribed,
      '  - { id: x, meter: data, model: per-unit, amount: "100000000001" }',
      null,
    ],
    ['a count', 'offering: full, quantities: { seats: 25000000001 }, from: 2026-07-01', '', /what its fee seat counts/],
    ['the largest count', 'offering: full, quantities: { seats: 25000000000 }, from: 2026-07-01', '', null],
  ])('%s', (_what, subscription, prices, refused) => {
    const mistakes = read(file(subscription, prices), null)
    if (refused === null) expect(mistakes).toMatchObject({ tenant: 'acme' })
    else expect(mistakes).toEqual([expect.stringMatching(refused)])
  })
})
