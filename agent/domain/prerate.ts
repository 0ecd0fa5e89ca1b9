import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { usageBoundMicros } from '@meterline/shared/rating/usage-bound.ts'
import type { SubjectBook, SubjectTerms } from './subject-book.ts'

/** What usage costs by one plan from an instant until the next span begins. */
export interface PlanSpan {
  /** -Infinity in the first one. */
  readonly fromMs: number
  /** By the id of the meter; spans and plans share what is the same. */
  readonly prices: ReadonlyMap<string, CompiledPrice>
}

/** A snapshot compiled for pre-rating: plain data, so that it can be handed to another thread. */
export interface PrerateTable {
  /** SHA-256 of the snapshot's bytes. */
  readonly snapshotHash: Uint8Array
  readonly version: number
  /** Names the state of all bindings the snapshot was made with, hexadecimal. */
  readonly bindingsHash: string
  /** What one base unit of each meter that is pre-rated is called, by the meter's id. */
  readonly units: ReadonlyMap<string, string>
  /** The spans of each plan in the order of time, by the plan's id. */
  readonly plans: ReadonlyMap<string, readonly PlanSpan[]>
}

/** The label with the unit an event states its quantities in, when it does not leave that to the meter. */
const unitLabel = '@unit'

/**
 * Pre-rates one event: fills `out` with one entry per measured quantity, the most its charge can be in micros of the
 * price's currency. Null where the subject is not known, where its plan has no price for the meter at the event's time or
 * no model for such usage, where the price has no bound, and where the event states its quantities in another unit than
 * the meter's. Such a quantity is journalled unbound and rated at the centre. Returns whether every quantity was bound.
 */
export function prerate(
  table: PrerateTable | null,
  subjects: SubjectBook,
  event: UsageEvent,
  out: (bigint | null)[],
): boolean {
  const { measured } = event
  out.length = 0
  const terms = table === null ? null : subjects.termsOf(event.subject, table.bindingsHash)
  const stated = event.labels.length === 0 ? null : statedUnit(event.labels)
  let allBound = true
  for (let at = 0; at < measured.length; at++) {
    const record = measured[at]
    if (record === undefined) continue
    const isInItsUnit = stated === null || table?.units.get(record.meter) === stated
    const price =
      table === null || terms === null || !isInItsUnit ? null : priceOf(table, terms, record.meter, event.timeMs)
    const bound = price === null ? null : usageBoundMicros(price, event, record.quantity)
    if (bound === null) allBound = false
    out.push(bound)
  }
  return allBound
}

function statedUnit(labels: UsageEvent['labels']): string | null {
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]
    if (label !== undefined && label[0] === unitLabel) return label[1]
  }
  return null
}

/** The price of a meter that holds for a subject at an instant: of the first binding whose plan has one then. */
function priceOf(table: PrerateTable, { bindings }: SubjectTerms, meter: string, timeMs: number): CompiledPrice | null {
  for (let at = 0; at < bindings.length; at++) {
    const binding = bindings[at]
    if (binding === undefined || timeMs < binding.fromMs || timeMs >= binding.toMs) continue
    const spans = table.plans.get(binding.plan)
    const price = spans === undefined ? undefined : pricesAt(spans, timeMs)?.get(meter)
    if (price !== undefined) return price
  }
  return null
}

/** Events are mostly of now, so the newest span is looked at first. */
function pricesAt(spans: readonly PlanSpan[], timeMs: number): PlanSpan['prices'] | null {
  for (let at = spans.length - 1; at >= 0; at--) {
    const span = spans[at]
    if (span !== undefined && timeMs >= span.fromMs) return span.prices
  }
  return null
}
