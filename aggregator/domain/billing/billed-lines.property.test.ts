import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { roundToMinorUnit } from '@meterline/shared/units/money.ts'
import { billedDifference } from './billed-lines.ts'
import type { BillLine } from './bill.ts'
import type { BilledLine, DueLine } from './due-line.ts'

const relation = { seller: 'nordlink', buyer: 'hansa', currency: 'EUR' }

/** What is due of one usage line at some moment. Blocks only ever grow; all else goes both ways. */
interface Moment {
  readonly openingMicros: bigint
  readonly chargesMicros: bigint
  readonly quantity: bigint
  readonly blocks: number
}

const moment = fc.record({
  openingMicros: fc.bigInt(0n, 10n ** 10n),
  chargesMicros: fc.bigInt(-(10n ** 12n), 10n ** 12n),
  quantity: fc.bigInt(0n, 2n ** 70n),
  blocks: fc.nat(3),
})

function dueAt({ openingMicros, chargesMicros, quantity }: Moment, chargeBlocks: number): DueLine {
  return {
    key: '2025-06/s/data.bytes/abc',
    kind: 'usage',
    periodKey: '2025-06',
    account: 'north',
    description: 'Tracker: data.bytes',
    subscription: 's',
    offering: 'tracker',
    price: 'retail',
    terms: '',
    meter: 'data.bytes',
    unit: 'byte',
    quantity,
    events: chargeBlocks,
    chargesMicros,
    amountMicros: openingMicros + chargesMicros,
    chargeBlocks,
    days: [],
    tiers: [],
    limit: null,
    taxCode: null,
    fee: null,
    usage: null,
  }
}

function sum(lines: readonly BillLine[], figure: (line: BillLine) => bigint): bigint {
  return lines.reduce((total, line) => total + figure(line), 0n)
}

/** The lines of as many documents as there are moments. */
function billAll(moments: readonly Moment[], minorDigits: number): { lines: BillLine[]; last: DueLine | null } {
  let billed: BilledLine | null = null
  let blocks = 0
  let last: DueLine | null = null
  const lines: BillLine[] = []
  for (const [index, each] of moments.entries()) {
    blocks += each.blocks
    last = dueAt(each, blocks)
    const root = sha256(new Uint8Array([index]))
    const difference = billedDifference(relation, { due: last, billed, chargesRoot: root, minorDigits, corrects: null })
    if (difference === null) continue
    lines.push(difference.line)
    billed = { ...difference.billed, document: `d-${index}` }
  }
  return { lines, last }
}

test('whatever becomes of a line between documents, together they are what is due last, rounded once', () => {
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 2, 3), (moments, minorDigits) => {
      const { lines, last } = billAll(moments, minorDigits)
      const due = last ?? dueAt({ openingMicros: 0n, chargesMicros: 0n, quantity: 0n, blocks: 0 }, 0)
      expect(sum(lines, ({ amountMicros }) => amountMicros)).toBe(due.amountMicros)
      expect(sum(lines, ({ quantity }) => quantity)).toBe(due.quantity)
      expect(sum(lines, ({ openingMicros }) => openingMicros)).toBe(due.amountMicros - due.chargesMicros)
      expect(sum(lines, ({ invoicedMicros }) => invoicedMicros)).toBe(
        roundToMinorUnit(due.amountMicros, minorDigits, 'half-away').roundedMicros,
      )
      expect(sum(lines, ({ events }) => BigInt(events))).toBe(BigInt(due.events))
    }),
  )
})

test('the blocks of documents follow each other without a gap and never overlap', () => {
  fc.assert(
    fc.property(fc.array(moment, { minLength: 1, maxLength: 8 }), (moments) => {
      const { lines, last } = billAll(moments, 2)
      let next = 0
      for (const { fromBlock, chargeBlocks } of lines) {
        expect(fromBlock).toBe(next)
        next += chargeBlocks
      }
      expect(next).toBe(last?.chargeBlocks)
    }),
  )
})

test('the same twice gives no second line', () => {
  fc.assert(
    fc.property(moment, (each) => {
      const { lines } = billAll([each, { ...each, blocks: 0 }], 2)
      expect(lines.length).toBeLessThanOrEqual(1)
    }),
  )
})
