import { expect, test } from 'vitest'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { sampleLine, sampleSale, sampleSoFar } from '../../testing/sample-due-lines.ts'
import { sampleCatalogue, sampleJson } from '../../testing/sample-tenant.ts'
import { noHistory } from '../due-lines.ts'
import type { BillHistory, DueLine } from '../due-line.ts'
import { commitmentLines } from './commitment-lines.ts'
import { minimumLines } from './minimum-lines.ts'

type Json = Record<string, unknown>

function tenant(contract: Json): Catalogue {
  const contracts = [{ id: 'deal', account: 'brightdesk', from: '2026-01-01', ...contract }]
  return sampleCatalogue({ ...sampleJson(), taxCodes: [{ id: 'standard', name: 'Standard' }], contracts })
}

interface Spent {
  readonly micros: bigint
  readonly offering?: string
  readonly kind?: 'usage' | 'fee' | 'allowance'
  readonly meter?: string
  readonly taxCode?: string
  readonly periodKey?: string
}

const euros = (amount: number): bigint => BigInt(Math.round(amount * 1_000_000))

function lineOf(period: Parameters<typeof sampleLine>[0], { micros, ...own }: Spent, index: number): DueLine {
  return { ...sampleLine(period, micros), key: `${period.key}/line/${index}`, ...own }
}

/** What commitments and then minimums add: what of which rule in which period, in micros. */
function added(
  catalogue: Catalogue,
  spent: readonly Spent[],
  period = '2026-11',
  history: BillHistory = noHistory,
): readonly (readonly [key: string, micros: bigint])[] {
  const soFar = sampleSoFar(
    catalogue,
    sampleSale('brightdesk'),
    period,
    (of) => spent.map((own, i) => lineOf(of, own, i)),
    history,
  )
  const commitments = commitmentLines(soFar)
  const minimums = minimumLines({ ...soFar, lines: [...soFar.lines, ...commitments] })
  return [...commitments, ...minimums].map(({ key, amountMicros }) => [key, amountMicros])
}

/** Earlier periods by key, each with what was spent. */
function history(spent: Readonly<Record<string, number>>): BillHistory {
  return {
    quantityOf: () => 0n,
    linesOf: (key) => [{ ...sampleLine({ key, startMs: 0, endMs: 0 }, euros(spent[key] ?? 0)), periodKey: key }],
  }
}

test('what is missing to a minimum is due, and nothing when it was reached', () => {
  const catalogue = tenant({ minimums: [{ id: 'least', amount: '10', tax: 'standard' }] })
  expect(added(catalogue, [{ micros: euros(7) }])).toEqual([['2026-11/deal/minimum/least/brightdesk', euros(3)]])
  expect(added(catalogue, [])).toEqual([['2026-11/deal/minimum/least/brightdesk', euros(10)]])
  expect(added(catalogue, [{ micros: euros(10) }])).toEqual([])
  expect(added(catalogue, [{ micros: euros(11) }])).toEqual([])
})

test('the line of a minimum stands in the section of the account that pays', () => {
  const catalogue = tenant({ minimums: [{ id: 'least', amount: '1000', prorate: 'day', tax: 'standard' }] })
  const [line] = minimumLines(sampleSoFar(catalogue, sampleSale('brightdesk'), '2026-11', () => []))
  expect(line).toMatchObject({
    kind: 'minimum',
    account: 'brightdesk',
    description: 'Minimum least: not used',
    price: 'least',
    terms: '1,000.00 EUR per period, by day',
    meter: 'minimum',
    taxCode: 'standard',
    amountMicros: 1_000_000_000n,
  })
})

test('what is due for other periods does not count', () => {
  const catalogue = tenant({ minimums: [{ id: 'least', amount: '10' }] })
  expect(added(catalogue, [{ micros: euros(7), periodKey: '2026-12' }])[0]?.[1]).toBe(euros(10))
})

test.each([
  { name: 'offering', filter: { offerings: ['ai-tokens'] }, missing: 10 - 5 - 2 + 1 },
  { name: 'meter', filter: { meters: ['ai.input_tokens'] }, missing: 10 - 5 + 1 },
  { name: 'kind', filter: { kinds: ['fee'] }, missing: 10 - 2 - 4 },
  { name: 'several', filter: { offerings: ['ai-tokens'], kinds: ['fee'] }, missing: 10 - 2 },
])('a filter by $name counts what it asks for, less what is included of it', ({ filter, missing }) => {
  const catalogue = tenant({ minimums: [{ id: 'least', amount: '10', ...filter }] })
  const spent: readonly Spent[] = [
    { micros: euros(5), kind: 'usage', offering: 'ai-tokens', meter: 'ai.input_tokens' },
    { micros: euros(-1), kind: 'allowance', offering: 'ai-tokens', meter: 'ai.input_tokens' },
    { micros: euros(2), kind: 'fee', offering: 'ai-tokens' },
    { micros: euros(4), kind: 'fee', offering: 'tracker' },
  ]
  expect(added(catalogue, spent)[0]?.[1]).toBe(euros(missing))
})

