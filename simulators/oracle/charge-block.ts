import type { BlockRow } from './aggregator-file.ts'
import { asInteger, asList, asNumber, asText, readItem } from './cbor-reader.ts'

/** A charge as it stands in its block. */
export interface BlockCharge {
  readonly unit: number
  readonly record: number
  readonly quantity: bigint
  /** Below zero where the total of a segment fell. */
  readonly amountMicros: bigint
}

/** The charges of one segment and batch, as their bytes say. */
export interface ChargeBlock {
  readonly segment: string
  readonly leg: string
  readonly batchIndex: number
  readonly quantity: bigint
  readonly amountMicros: bigint
  readonly charges: readonly BlockCharge[]
}

/** Reads [1, segment, leg, batch index, quantity, amount, [unit, record, quantity, amount, …]]. */
export function readChargeBlock(row: BlockRow): ChargeBlock {
  const [, segment, leg, batchIndex, quantity, total, items] = asList(readItem(row.block), 'a charge block')
  const flat = asList(items, 'charges')
  const charges: BlockCharge[] = []
  for (let at = 0; at < flat.length; at += 4)
    charges.push({
      unit: asNumber(flat[at], 'unit'),
      record: asNumber(flat[at + 1], 'record'),
      quantity: asInteger(flat[at + 2], 'quantity'),
      amountMicros: asInteger(flat[at + 3], 'amount'),
    })
  return {
    segment: asText(segment, 'segment key'),
    leg: asText(leg, 'leg key'),
    batchIndex: asNumber(batchIndex, 'batch index'),
    quantity: asInteger(quantity, 'quantity'),
    amountMicros: asInteger(total, 'amount'),
    charges,
  }
}
