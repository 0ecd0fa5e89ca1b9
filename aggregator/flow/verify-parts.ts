import type { Charge } from '@meterline/shared/model/charge.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { partsOf } from '@meterline/shared/rating/route.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'

/** The charges of one segment that one decision made. */
export interface ChargedBlock {
  readonly segmentKey: string
  readonly legKey: string
  readonly charges: readonly Charge[]
}

/** What a record was charged in one segment. */
export interface ChargedPart {
  /** Index of the record in its unit. */
  readonly record: number
  readonly legKey: string
  /** Key of the period of the segment. */
  readonly periodKey: string
  /** The segment's price; null when no catalogue of the log has it. */
  readonly price: CompiledPrice | null
  /** The model of that price; null where the segment names none. */
  readonly model: number | null
  /** Base units. */
  readonly quantity: bigint
}

/** What each unit was charged, by the index of the unit, in order. */
export function partsByUnit(
  blocks: readonly ChargedBlock[],
  priceOf: (segmentKey: string) => CompiledPrice | null,
): readonly (readonly [number, readonly ChargedPart[]])[] {
  const byUnit = new Map<number, ChargedPart[]>()
  for (const { segmentKey, legKey, charges } of blocks) {
    const price = priceOf(segmentKey)
    const { model, periodKey } = parseSegmentKey(segmentKey)
    for (const { unit, record, quantity } of charges) {
      const part = { record, legKey, periodKey, price, model, quantity }
      const known = byUnit.get(unit)
      if (known === undefined) byUnit.set(unit, [part])
      else known.push(part)
    }
  }
  return [...byUnit].toSorted(([left], [right]) => left - right)
}

/** A leg that a record is to be charged on, and the period of its cycle that the record lies in, by their keys. */
export interface DueLeg {
  readonly legKey: string
  readonly periodKey: string
}

/** The quantity that the parts of a record make, by the key of the period where its meter counts per period; else by ''. */
export type QuantityByPeriod = ReadonlyMap<string, bigint>

/**
 * What is wrong with the parts a record was charged in, for the ends of sentences, and the quantity they make: the parts
 * of each leg lie in its period and add up to the same quantity (per period, where `isPerPeriod`), they are those its
 * price has for the usage, and the legs are `legsDue`; null: it has none.
 */
export function recordFaults(
  parts: readonly ChargedPart[],
  unit: RatingUnit,
  legsDue: readonly DueLeg[] | null,
  isPerPeriod = false,
): { readonly quantities: QuantityByPeriod; readonly faults: readonly string[] } {
  const faults: string[] = []
  const quantities = new Map<string, bigint>()
  const legs = Map.groupBy(parts, ({ legKey }) => legKey)
  for (const [legKey, own] of legs) {
    const sum = own.reduce((total, part) => total + part.quantity, 0n)
    const periodKey = own[0]?.periodKey ?? ''
    const group = isPerPeriod ? periodKey : ''
    if ((quantities.get(group) ?? sum) !== sum) faults.push('is charged another quantity on another leg')
    quantities.set(group, sum)
    const due = legsDue?.find((leg) => leg.legKey === legKey)
    if (due !== undefined && own.some((part) => part.periodKey !== due.periodKey))
      faults.push(`is charged on ${legKey} in another period than ${due.periodKey}`)
    const price = own[0]?.price ?? null
    if (price !== null && !areParts(own, price, unit, sum))
      faults.push(`is charged on ${legKey} in other parts than its price has for it`)
  }
  if (legsDue === null) faults.push('is charged, and the catalogue has no price for it at its time')
  else if (legsDue.length !== legs.size || !legsDue.every(({ legKey }) => legs.has(legKey)))
    faults.push('is charged on other legs than the catalogue has for it at its time')
  return { quantities, faults }
}

function areParts(charged: readonly ChargedPart[], price: CompiledPrice, unit: RatingUnit, quantity: bigint): boolean {
  if (price.router === null) return charged.length === 1 && charged[0]?.model === null
  const due = partsOf(price, unit, quantity)
  return (
    due.length === charged.length &&
    due.every((part) => charged.some((own) => own.model === part.model && own.quantity === part.quantity))
  )
}
