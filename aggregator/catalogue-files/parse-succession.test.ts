import { describe, expect, test } from 'vitest'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const before = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters:
  - { id: data, unit: byte }
  - { id: calls, unit: call }
matrices:
  - { id: lists, dimensions: [kind], per: 1, rows: [{ when: { kind: a }, amounts: { calls: "1" } }, { when: { kind: b }, amounts: { calls: "2", data: "9" } }] }
prices:
  - { id: own, meter: data, model: per-unit, amount: "1", changes: [{ from: 2026-05-01, model: per-unit, amount: "2" }, { from: 2026-09-01, model: per-unit, amount: "3" }] }
  - { id: listed, meter: calls, model: matrix, matrix: lists }
  - { id: draft, meter: data, model: per-unit, amount: "7" }
  - { id: seat, model: recurring, amount: "4" }
offerings:
  - id: all
    name: All
    prices: [own]
    versions:
      - { from: 2026-03-01, prices: [own, listed, seat] }
      - { from: 2026-08-01, prices: [draft] }
  - { id: unsold, name: Unsold, prices: [draft, listed] }
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
subscriptions:
  - { id: first, account: north, offering: all, from: 2026-01-01, subjects: [a], migrations: [{ at: 2026-04-01, version: 2026-03-01 }, { at: 2026-10-01, version: first }] }
  - { id: later, account: north, offering: unsold, from: 2026-07-01, subjects: [b] }
