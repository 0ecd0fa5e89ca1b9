import { describe, expect, test } from 'vitest'
import { novemberBills, novemberPeriod, rateInOrder, sampleUnit } from '../testing/sample-bills.ts'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import type { Bill } from './bill.ts'
import { periodBills } from './period-bill.ts'

const catalogue = sampleCatalogue()
const usage = [
  sampleUnit('trk-1', { 'data.bytes': 123_456_789n, messages: 1_234n }),
  sampleUnit('trk-3', { messages: 7n }),
  sampleUnit('van-1', { 'data.bytes': 99_999n }),
  sampleUnit('llm-1', { 'ai.input_tokens': 22_361_870n }),
]

function billOf(bills: readonly Bill[], seller: string, buyer: string, currency = 'EUR'): Bill {
  const found = bills.find(
    ({ relation }) => relation.seller === seller && relation.buyer === buyer && relation.currency === currency,
  )
  if (found === undefined) throw new Error(`no bill of ${seller} to ${buyer}`)
  return found
}

function balanceOf(entries: readonly LedgerEntry[], entity: string, account: string): bigint {
  return entries
    .filter((entry) => entry.entity === entity && entry.account === account)
    .reduce((sum, { debitMicros, creditMicros }) => sum + debitMicros - creditMicros, 0n)
}

function linesOf(bill: Bill): readonly string[] {
  return bill.sections.flatMap(({ account, lines }) =>
    lines.map(({ subscription, meter, quantity, events, amount }) =>
      [account.id, subscription, meter, quantity, events, amount].join(' '),
    ),
  )
}

describe('the bills of a period', () => {
  const bills = novemberBills(catalogue, usage)

  test('there is one per seller, buyer and currency', () => {
    expect(
      bills.map(({ relation }) => `${relation.kind} ${relation.seller}>${relation.buyer} ${relation.currency}`),
    ).toEqual([
      'sale acme>brightdesk EUR',
      'sale acme>nordlink EUR',
      'sale baltic>hansa EUR',
      'sale baltic>south EUR',
      'sale nordlink>baltic EUR',
      'sale nordlink>baltic USD',
      'cost roamnet>acme EUR',
      'cost transita>acme EUR',
    ])
  })

  test('an account its parent pays for is a section of the bill, whatever the depth', () => {
    const bill = billOf(bills, 'baltic', 'hansa')
    expect(bill.buyer.name).toBe('Hansa Logistics')
    expect(bill.sections.map(({ account, depth, total }) => [account.name, depth, total.amount])).toEqual([
      ['Fleet North', 4, '753.18'],
      ['Harbour Vans', 5, '1.02'],
    ])
    // (2,000,000 − 5,000) × 0.0000107 + (123,456,789 − 2,000,000) × 0.000006 = 750.087234
    expect(linesOf(bill)).toEqual([
      'north north-trackers messages 1234 1 3.09',
      'north north-trackers data.bytes 123456789 1 750.09',
      'harbour harbour-trackers data.bytes 99999 1 1.02',
    ])
    expect(bill.total).toEqual({
      amount: '754.20',
      amountMicros: 754_188_723n,
      invoicedMicros: 754_200_000n,
      residueMicros: -11_277n,
    })
  })

  test('what is due before any usage is on the line, also without usage', () => {
    const bill = billOf(bills, 'acme', 'brightdesk')
    expect(linesOf(bill)).toEqual([
      'brightdesk bright-ai ai.input_tokens 22361870 1 67.09',
      'brightdesk bright-ai ai.output_tokens 0 0 2.00',
    ])
    expect(bill.sections[0]?.lines[1]).toMatchObject({
      openingMicros: 2_000_000n,
      amountMicros: 2_000_000n,
      chargeBlocks: 0,
    })
    expect(balanceOf(bill.openingEntries, 'acme', 'revenue')).toBe(-2_000_000n)
  })

  test('every total is the sum of its lines and of the entries that issue it (I10)', () => {
    for (const bill of bills.filter(({ relation }) => relation.kind === 'sale')) {
      const { seller, buyer, buyerKeepsBooks } = bill.relation
      const lines = bill.sections.flatMap((section) => section.lines)
      expect(lines.reduce((sum, line) => sum + line.invoicedMicros, 0n)).toBe(bill.total.invoicedMicros)
      expect(lines.every((line) => line.amountMicros - line.residueMicros === line.invoicedMicros)).toBe(true)
      expect(balanceOf(bill.issueEntries, seller, `receivable:${buyer}`)).toBe(bill.total.invoicedMicros)
      expect(balanceOf(bill.issueEntries, seller, 'rounding_residue')).toBe(bill.total.residueMicros)
      expect(balanceOf(bill.issueEntries, buyer, `payable:${seller}`)).toBe(
        buyerKeepsBooks ? -bill.total.invoicedMicros : 0n,
      )
    }
  })

  test('after all bills nothing is unbilled, and what resellers owe is what they are owed', () => {
    const { rated } = rateInOrder([{ catalogue, units: usage }])
    const entries = [
      ...rated.flatMap(({ partitions }) => partitions.flatMap((partition) => partition.entries)),
      ...bills.flatMap(({ openingEntries, issueEntries }) => [...openingEntries, ...issueEntries]),
    ]
    for (const { relation } of bills.filter((bill) => bill.relation.kind === 'sale')) {
      const inCurrency = entries.filter(({ asset }) => asset === relation.currency)
      expect(balanceOf(inCurrency, relation.seller, `unbilled:${relation.buyer}`)).toBe(0n)
      expect(balanceOf(inCurrency, relation.buyer, `accrued_payable:${relation.seller}`)).toBe(0n)
      const owed = balanceOf(inCurrency, relation.seller, `receivable:${relation.buyer}`)
      const owing = balanceOf(inCurrency, relation.buyer, `payable:${relation.seller}`)
      expect(owing).toBe(relation.buyerKeepsBooks ? -owed : 0n)
    }
    expect(balanceOf(entries, 'acme', 'accrued_payable:roamnet')).toBe(-185_335_182n)
  })

  test('a line commits to the charges of its segment', () => {
    const line = billOf(bills, 'baltic', 'hansa').sections[0]?.lines[1]
    const { segments } = rateInOrder([{ catalogue, units: usage }])
    const state = segments.get(line?.segment ?? '')
    expect(line?.chargesRoot).toEqual(state?.chargesRoot)
    expect(line?.chargeBlocks).toBe(1)
  })
})

