import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import { byText } from './by-text.ts'
import { id, instant } from './file-fields.ts'

/** How many of what a subscription has, by the name that fees use. */
export type Quantities = ReadonlyMap<string, bigint>

/** From an instant on a subscription has other quantities; those that are not named stay. */
export interface QuantityChange {
  readonly atMs: number
  readonly quantities: Quantities
}

/** Quantities for as long as they stay the same. */
export interface QuantitySpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly quantities: Quantities
}

const mostQuantities = 32
const mostChanges = 1_000
const quantityHint = 'is no quantity: write a whole number from 0 on'
const quantity = z.unknown().transform((value, context): bigint => {
  const whole = typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : isDigits(value)
  const count = whole ? BigInt(value as number | string) : largestQuantity + 1n
  if (count <= largestQuantity) return count
  context.addIssue({ code: 'custom', message: quantityHint })
  return z.NEVER
})

/** Quantities as they stand in a tenant file. */
export const quantitiesSchema = z
  .record(id, quantity)
  .refine((named) => Object.keys(named).length <= mostQuantities, `has more than ${mostQuantities} quantities`)
  .transform((named): Quantities => new Map(Object.entries(named)))

/** Dated changes of quantities as they stand in a tenant file. */
export const quantityChangesSchema = z
  .array(
    z
      .strictObject({
        at: instant,
        quantities: quantitiesSchema.refine((named) => named.size > 0, 'names no quantity'),
      })
      .transform(({ at, quantities }): QuantityChange => ({ atMs: at, quantities })),
  )
  .max(mostChanges, `has more than ${mostChanges} changes`)

/** Whether two say the same of the same names. */
export function sameQuantities(left: Quantities, right: Quantities): boolean {
  return left === right || (left.size === right.size && [...left].every(([name, count]) => right.get(name) === count))
}

/** The plain data that `quantitiesSchema` reads back, in the order of the names. */
export function quantitiesJson(quantities: Quantities): { readonly [name: string]: string } {
  const sorted = [...quantities].toSorted(([left], [right]) => byText(left, right))
  return Object.fromEntries(sorted.map(([name, count]) => [name, count.toString()]))
}

/** The plain data that `quantityChangesSchema` reads back, in the order of time. */
export function quantityChangesJson(changes: readonly QuantityChange[]): JsonValue {
  return changesInOrder(changes).map(({ atMs, quantities }) => ({
    at: formatInstant(atMs),
    quantities: quantitiesJson(quantities),
  }))
}

/** Changes in the order of time. */
export function changesInOrder(changes: readonly QuantityChange[]): readonly QuantityChange[] {
  return changes.length < 2 ? changes : changes.toSorted((left, right) => left.atMs - right.atMs)
}

/** What a subscription has when: contiguous from -Infinity to Infinity. */
export function quantitySpans(first: Quantities, changes: readonly QuantityChange[]): readonly QuantitySpan[] {
  const spans: QuantitySpan[] = []
  let current = { fromMs: -Infinity, quantities: first }
  for (const { atMs, quantities } of changesInOrder(changes)) {
    spans.push({ ...current, toMs: atMs })
    current = { fromMs: atMs, quantities: new Map([...current.quantities, ...quantities]) }
  }
  return [...spans, { ...current, toMs: Infinity }]
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(value)
}
