import { describe, expect, test } from 'vitest'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { billedDifference } from './billed-lines.ts'
import type { BilledLine, DueLine } from './due-line.ts'

const relation = { seller: 'acme', buyer: 'bright', currency: 'EUR' }
const corrects = { document: 'acme-000001', period: '2025-06' }

const fee: DueLine = {
  key: '2025-06/bright-ai/fee/abc',
  kind: 'fee',
  periodKey: '2025-06',
  account: 'bright',
  description: 'AI tokens: seat',
  subscription: 'bright-ai',
  offering: 'ai',
  price: 'seat',
  terms: '4.00 EUR per seats, for 2025-06',
  meter: 'fee',
  unit: 'seats',
  quantity: 3n,
  events: 0,
  chargesMicros: 0n,
  amountMicros: 12_004_999n,
  chargeBlocks: 0,
  days: [],
  tiers: [{ fromUnits: 0n, upToUnits: null, quantity: 3n, amountMicros: 12_004_999n, terms: 'all of it' }],
  limit: null,
  taxCode: 'standard',
  fee: { due: 'in-arrears', period: '2025-06' },
  usage: null,
}

function billedAs(line: DueLine, document: string): BilledLine {
  const difference = billedDifference(relation, {
    due: line,
    billed: null,
    chargesRoot: null,
    minorDigits: 2,
    corrects: null,
  })
  if (difference === null) throw new Error('the line comes to something')
  return { ...difference.billed, document }
}

describe('a line of a document', () => {
  test('is all of it the first time, rounded, with its parts', () => {
    const first = billedDifference(relation, {
      due: fee,
      billed: null,
      chargesRoot: null,
      minorDigits: 2,
      corrects: null,
    })
    expect(first?.line).toMatchObject({
      amountMicros: 12_004_999n,
      invoicedMicros: 12_000_000n,
      residueMicros: 4_999n,
      amount: '12.00',
      openingMicros: 12_004_999n,
      fromBlock: 0,
      chargesRoot: sumRoot([]).hash,
      tiers: [{ quantity: 3n }],
      corrects: null,
    })
    expect(first?.billed).toMatchObject({ key: fee.key, buyer: 'bright', unit: 'seats', document: '' })
  })

  test('is the difference afterwards, rounded so that both together are the rounded total', () => {
    const grown = { ...fee, quantity: 4n, amountMicros: 12_005_000n }
    const second = billedDifference(relation, {
      due: grown,
      billed: billedAs(fee, 'acme-000001'),
      chargesRoot: null,
      minorDigits: 2,
      corrects,
    })
    // One micro more makes a cent more of the whole.
    expect(second?.line).toMatchObject({
      quantity: 1n,
      amountMicros: 1n,
      invoicedMicros: 10_000n,
      residueMicros: -9_999n,
      amount: '0.01',
      tiers: [],
      corrects,
    })
    expect(second?.billed).toMatchObject({ quantity: 4n, amountMicros: 12_005_000n, invoicedMicros: 12_010_000n })
  })

  test('takes back what is due no more, under the words it was billed with', () => {
    const gone = billedDifference(relation, {
      due: null,
      billed: billedAs(fee, 'acme-000001'),
      chargesRoot: null,
      minorDigits: 2,
      corrects,
    })
    expect(gone?.line).toMatchObject({
      description: 'AI tokens: seat',
      subscription: 'bright-ai',
      kind: 'fee',
      meter: 'fee',
      unit: 'seats',
      quantity: -3n,
      amount: '-12.00',
      taxCode: 'standard',
      fee: null,
    })
    expect(gone?.billed).toMatchObject({ quantity: 0n, amountMicros: 0n, invoicedMicros: 0n })
  })

  test('is left out when nothing changes, and when there was nothing', () => {
    const same = { due: fee, billed: billedAs(fee, 'acme-000001'), chargesRoot: null, minorDigits: 2, corrects }
    expect(billedDifference(relation, same)).toBeNull()
    const nothing = { ...fee, quantity: 0n, amountMicros: 0n }
    expect(billedDifference(relation, { ...same, due: nothing, billed: null })).toBeNull()
  })

  test('cannot lose charges that stand on a document', () => {
    const usage: DueLine = { ...fee, kind: 'usage', chargeBlocks: 2, chargesMicros: 5n, fee: null }
    const billed = billedAs(usage, 'acme-000001')
    const less = { ...usage, chargeBlocks: 1 }
    const difference = { billed, chargesRoot: null, minorDigits: 2, corrects }
    expect(() => billedDifference(relation, { ...difference, due: less })).toThrow(/stand on documents/)
    expect(() => billedDifference(relation, { ...difference, due: null })).toThrow(/due as long as there are any/)
  })
})
