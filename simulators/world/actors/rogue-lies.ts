import type { Random } from '@meterline/shared/base/random.ts'
import { startOfDay } from '../../oracle/calendar.ts'
import type { MeantEvent } from '../../oracle/published.ts'

const mostEvents = 4
const furthestMs = 10 * 366 * 86_400_000

/**
 * Events of an agent that lies under a valid signature: usage that nobody had, in the name of honest subjects; of days
 * long gone or to come; under the identity of an event that a device is going to publish, or has published. They are
 * taken, because who signs answers for it; no device's own event is charged beside one of the same identity.
 */
export function lies(
  random: Random,
  subjects: readonly string[],
  nowMs: number,
  nextNumber: () => number,
): readonly MeantEvent[] {
  const events = new Map<string, MeantEvent>()
  for (let left = 1 + random.below(mostEvents); left > 0; left--) {
    const event = lie(random, subjects, nowMs, nextNumber)
    events.set(`${event.source} ${event.id}`, event)
  }
  return [...events.values()]
}

function lie(random: Random, subjects: readonly string[], nowMs: number, nextNumber: () => number): MeantEvent {
  const subject = subjects[random.below(subjects.length)] ?? 'nobody'
  const steals = random.below(4) === 0
  const number = steals ? 1 + random.below(30) : nextNumber()
  return {
    source: steals ? subject : `rogue/${random.below(3)}`,
    id: steals ? `${subject}-${number}` : `r-${number}`,
    subject: random.below(8) === 0 ? 'nobody' : subject,
    timeMs: timeOf(random, nowMs),
    measured: [{ meter: random.below(8) === 0 ? 'unsold.meter' : 'data.bytes', quantity: BigInt(random.below(5_000)) }],
    labels: {},
    facts: {},
  }
}

function timeOf(random: Random, nowMs: number): number {
  switch (random.below(6)) {
    case 0:
      return startOfDay(2025, 1, 1) + random.below(300 * 86_400_000)
    case 1:
      return nowMs + random.below(furthestMs)
    default:
      return nowMs - random.below(3_600_000)
  }
}