test('a minimum of everything counts what narrower ones added, however they are written', () => {
  const minimums = [
    { id: 'ai', amount: '6', offerings: ['ai-tokens'] },
    { id: 'all', amount: '10' },
  ]
  for (const inAnyOrder of [minimums, minimums.toReversed()]) {
    const spent = [{ micros: euros(1), offering: 'ai-tokens' }, { micros: euros(2) }]
    expect(added(tenant({ minimums: inAnyOrder }), spent)).toEqual([
      ['2026-11/deal/minimum/ai/brightdesk', euros(5)],
      ['2026-11/deal/minimum/all/brightdesk', euros(2)],
    ])
  }
})

test.each([
  { name: 'whole without proration', prorate: 'none', due: 31_000_000n },
  { name: 'by day', prorate: 'day', due: 15_000_000n },
  { name: 'by second', prorate: 'second', due: 14_500_000n },
])('a minimum of a contract that begins in the period is $name', ({ prorate, due }) => {
  const catalogue = tenant({ from: '2026-10-17T12:00:00Z', minimums: [{ id: 'least', amount: '31', prorate }] })
  expect(added(catalogue, [], '2026-10')[0]?.[1]).toBe(due)
})

test('outside of the contract nothing is due', () => {
  const catalogue = tenant({ to: '2026-11-01', minimums: [{ id: 'least', amount: '10' }] })
  expect(added(catalogue, [])).toEqual([])
  expect(added(catalogue, [], '2026-10')).toHaveLength(1)
  expect(added(catalogue, [], '2025-12')).toEqual([])
})

test('a minimum in advance is billed before, and what is used is drawn from it', () => {
  const catalogue = tenant({ minimums: [{ id: 'least', amount: '100', inAdvance: true }] })
  const [own, next] = ['2026-11/deal/minimum/least/brightdesk', '2026-12/deal/minimum/least/brightdesk']
  const drawn = '2026-11/deal/minimum/least~drawn/brightdesk'
  const expected = (micros: number): unknown => [
    [own, euros(100)],
    [drawn, euros(-micros)],
    [next, euros(100)],
  ]
  expect(added(catalogue, [{ micros: euros(150) }])).toEqual(expected(100))
  expect(added(catalogue, [{ micros: euros(80) }])).toEqual(expected(80))
  // Before the contract there is only what comes next, and in its last period nothing comes any more.
  expect(added(catalogue, [], '2025-12').map(([key]) => key)).toEqual(['2026-01/deal/minimum/least/brightdesk'])
  const ended = tenant({ to: '2026-12-01', minimums: [{ id: 'least', amount: '100', inAdvance: true }] })
  expect(added(ended, [{ micros: euros(1) }]).map(([key]) => key)).toEqual([own, drawn])
})

test('what goes beyond a commitment costs its factor, by the tax codes of what was spent', () => {
  const catalogue = tenant({ commitments: [{ id: 'volume', amount: '1000', overageFactor: '1.5' }] })
  const spent = [{ micros: euros(900), taxCode: 'standard' }, { micros: euros(300) }]
  expect(added(catalogue, spent)).toEqual([
    ['2026-11/deal/commitment/volume~overage/brightdesk', euros(25)],
    ['2026-11/deal/commitment/volume~overage/brightdesk/standard', euros(75)],
  ])
  expect(added(catalogue, [{ micros: euros(1000) }])).toEqual([])
  expect(added(catalogue, [{ micros: euros(400) }])).toEqual([
    ['2026-11/deal/commitment/volume/brightdesk', euros(600)],
  ])
  const cheaper = tenant({ commitments: [{ id: 'volume', amount: '1000', overageFactor: '0.5' }] })
  expect(added(cheaper, [{ micros: euros(1200) }])).toEqual([
    ['2026-11/deal/commitment/volume~overage/brightdesk', euros(-100)],
  ])
})

