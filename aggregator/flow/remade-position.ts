import type { ChargeBlock } from '@meterline/shared/model/charge.ts'
import { advance } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type EventOfRecord, type Position } from '@meterline/shared/rating/position.ts'

/** The charges of a segment and the events they are of. */
export interface ChargedRecords {
  /** All charge blocks of the segment, those of one batch together. */
  readonly blocks: Iterable<Pick<ChargeBlock, 'batchIndex' | 'charges'>>
  /** Whether what a unit was charged is taken back. */
  isVoided(batchIndex: number, unit: number): boolean
  /** The events of a batch by the places of its units; null: its body was deleted. */
  eventsOf(batchIndex: number): readonly EventOfRecord[] | null
}

/**
 * Where a segment stands by the charges that are not taken back, made again from the first one on; null: a batch that is
 * needed for it was deleted after its retention. Takes time in proportion to the segment's charges.
 */
export function remakePosition(model: CompiledModel, records: ChargedRecords): Position | null {
  let position = startPosition
  let readBatch = -1
  let events: readonly EventOfRecord[] | null = null
  for (const { batchIndex, charges } of records.blocks) {
    const staying = charges.filter(({ unit }) => !records.isVoided(batchIndex, unit))
    if (staying.length === 0) continue
    if (readBatch !== batchIndex) events = records.eventsOf(batchIndex)
    readBatch = batchIndex
    for (const { unit, quantity } of staying) {
      const event = events?.[unit]
      if (event === undefined) return null
      position = advance(model, position, quantity, event)
    }
  }
  return position
}
