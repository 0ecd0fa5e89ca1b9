import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { sumLeaf, type SumNode } from '../integrity/merkle-sum.ts'
import { largestQuantity } from '../units/quantity.ts'
import { batchLimits } from './batch.ts'
import { usageEventLimits } from './usage-event.ts'

/** What one record costs in one segment; one that its price divides has a charge in several segments of a leg. */
export interface Charge {
  /** Index of the rating unit in its batch. */
  readonly unit: number
  /** Index of the record in its unit. */
  readonly record: number
  /** Base units of the meter. */
  readonly quantity: bigint
  /** What it adds to the segment's total: negative where that falls, as a volume price does at a cheaper tier. */
  readonly amountMicros: bigint
}

/** All charges of one segment in one batch: the leaf of the Merkle-sum trees that postings and invoice lines commit to. */
export interface ChargeBlock {
  readonly segmentKey: string
  readonly legKey: string
  /** Log index of the batch. */
  readonly batchIndex: number
  /** Sum over the charges. */
  readonly quantity: bigint
  /** Sum over the charges. */
  readonly amountMicros: bigint
  /** Sorted by unit, then by record; each record at most once. */
  readonly charges: readonly Charge[]
}

export type ChargeBlockFault = Fault<'charge_block_malformed' | 'charge_block_sum_mismatch'>

const blockFormat = 1
const blockFields = 7
const chargeFields = 4
const longestKeyBytes = 1024
const mostCharges = batchLimits.units * usageEventLimits.records
/** Sums of up to 2^18 charges of 2^63; they are carried as CBOR integers of 64 bits, so this is the cap of a block's sum. */
const largestSum = 2n ** 64n - 1n

const writer = new DeterministicWriter(65_536)

/** The bytes of a charge block (docs/formats.md, "Charge block"). Its sums must be the sums of its charges. */
export function encodeChargeBlock(block: ChargeBlock): Uint8Array {
  writer.truncate(0)
  writer.arrayHead(blockFields)
  writer.uint(blockFormat)
  writer.text(block.segmentKey)
  writer.text(block.legKey)
  writer.uint(block.batchIndex)
  writer.bigInt(block.quantity)
  writer.bigInt(block.amountMicros)
  writer.arrayHead(chargeFields * block.charges.length)
  for (const charge of block.charges) {
    writer.uint(charge.unit)
    writer.uint(charge.record)
    writer.bigInt(charge.quantity)
    writer.bigInt(charge.amountMicros)
  }
  return writer.copy()
}

/** Reads a charge block strictly and checks that its sums are the sums of its charges, and their order. */
export function decodeChargeBlock(bytes: Uint8Array): Result<ChargeBlock, ChargeBlockFault> {
  const reader = new DeterministicReader(bytes)
  reader.arrayOf(blockFields)
  if (reader.uint() !== blockFormat) reader.refuse('bytes_unexpected')
  const segmentKey = reader.text(longestKeyBytes)
  const legKey = reader.text(longestKeyBytes)
  const batchIndex = reader.uint()
  const quantity = reader.bigInt(largestSum)
  const amountMicros = reader.bigInt(largestSum)
  const charges = readCharges(reader)
  reader.finish()
  if (reader.fault !== null)
    return failed(fault('charge_block_malformed', `the charge block cannot be read strictly (${reader.fault})`))
  let quantitySum = 0n
  let amountSum = 0n
  for (const charge of charges) {
    quantitySum += charge.quantity
    amountSum += charge.amountMicros
  }
  if (quantitySum === quantity && amountSum === amountMicros)
    return ok({ segmentKey, legKey, batchIndex, quantity, amountMicros, charges })
  const message =
    `the charge block of ${segmentKey} states ${quantity} units for ${amountMicros} micros, ` +
    `but its charges sum to ${quantitySum} units for ${amountSum} micros`
  return failed(fault('charge_block_sum_mismatch', message))
}

function readCharges(reader: DeterministicReader): Charge[] {
  const items = reader.arrayHead(chargeFields * mostCharges)
  if (items === 0 || items % chargeFields !== 0) reader.refuse('bytes_unexpected')
  const charges: Charge[] = []
  let previousUnit = -1
  let previousRecord = -1
  for (let left = items; left > 0 && reader.fault === null; left -= chargeFields) {
    const unit = reader.uint(batchLimits.units - 1)
    const record = reader.uint(usageEventLimits.records - 1)
    if (unit < previousUnit || (unit === previousUnit && record <= previousRecord))
      reader.refuse('bytes_not_deterministic')
    previousUnit = unit
    previousRecord = record
    charges.push({
      unit,
      record,
      quantity: reader.bigInt(largestQuantity),
      amountMicros: reader.bigInt(largestQuantity),
    })
  }
  return charges
}

/** The Merkle-sum leaf of an encoded block; its sum is the amount the block states, in micros. */
export function chargeBlockLeaf(bytes: Uint8Array, amountMicros: bigint): SumNode {
  return sumLeaf(bytes, amountMicros)
}