test('a commitment for a term is measured against all of it, and what is missing is due at its end', () => {
  const catalogue = tenant({
    termPeriods: 3,
    commitments: [{ id: 'term', amount: '1000', per: 'term', overageFactor: '2' }],
  })
  const own = (period: string, part = ''): string => `${period}/deal/commitment/term${part}/brightdesk`
  // Terms from January on: the fourth is October to December.
  const used = history({ '2026-09': 5000, '2026-10': 400, '2026-11': 300 })
  expect(added(catalogue, [{ micros: euros(300) }], '2026-11', used)).toEqual([])
  expect(added(catalogue, [{ micros: euros(100) }], '2026-12', used)).toEqual([[own('2026-12'), euros(200)]])
  expect(added(catalogue, [{ micros: euros(700) }], '2026-11', used)).toEqual([
    [own('2026-11', '~overage'), euros(100)],
  ])
  const over = history({ '2026-10': 800, '2026-11': 300 })
  expect(added(catalogue, [{ micros: euros(70) }], '2026-12', over)).toEqual([[own('2026-12', '~overage'), euros(70)]])
})

test('a prepaid term is billed at its beginning and drawn down until nothing is left', () => {
  const catalogue = tenant({
    termPeriods: 3,
    commitments: [{ id: 'term', amount: '1000', per: 'term', inAdvance: true }],
  })
  const own = (period: string, part = ''): string => `${period}/deal/commitment/term${part}/brightdesk`
  expect(added(catalogue, [{ micros: euros(600) }], '2026-10')).toEqual([
    [own('2026-10'), euros(1000)],
    [own('2026-10', '~drawn'), euros(-600)],
  ])
  const used = history({ '2026-10': 600, '2026-11': 700 })
  expect(added(catalogue, [{ micros: euros(700) }], '2026-11', used)).toEqual([[own('2026-11', '~drawn'), euros(-400)]])
  expect(added(catalogue, [{ micros: euros(700) }], '2026-12', used)).toEqual([[own('2027-01'), euros(1000)]])
})

test('a contract without terms of its own is one term, due when it ends', () => {
  const catalogue = tenant({
    from: '2026-09-10',
    to: '2026-11-20',
    minimums: [{ id: 'all', amount: '1000', per: 'term' }],
  })
  const used = history({ '2026-09': 250, '2026-10': 250 })
  expect(added(catalogue, [{ micros: euros(100) }], '2026-10', used)).toEqual([])
  expect(added(catalogue, [{ micros: euros(100) }], '2026-11', used)).toEqual([
    ['2026-11/deal/minimum/all/brightdesk', euros(400)],
  ])
})

test('a term that a contract cuts short is prorated where that is agreed', () => {
  const minimums = [{ id: 'all', amount: '920', per: 'term', prorate: 'day' }]
  // October to December have 92 days, of which 40 are in force.
  const catalogue = tenant({ termPeriods: 3, to: '2026-11-10', minimums })
  expect(added(catalogue, [], '2026-11', history({}))).toEqual([['2026-11/deal/minimum/all/brightdesk', euros(400)]])
})

test('a term counts what minimums of its periods added', () => {
  const minimums = [
    { id: 'month', amount: '100' },
    { id: 'term', amount: '400', per: 'term' },
  ]
  const catalogue = tenant({ termPeriods: 3, minimums })
  // October 100, November 150, December 100 with the missing 90: 50 are missing to the term.
  const used = history({ '2026-10': 30, '2026-11': 150 })
  expect(added(catalogue, [{ micros: euros(10) }], '2026-12', used)).toEqual([
    ['2026-12/deal/minimum/month/brightdesk', euros(90)],
    ['2026-12/deal/minimum/term/brightdesk', euros(50)],
  ])
})

test('contracts of others, in other currencies or with a partner are none of this bill', () => {
  const minimums = [{ id: 'least', amount: '10' }]
  expect(added(tenant({ account: 'hansa', minimums }), [])).toEqual([])
  expect(added(tenant({ currency: 'USD', minimums }), [])).toEqual([])
  expect(added(tenant({ account: 'acme', seller: 'roamnet', minimums }), [])).toEqual([])
})

test('with a partner a contract is about what he sells to the operator', () => {
  const catalogue = tenant({ account: 'acme', seller: 'roamnet', minimums: [{ id: 'least', amount: '10' }] })
  const relation = { seller: 'roamnet', buyer: 'acme', kind: 'cost', currency: 'EUR', buyerKeepsBooks: true } as const
  const lines = minimumLines(sampleSoFar(catalogue, relation, '2026-11', () => []))
  expect(lines.map(({ key, amountMicros }) => [key, amountMicros])).toEqual([
    ['2026-11/deal/minimum/least/acme', euros(10)],
  ])
})
