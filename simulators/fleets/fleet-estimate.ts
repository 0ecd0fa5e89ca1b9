import { hourFactor } from './device-life.ts'
import type { FleetPlan } from './fleet-timeline.ts'

const minuteMs = 60_000
const minutesADay = 1440

/** About how many messages a fleet will publish, for progress: what its rates come to on average. */
export function estimatedMessages({ file, span }: FleetPlan): number {
  const minutes = Math.ceil((span.endMs - span.startMs) / minuteMs)
  let estimate = 0
  for (const group of file.groups) {
    let each = group.bursts === undefined ? 0 : (group.bursts.perDay * group.bursts.messages * minutes) / minutesADay
    // A factor holds for a whole hour, so that one minute of each stands for sixty.
    for (let minute = 0; minute < minutes; minute += 60) {
      const share = Math.min(60, minutes - minute) / 60
      each += group.messagesPerHour * hourFactor(group, span.startMs + minute * minuteMs) * share
    }
    const { failures, roaming } = group
    estimate += group.count * each * (1 - failures.drop) * (1 + failures.duplicate + roaming.repeat)
  }
  return Math.round(estimate)
}