`.trimStart()
/** 2026-06-15, when the change of May is in force and that of September is not. */
const june = Date.UTC(2026, 5, 15)

function read(text: string, earlier: TenantFile | null): ReturnType<typeof parseTenantFile> {
  return parseTenantFile('acme.yaml', text, earlier, june)
}

/** The mistakes of a file that follows `before` with one text replaced, each with what stands at its place. */
function mistakesWith(text: string, replacement: string): string {
  const earlier = read(before, null)
  if (!earlier.ok) throw new Error(formatMistakes(earlier.mistakes))
  expect(before).toContain(text)
  const changed = before.replace(text, replacement)
  const parsed = read(changed, earlier.value)
  const lines = changed.split('\n')
  return (parsed.ok ? [] : parsed.mistakes)
    .map((mistake) => {
      const excerpt = lines[mistake.line - 1]?.slice(mistake.column - 1).slice(0, 9) ?? ''
      return formatMistake({ ...mistake, file: `«${excerpt.trimEnd()}»`, line: 0, column: 0 })
    })
    .join('\n')
}

const dated =
  'put back what was there and write the new terms under changes:, such as changes: [{ from: 2026-06-16, model:'

const besides =
  'put back what was there, and write a matrix beside it that a change names, such as changes: [{ from: 2026-06-16, model: matrix, matrix: … }]'

describe('what is in force cannot be changed in place', () => {
  test.each<readonly [what: string, text: string, replacement: string, mistakes: string]>([
    [
      'terms since ever',
      'model: per-unit, amount: "1", changes',
      'model: per-unit, amount: "1.5", changes',
      `«"1.5", ch»: prices[0].amount: changes terms of own that are in force (amount was 1); ${dated} per-unit, … }]`,
    ],
    [
      'another model',
      'model: per-unit, amount: "1", changes',
      'model: stair-step, tiers: [{ flat: "1" }], changes',
      `«stair-ste»: prices[0].model: changes terms of own that are in force (model was per-unit); ${dated} stair-step, … }]`,
    ],
    [
      'a minimum more',
      'model: per-unit, amount: "1", changes',
      'model: per-unit, amount: "1", minimum: "5", changes',
      `«"5", chan»: prices[0].minimum: changes terms of own that are in force (minimum was left out); ${dated} per-unit, … }]`,
    ],
    [
      'the currency',
      'id: own, meter: data,',
      'id: own, meter: data, currency: USD,',
      '«USD, mode»: prices[0].currency: was not there before and cannot change to USD: somebody has bought own; add a price in its place, and a version of the offering that lists it',
    ],
    [
      'a change that is in force',
      '{ from: 2026-05-01, model: per-unit, amount: "2" }',
      '{ from: 2026-05-01, model: per-unit, amount: "2.5" }',
      `«"2.5" },»: prices[0].changes[0].amount: changes terms of own that are in force since 2026-05-01T00:00:00.000Z (amount was 2); ${dated} per-unit, … }]`,
    ],
    [
      'taking back a change that is in force',
      '{ from: 2026-05-01, model: per-unit, amount: "2" }, ',
      '',
      '«changes:»: prices[0].changes: leave out the change from 2026-05-01T00:00:00.000Z of own, which is in force; put it back',
    ],
    [
      'a row of a matrix',
      'amounts: { calls: "1" }',
      'amounts: { calls: "1.1" }',
      `«{ id: lis»: prices[1]: changes terms of listed that are in force: its row for kind a says something else; ${besides}`,
    ],
    [
      'taking back a row of a matrix',
      '{ when: { kind: a }, amounts: { calls: "1" } }, ',
      '',
      `«{ id: lis»: prices[1]: changes terms of listed that are in force: its row for kind a is not there any more; ${besides}`,
    ],
    [
      'the dimensions of a matrix',
      'dimensions: [kind]',
      'dimensions: [kind, region]',
      `«{ id: lis»: prices[1]: changes terms of listed that are in force: its dimensions were kind; ${besides}`,
    ],
    [
      'the currency of the tenant',
      'currency: EUR',
      'currency: USD',
      '«USD»: currency: was EUR before and cannot change to USD: somebody has bought own, which is in it; put EUR back, and write currency: USD at new prices',
    ],
    [
      'a fee',
      'model: recurring, amount: "4"',
      'model: recurring, amount: "5"',
      `«"5" }»: prices[3].amount: changes terms of seat that are in force (amount was 4); ${dated} recurring, … }]`,
    ],
    [
      'a price of a version that was bought',
      'prices: [own, listed, seat]',
      'prices: [listed, seat]',
      '«[listed,»: offerings[0].versions[0].prices: leave out own, which is in force for those who bought this version; write a version of its own, such as versions: [{ from: 2026-06-16, prices: [listed, seat] }], and migrate who is to have it',
    ],
    [
      'a fee for those who bought a version',
      'prices: [own]',
      'prices: [own, seat]',
      '«seat]»: offerings[0].prices[1]: is seat, a fee that those who bought this version did not agree to; write a version of its own, such as versions: [{ from: 2026-06-16, prices: [own, seat] }], and migrate who is to have it',
    ],
    [
      'a version that begins before somebody subscribed',
      '- { from: 2026-03-01, prices',
      '- { from: 2025-12-01, prices: [own, listed] }\n      - { from: 2026-03-01, prices',
      '«2026-01-0»: subscriptions[0].from: is 2026-01-01T00:00:00.000Z, when version 2025-12-01T00:00:00.000Z of all is sold, but it began with version first; let the new version be sold from a later date, and write migrations: [{ at: …, version: 2025-12-01 }] for who is to have it',
    ],
    [
      'a migration that has happened',
      '{ at: 2026-04-01, version: 2026-03-01 }, ',
      '',
      '«migration»: subscriptions[0].migrations: leave out the migration of first at 2026-04-01T00:00:00.000Z to version 2026-03-01T00:00:00.000Z, which has happened; put it back',
    ],
    [
      'the offering of who has begun',
      'account: north, offering: all',
      'account: north, offering: unsold',
      '«unsold, f»: subscriptions[0].offering: was all when it began (2026-01-01T00:00:00.000Z) and cannot change to unsold; end it with to: and add a new subscription\n' +
        '«2026-03-0»: subscriptions[0].migrations[0].version: is 2026-03-01T00:00:00.000Z, but unsold has no version that is sold from then; write first',
    ],
  ])('%s', (_what, text, replacement, mistakes) => {
    expect(mistakesWith(text, replacement)).toBe(mistakes)
  })
})

describe('what is allowed', () => {
  test.each<readonly [what: string, text: string, replacement: string]>([
    [
      'a dated change of the future',
      '{ from: 2026-09-01,',
      '{ from: 2026-08-01, model: per-unit, amount: "8" }, { from: 2026-09-01,',
    ],
    [
      'a dated change of the past',
      '{ from: 2026-05-01,',
      '{ from: 2026-02-01, model: per-unit, amount: "8" }, { from: 2026-05-01,',
    ],
    ['other terms of what is not in force yet', 'amount: "3"', 'amount: "4"'],
    ['taking back what is not in force yet', ', { from: 2026-09-01, model: per-unit, amount: "3" }', ''],
    ['terms that nobody has bought yet', 'amount: "7"', 'amount: "8"'],
    ['a column of a matrix that nobody has bought', 'data: "9"', 'data: "10"'],
    ['a row for usage that had none', 'rows: [', 'rows: [{ when: { kind: c }, amounts: { calls: "7" } }, '],
    ['a row for all other usage', 'rows: [', 'rows: [{ amounts: { calls: "7" } }, '],
    ['the prices of a version that nobody has yet', 'prices: [draft] }', 'prices: [own] }'],
    ['a price for a meter that had none', 'prices: [own]\n', 'prices: [own, listed]\n'],
    [
      'a version that begins later',
      '- { from: 2026-08-01,',
      '- { from: 2026-07-01, prices: [draft] }\n      - { from: 2026-08-01,',
    ],
    ['a migration of the past', '{ at: 2026-10-01', '{ at: 2026-05-20, version: first }, { at: 2026-10-01'],
    ['taking back a migration to come', ', { at: 2026-10-01, version: first }', ''],
    ['the offering of who has not begun', 'offering: unsold, from', 'offering: all, from'],
    ['the order of prices on invoices', '[own, listed, seat]', '[listed, seat, own]'],
    ['a tax code', 'id: own, meter: data,', 'id: own, meter: data, tax: vat,'],
  ])('%s', (_what, text, replacement) => {
    const taxed = replacement.includes('tax:') ? 'taxCodes: [{ id: vat, name: VAT }]\n' : ''
    const earlier = read(before, null)
    if (!earlier.ok) throw new Error(formatMistakes(earlier.mistakes))
    expect(before).toContain(text)
    const parsed = read(taxed + before.replace(text, replacement), earlier.value)
    expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toBe('')
  })
})
