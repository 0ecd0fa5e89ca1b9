import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDeterministic, type Deterministic } from '../integrity/deterministic-bytes.ts'
import { chargeBlockLeaf, decodeChargeBlock, encodeChargeBlock, type Charge, type ChargeBlock } from './charge.ts'

const segmentKey = '2026-11/north-trackers/data.bytes/0123456789abcdef'
const legKey = 'nordlink>logistics:north-trackers:retail-data'

const chargeList: fc.Arbitrary<Charge[]> = fc
  .uniqueArray(
    fc.record({
      unit: fc.nat(16_383),
      record: fc.nat(15),
      quantity: fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }),
      amountMicros: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
    }),
    { minLength: 1, maxLength: 15, selector: ({ unit, record }) => unit * 16 + record },
  )
  .map((charges) => charges.toSorted((a, b) => a.unit - b.unit || a.record - b.record))

function blockOf(charges: readonly Charge[]): ChargeBlock {
  const quantity = charges.reduce((sum, charge) => sum + charge.quantity, 0n)
  const amountMicros = charges.reduce((sum, charge) => sum + charge.amountMicros, 0n)
  return { segmentKey, legKey, batchIndex: 12, quantity, amountMicros, charges }
}

/** The layout as docs/formats.md tells it. */
const layoutOf = (block: ChargeBlock): Deterministic => [
  1,
  block.segmentKey,
  block.legKey,
  block.batchIndex,
  block.quantity,
  block.amountMicros,
  block.charges.flatMap(({ unit, record, quantity, amountMicros }) => [unit, record, quantity, amountMicros]),
]

describe('a charge block', () => {
  it('has the documented layout and comes back from it', () => {
    fc.assert(
      fc.property(chargeList, (charges) => {
        const block = blockOf(charges)
        const bytes = encodeChargeBlock(block)
        expect(Buffer.from(bytes)).toEqual(Buffer.from(encodeDeterministic(layoutOf(block))))
        expect(decodeChargeBlock(bytes)).toEqual({ ok: true, value: block })
      }),
    )
  })

  it('is a leaf whose sum is its amount', () => {
    const block = blockOf([{ unit: 0, record: 1, quantity: 7n, amountMicros: 21n }])
    const bytes = encodeChargeBlock(block)
    expect(chargeBlockLeaf(bytes, block.amountMicros).sum).toBe(21n)
  })

  const charge: Charge = { unit: 3, record: 0, quantity: 5n, amountMicros: 10n }
  const good = blockOf([charge, { ...charge, record: 1 }])
  it.each([
    { what: 'an amount its charges do not sum to', block: { ...good, amountMicros: 21n } },
    { what: 'a quantity its charges do not sum to', block: { ...good, quantity: 9n } },
  ])('with $what is refused', ({ block }) => {
    expect(decodeChargeBlock(encodeChargeBlock(block))).toMatchObject({ fault: { code: 'charge_block_sum_mismatch' } })
  })

  it.each([
    { what: 'a record charged twice', bytes: encodeChargeBlock(blockOf([charge, charge])) },
    { what: 'charges out of order', bytes: encodeChargeBlock(blockOf([charge, { ...charge, unit: 2 }])) },
    { what: 'no charges', bytes: encodeChargeBlock(blockOf([])) },
    { what: 'half a charge', bytes: encodeDeterministic([1, segmentKey, legKey, 12, 5, 10, [3, 0]]) },
    { what: 'another format', bytes: encodeDeterministic([2, segmentKey, legKey, 12, 5, 10, [3, 0, 5, 10]]) },
    { what: 'a byte more', bytes: Buffer.concat([encodeChargeBlock(good), Buffer.of(0)]) },
    { what: 'a byte less', bytes: encodeChargeBlock(good).subarray(0, -1) },
  ])('with $what is malformed', ({ bytes }) => {
    expect(decodeChargeBlock(bytes)).toMatchObject({ ok: false, fault: { code: 'charge_block_malformed' } })
  })
})
