import { assertThat } from '@meterline/shared/base/errors.ts'
import type { EarlyEvent } from '@meterline/shared/rating/position.ts'
import { storedInteger, type StoredSegment } from './books-rows.ts'

const none: readonly EarlyEvent[] = []

/** The earliest events of a segment as its row holds them: JSON `[[time, source, id, quantity], …]`. */
export function earliestText(events: readonly EarlyEvent[]): string {
  if (events.length === 0) return '[]'
  return JSON.stringify(events.map(({ timeMs, source, id, quantity }) => [timeMs, source, id, quantity.toString()]))
}

/** The way back from `earliestText`; `place` names the row for whoever has to find what is wrong with it. */
export function earliestOf(text: string, place: string): readonly EarlyEvent[] {
  if (text === '[]') return none
  const wrong = `${place} holds earliest events that cannot be read`
  const events = parsed(text)
  assertThat(Array.isArray(events), wrong)
  return events.map((event: unknown): EarlyEvent => {
    assertThat(Array.isArray(event) && event.length === 4, wrong)
    const [timeMs, source, id, quantity] = event as readonly unknown[]
    const readable = Number.isSafeInteger(timeMs) && typeof source === 'string' && typeof id === 'string'
    assertThat(readable && typeof quantity === 'string', wrong)
    return { timeMs: Number(timeMs), source, id, quantity: storedInteger(quantity, place) }
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The columns of a `SegmentRow`. */
export const segmentColumns = 'key, quantity, events, exact, earliest, amount_micros AS amountMicros'

/** A segment's accumulator as its row holds it. */
export interface SegmentRow {
  readonly key: string
  readonly quantity: string
  readonly events: number
  readonly exact: string
  readonly earliest: string
  readonly amountMicros: string
}

/** Reads a row for verification: damage in it is an error that names the segment. */
export function segmentOf({ key, quantity, events, exact, earliest, amountMicros }: SegmentRow): StoredSegment {
  const place = `segment ${key}`
  return {
    key,
    quantity: storedInteger(quantity, place),
    events,
    exact: storedInteger(exact, place),
    earliest: earliestOf(earliest, place),
    amountMicros: storedInteger(amountMicros, place),
  }
}