test('the models of a price are billed in their order, also those behind the ninth', () => {
  const json = sampleJson()
  const models = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, '0')}`)
  const matrix = {
    id: 'ai-input',
    meter: 'ai.input_tokens',
    model: 'matrix',
    dimensions: ['ai.model'],
    rows: models.map((model) => ({ when: { 'ai.model': model }, model: 'per-unit', amount: '1' })),
  }
  const prices = (json['prices'] as readonly Record<string, unknown>[]).map((each) =>
    each['id'] === matrix.id ? matrix : each,
  )
  const calls = models.toReversed().map((model) => {
    const labels: readonly (readonly [string, string])[] = [['ai.model', model]]
    return { ...sampleUnit('llm-1', { 'ai.input_tokens': 1n }), labels }
  })
  const bill = billOf(novemberBills(sampleCatalogue({ ...json, prices }), calls), 'acme', 'brightdesk')
  const lines = bill.sections[0]?.lines.filter(({ meter }) => meter === 'ai.input_tokens') ?? []
  expect(lines.map(({ description }) => description)).toEqual(
    models.map((model) => `AI tokens: ai.input_tokens (ai.model ${model})`),
  )
})

test('half a cent is rounded away from zero, on each line', () => {
  // 2 messages cost 0.005 EUR: both fleets pay 0.01, and 0.01 in all is what rounding added.
  const bill = billOf(
    novemberBills(catalogue, [sampleUnit('trk-1', { messages: 2n }), sampleUnit('van-1', { messages: 2n })]),
    'baltic',
    'hansa',
  )
  expect(bill.total).toEqual({
    amount: '0.02',
    amountMicros: 10_000n,
    invoicedMicros: 20_000n,
    residueMicros: -10_000n,
  })
})

test('a currency without a minor unit is billed in whole units', () => {
  const japanese = sampleCatalogue({ ...sampleJson(), currency: 'JPY' })
  const bill = billOf(
    novemberBills(japanese, [sampleUnit('llm-1', { 'ai.input_tokens': 1_500_000n })]),
    'acme',
    'brightdesk',
    'JPY',
  )
  // 4.5 for the input and 2 before any output.
  expect(bill.sections[0]?.lines.map(({ amount }) => amount)).toEqual(['5', '2'])
  expect(bill.total.amount).toBe('7')
})

describe('over several versions of a catalogue', () => {
  function changed(list: string, id: string, change: Record<string, unknown>): SampleJson {
    const json = sampleJson()
    const elements = json[list] as readonly Record<string, unknown>[]
    return { ...json, [list]: elements.map((element) => (element['id'] === id ? { ...element, ...change } : element)) }
  }

  test('usage is billed at the price it was rated with, under the newest names', () => {
    const renamed = changed('accounts', 'brightdesk', { name: 'BrightDesk Group' })
    const prices = (renamed['prices'] as readonly Record<string, unknown>[]).map((price) =>
      price['id'] === 'ai-output' ? { ...price, tiers: [{ amount: '10', flat: '5' }] } : price,
    )
    const newer = sampleCatalogue({ ...renamed, prices })
    const call = sampleUnit('llm-1', { 'ai.output_tokens': 1_000_000n })
    const { segments } = rateInOrder([
      { catalogue, units: [call] },
      { catalogue: newer, units: [call] },
    ])
    const bill = billOf(
      periodBills({ catalogues: [newer, catalogue], period: novemberPeriod() }, segments),
      'acme',
      'brightdesk',
    )
    expect(bill.buyer.name).toBe('BrightDesk Group')
    expect(bill.sections[0]?.lines.map(({ amount }) => amount).toSorted()).toEqual(['15.00', '17.00'])
  })

  test('what was used under an older price is not due again unused under the new one', () => {
    const newer = sampleCatalogue(changed('prices', 'ai-output', { tiers: [{ amount: '10', flat: '5' }] }))
    const { segments } = rateInOrder([{ catalogue, units: [sampleUnit('llm-1', { 'ai.output_tokens': 1n })] }])
    const bill = billOf(
      periodBills({ catalogues: [newer, catalogue], period: novemberPeriod() }, segments),
      'acme',
      'brightdesk',
    )
    expect(linesOf(bill)).toEqual(['brightdesk bright-ai ai.output_tokens 1 1 2.00'])
  })

  test('what was not used is due by the last version that the period has of it', () => {
    const owed = (changes: readonly Record<string, unknown>[]): readonly string[] => {
      const risen = sampleCatalogue(changed('prices', 'ai-output', { changes }))
      return linesOf(billOf(novemberBills(risen, []), 'acme', 'brightdesk'))
    }
    const flat = (from: string, fee: string): Record<string, unknown> => {
      return { from, model: 'graduated', per: 1_000_000, tiers: [{ amount: '15', flat: fee }] }
    }
    const line = 'brightdesk bright-ai ai.output_tokens 0 0'
    expect(owed([flat('2026-11-01', '3')])).toEqual([`${line} 3.00`])
    expect(owed([flat('2026-11-10', '3'), flat('2026-11-20', '4')])).toEqual([`${line} 4.00`])
    expect(owed([flat('2026-10-10', '3'), flat('2026-12-01', '4')])).toEqual([`${line} 3.00`])
    expect(() => owed([flat('2026-11-20', '0')])).toThrow('no bill of acme to brightdesk')
  })

  test('a subscription that is over before the period owes nothing', () => {
    const over = sampleCatalogue(changed('subscriptions', 'bright-ai', { to: '2026-11-01' }))
    expect(novemberBills(over, [])).toEqual([])
  })

  test('a segment of a catalogue that is not given is a bug', () => {
    const { segments } = rateInOrder([{ catalogue, units: usage }])
    const other = sampleCatalogue(changed('prices', 'ai-input', { amount: '4' }))
    expect(() => periodBills({ catalogues: [other], period: novemberPeriod() }, segments)).toThrow(
      /rated with a catalogue/,
    )
  })
})

test('charges that do not add up to the total are a bug, not a bill (I9)', () => {
  const { segments } = rateInOrder([{ catalogue, units: usage }])
  const damaged = new Map(
    [...segments].map(([key, state]) => [
      key,
      { ...state, accumulator: { ...state.accumulator, amountMicros: state.accumulator.amountMicros + 1n } },
    ]),
  )
  expect(() => periodBills({ catalogues: [catalogue], period: novemberPeriod() }, damaged)).toThrow(
    /add up to its total/,
  )
})
