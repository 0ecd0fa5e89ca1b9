import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { tenantFileJson } from '../domain/catalogue/tenant-file-json.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

/** 2026-06-15: May is over, June runs. */
const june = Date.UTC(2026, 5, 15)

function file({ only = '', from = '2026-01-01', rates = '', sold = '' }): string {
  return `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters:
  - { id: data, unit: byte }
prices:
  - { id: own, meter: data, model: per-unit, amount: "1" }
offerings:
  - { id: plain, name: Plain, prices: [own] }
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
partners:
  - { id: roamnet, name: RoamNet }
subscriptions:
  - { id: first, account: north, offering: plain, from: 2026-01-01, subjects: [a]${sold} }
  - { id: roaming, account: acme, seller: roamnet, offering: plain, from: ${from}${only} }
exchangeRates: [${rates}]
`.trimStart()
}

/** What is wrong with a file, as one text; empty: nothing. */
function mistakes(text: string, before: TenantFile | null = null): string {
  const parsed = parseTenantFile('acme.yaml', text, before, june)
  return parsed.ok ? '' : parsed.mistakes.map(({ path, message }) => `${path} ${message}`).join('\n')
}

function accepted(text: string): TenantFile {
  const parsed = parseTenantFile('acme.yaml', text, null, june)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  return parsed.value
}

describe('the labels that a cost is for', () => {
  test('are read, sorted, and written back in short', () => {
    const parsed = accepted(file({ only: ', only: { network: [b, a, a], zone: home }' }))
    expect(parsed.subscriptions[1]?.only).toEqual([
      { label: 'network', values: ['a', 'b'] },
      { label: 'zone', values: ['home'] },
    ])
    expect(canonicalJson(tenantFileJson(parsed))).toContain('"only":{"network":["a","b"],"zone":"home"}')
    expect(canonicalJson(tenantFileJson(accepted(file({}))))).not.toContain('only')
  })

  test.each([
    ['on what is sold', { sold: ', only: { network: a }' }, 'subscriptions[0].only is for what a partner sells'],
    ['without a label', { only: ', only: {}' }, 'subscriptions[1].only names no label'],
    ['without a value', { only: ', only: { network: [] }' }, 'names no value'],
  ])('%s are a mistake', (_what, parts, message) => {
    expect(mistakes(file(parts))).toContain(message)
  })

  test('stay once the subscription has begun, and can be changed before', () => {
    const before = accepted(file({ only: ', only: { network: a }' }))
    expect(mistakes(file({ only: ', only: { network: b }' }), before)).toContain(
      'was {"network":"a"} when it began (2026-01-01T00:00:00.000Z) and cannot change to {"network":"b"}',
    )
    expect(mistakes(file({}), before)).toContain('cannot change to for all usage')
    const future = accepted(file({ from: '2026-07-01', only: ', only: { network: a }' }))
    expect(mistakes(file({ from: '2026-07-01' }), future)).toBe('')
  })
})

describe('exchange rates', () => {
  const usd = '{ id: usd, from: USD, to: EUR, rate: "0.9", at: 2026-01-01 }'

  test.each([
    ['of no currency', '{ id: a, from: XXQ, to: EUR, rate: "1", at: 2026-01-01 }', 'is XXQ, no ISO 4217 currency code'],
    ['of one currency', '{ id: a, from: EUR, to: EUR, rate: "1", at: 2026-01-01 }', 'is the same currency as from'],
    ['of zero', '{ id: a, from: USD, to: EUR, rate: "0", at: 2026-01-01 }', 'is zero'],
    ['stated twice', `${usd}, { id: b, from: USD, to: EUR, rate: "0.8", at: 2026-01-01 }`, 'is stated by usd'],
    ['with one id', `${usd}, { id: usd, from: USD, to: EUR, rate: "0.8", at: 2026-02-01 }`, 'usd'],
  ])('%s are a mistake', (_what, rates, message) => {
    expect(mistakes(file({ rates }))).toContain(message)
  })

  const later = '{ id: later, from: USD, to: EUR, rate: "0.8", at: 2026-08-01 }'
  test.each([
    ['one in force left out', '', 'leave out usd, which is in force since 2026-01-01'],
    ['one in force changed', usd.replace('0.9', '0.91'), 'was 0.9 and is in force since 2026-01-01'],
    [
      'one added for the past',
      `${usd}, ${later.replace('08-01', '05-01')}`,
      'is 2026-05-01T00:00:00.000Z, which is over',
    ],
  ])('%s is refused', (_what, rates, message) => {
    expect(mistakes(file({ rates }), accepted(file({ rates: usd })))).toContain(message)
  })

  test.each([
    ['added for later', usd, `${usd}, ${later}`],
    ['changed before it is in force', `${usd}, ${later}`, `${usd}, ${later.replace('0.8', '0.7')}`],
    ['left out before it is in force', `${usd}, ${later}`, usd],
    ['given another id', usd, usd.replace('id: usd', 'id: dollar')],
  ])('one is %s', (_what, before, now) => {
    expect(mistakes(file({ rates: now }), accepted(file({ rates: before })))).toBe('')
  })
})
