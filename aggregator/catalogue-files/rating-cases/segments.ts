import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { advance } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type Position } from '@meterline/shared/rating/position.ts'
import { parsePrice } from '@meterline/shared/rating/price-schema.ts'
import { compilePrice, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import { partsOf } from '@meterline/shared/rating/route.ts'
import type { CaseUsage, WrittenPrice } from './mapped-case.ts'

/** Where the segments of a price stand, by the index of the model. */
export type Positions = ReadonlyMap<number, Position>

export const noPositions: Positions = new Map()

/** Reads a price as the catalogue does, and makes it ready. */
export function compiledPrice(price: WrittenPrice): Result<CompiledPrice, Fault<'case_unmappable'>> {
  const parsed = parsePrice(price)
  return parsed.ok ? ok(compilePrice(parsed.value)) : failed(fault('case_unmappable', parsed.fault.message))
}

/** Where segments stand after more usage; null where the price has no model for some of it. */
export function positionsAfter(price: CompiledPrice, start: Positions, usage: readonly CaseUsage[]): Positions | null {
  const positions = new Map(start)
  // A price that is not routed has its one segment also without usage.
  if (price.router === null && !positions.has(0)) positions.set(0, startPosition)
  for (const [index, { quantity, timeMs, labels, facts }] of usage.entries()) {
    const parts = partsOf(price, { timeMs, labels, facts }, quantity)
    if (parts.length === 0) return null
    const event = { timeMs, source: 'case', eventId: String(index) }
    for (const part of parts) {
      const model = price.models[part.model]
      if (model === undefined) return null
      positions.set(part.model, advance(model, positions.get(part.model) ?? startPosition, part.quantity, event))
    }
  }
  return positions
}

/** What the segments of a price come to, in micros. */
export function sumOver(
  price: CompiledPrice,
  positions: Positions,
  rate: (model: CompiledModel, position: Position) => bigint,
): bigint {
  let sum = 0n
  for (const [index, position] of positions) {
    const model = price.models[index]
    if (model !== undefined) sum += rate(model, position)
  }
  return sum
}
