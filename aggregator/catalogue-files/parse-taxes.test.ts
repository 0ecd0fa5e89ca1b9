import { describe, expect, test } from 'vitest'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const before = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters: [{ id: data, unit: byte }]
taxCodes:
  - id: standard
    name: VAT
    rates:
      - { region: DE, percent: "19", from: 2020-01-01 }
      - { region: DE, percent: "20.5", from: 2027-01-01 }
      - { region: CH, percent: "8.1", from: 2024-01-01 }
  - { id: spare, name: Spare, rates: [{ region: DE, percent: "7", from: 2020-01-01 }] }
  - { id: future, name: Future, rates: [{ region: DE, percent: "5", from: 2027-01-01 }] }
prices:
  - { id: own, meter: data, model: per-unit, amount: "1", tax: standard }
offerings: [{ id: all, name: All, prices: [own] }]
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
  - { id: south, kind: customer, parent: acme, name: South, payer: self }
billingProfiles:
  - { id: acme, legalName: ACME Telecom plc, address: [1 High Street, London], taxIds: [{ scheme: VAT, value: GB1 }], taxRounding: line }
  - { id: north, region: DE }
  - { id: south, region: FR, taxExemption: Reverse charge }
`.trimStart()
/** 2026-06-15, when the rate of 2027 is not in force. */
const june = Date.UTC(2026, 5, 15)

function read(text: string, earlier: TenantFile | null): ReturnType<typeof parseTenantFile> {
  return parseTenantFile('acme.yaml', text, earlier, june)
}

/** The mistakes of the file with one text replaced, by itself or as one that follows it, each with what stands there. */
function mistakesWith(text: string, replacement: string, follows: 'alone' | 'after'): string {
  const earlier = read(before, null)
  if (!earlier.ok) throw new Error(formatMistakes(earlier.mistakes))
  expect(before).toContain(text)
  const changed = before.replace(text, replacement)
  const parsed = read(changed, follows === 'after' ? earlier.value : null)
  const lines = changed.split('\n')
  return (parsed.ok ? [] : parsed.mistakes)
    .map((mistake) => {
      const excerpt = lines[mistake.line - 1]?.slice(mistake.column - 1).slice(0, 9) ?? ''
      return formatMistake({ ...mistake, file: `«${excerpt.trimEnd()}»`, line: 0, column: 0 })
    })
    .join('\n')
}

test('a file with tax codes, rates and profiles is read', () => {
  const parsed = read(before, null)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  expect(parsed.value.taxCodes[0]?.rates[1]).toEqual({ region: 'DE', percent: '20.5', fromMs: Date.UTC(2027, 0, 1) })
  expect(parsed.value.billingProfiles[0]).toMatchObject({ legalName: 'ACME Telecom plc', taxRounding: 'line' })
})

test.each<readonly [what: string, text: string, replacement: string, message: RegExp]>([
  ['a rate above everything', 'percent: "8.1"', 'percent: "810"', /«"810", fr».*percent: is 810, above 100/],
  ['a rate as a fraction', 'percent: "8.1"', 'percent: 8.1', /«8.1, from».*fraction/],
  ['a rate below zero', 'percent: "8.1"', 'percent: "-1"', /«"-1", fro».*negative/],
  [
    'two rates at once',
    'from: 2027-01-01 }\n      - { region: CH',
    'from: 2020-01-01 }\n      - { region: CH',
    /«2020-01-0».*from: is 2020-01-01T00:00:00.000Z, when another rate of DE begins; give each rate/,
  ],
  [
    'a region nobody has a rate for',
    'region: DE }\n  - { id: south',
    'region: De }\n  - { id: south',
    /«De }».*region: is De, a region that no tax code has a rate for; did you mean DE\?/,
  ],
  [
    'an exemption from nothing',
    'region: FR, ',
    '',
    /«Reverse c».*taxExemption: says why no tax is due, but the profile has no region where/,
  ],
  [
    'an unknown code',
    'tax: standard',
    'tax: standart',
    /«standart».*tax: is standart, but there is no such tax code; did you mean standard\?/,
  ],
])('refused: %s', (_what, text, replacement, message) => {
  const mistakes = mistakesWith(text, replacement, 'alone')
  expect(mistakes).toMatch(message)
  expect(mistakes.split('\n')).toHaveLength(1)
})

test.each<readonly [what: string, text: string, replacement: string, message: RegExp]>([
  [
    'another percent',
    'percent: "19"',
    'percent: "18"',
    /«"18", fro».*percent: was 19 before and cannot change to 18: documents have it; put it back/,
  ],
  [
    'a rate left out',
    '      - { region: CH, percent: "8.1", from: 2024-01-01 }\n',
    '',
    /«rates:».*rates: leave out the rate of standard in CH from 2024-01-01T00:00:00.000Z \(8.1\), which is in force/,
  ],
  [
    'a rate between others',
    'percent: "20.5", from: 2027-01-01',
    'percent: "20.5", from: 2026-06-01',
    /«2026-06-0».*from: is 2026-06-01T00:00:00.000Z, but DE had another rate then/,
  ],
  [
    'a code left out',
    '  - { id: spare, name: Spare, rates: [{ region: DE, percent: "7", from: 2020-01-01 }] }\n',
    '',
    /«taxCodes:».*taxCodes: leave out spare, which has rates in force/,
  ],
])('what was taxed stays as it was: %s', (_what, text, replacement, message) => {
  expect(mistakesWith(text, replacement, 'alone')).toBe('')
  const mistakes = mistakesWith(text, replacement, 'after')
  expect(mistakes).toMatch(message)
  expect(mistakes.split('\n')).toHaveLength(1)
})

describe('the code of a price', () => {
  const noCode = ', tax: standard }'
  const shared = ', parentPays: { share: "0.5" } }\nbillingProfiles:'

  test('may change while nothing is told apart by it', () => {
    expect(mistakesWith(noCode, ', tax: spare }', 'after')).toBe('')
  })

  test.each<readonly [what: string, edit: (file: string) => string]>([
    [
      'a bill is shared',
      (file) =>
        file.replace(
          'South, payer: self }\nbillingProfiles:',
          `South, payer: self }\n  - { id: van, kind: fleet, parent: north, name: Van, payer: self${shared}`,
        ),
    ],
    ['a contract has begun', (file) => `${file}contracts: [{ id: frame, account: north, from: 2026-01-01 }]\n`],
  ])('stays once %s', (_what, edit) => {
    const earlier = read(edit(before), null)
    if (!earlier.ok) throw new Error(formatMistakes(earlier.mistakes))
    for (const [replacement, now] of [
      [', tax: spare }', 'spare'],
      [' }', 'none'],
    ] as const) {
      const parsed = read(edit(before).replace(noCode, replacement), earlier.value)
      expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toContain(
        `was standard before and cannot change to ${now}: what was shared or agreed on was billed under it; add a price`,
      )
    }
  })
})

test.each<readonly [what: string, text: string, replacement: string]>([
  ['a rate of the future changes', 'percent: "20.5"', 'percent: "21"'],
  ['a rate of the future goes', '      - { region: DE, percent: "20.5", from: 2027-01-01 }\n', ''],
  [
    'a code without a rate in force goes',
    '  - { id: future, name: Future, rates: [{ region: DE, percent: "5", from: 2027-01-01 }] }\n',
    '',
  ],
  [
    'a region comes, from whenever',
    'region: DE, percent: "7"',
    'region: DE, percent: "7", from: 2020-01-01 }, { region: AT, percent: "20"',
  ],
  ['a buyer moves', 'north, region: DE', 'north, region: CH'],
])('allowed: %s', (_what, text, replacement) => {
  expect(mistakesWith(text, replacement, 'after')).toBe('')
})
