import { assertThat } from '../base/errors.ts'
import { advance } from './dispatch.ts'
import type { CompiledModel } from './model.ts'
import { startPosition, type EarlyEvent, type EventOfRecord, type Position } from './position.ts'

/**
 * Where a segment stands after one of its records is taken back, as if it had never come: withdrawing and advancing again
 * is the identity. Null where that does not follow from the position alone: another event, which the position does not
 * keep, then takes the place of a free one, and the position is to be made again from the records that stay.
 */
export function withdraw(
  model: CompiledModel,
  position: Position,
  quantity: bigint,
  event: EventOfRecord,
): Position | null {
  assertThat(position.events > 0 && position.quantity >= quantity, 'a record that is taken back was charged before')
  const earliest = withoutEvent(position, quantity, event)
  if (earliest === null) return null
  // What one record adds to `exact` does not depend on where the segment stands.
  const { exact } = advance(model, startPosition, quantity, event)
  return {
    quantity: position.quantity - quantity,
    events: position.events - 1,
    exact: position.exact - exact,
    earliest,
  }
}

function withoutEvent(
  { earliest, events }: Position,
  quantity: bigint,
  event: EventOfRecord,
): readonly EarlyEvent[] | null {
  const place = earliest.findIndex(
    ({ timeMs, source, id, quantity: own }) =>
      timeMs === event.timeMs && source === event.source && id === (event.eventId ?? '') && own === quantity,
  )
  if (place === -1) return earliest
  return events === earliest.length ? earliest.toSpliced(place, 1) : null
}
