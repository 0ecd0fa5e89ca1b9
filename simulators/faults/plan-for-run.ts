import { seededRandom } from '@meterline/shared/base/random.ts'
import { withoutGroups } from './fault-groups.ts'
import type { FaultGroup } from './fault-groups.ts'
import type { FaultMode } from './fault-mode.ts'
import { drawFaultPlan } from './fault-plan.ts'
import type { FaultPlan } from './fault-plan.ts'

const dayHours = 24
/** A run of more than a day has as many faults as this many hours have otherwise. */
const stretchedHours = 6
const dayMs = 86_400_000
const longestPartitionMs = 30 * dayMs
const hourMs = 3_600_000

/**
 * What goes wrong in a run: the plan given, or one drawn from the seed. In runs of more than a day machines and networks
 * fail as seldom as they do outside of tests: the faults of six hours are spread over the whole time, and partitions
 * last as much longer, up to 30 days.
 */
export function planForRun(order: {
  readonly seed: string
  readonly faults: FaultMode | FaultPlan
  readonly without: readonly FaultGroup[]
  readonly hours: number
}): FaultPlan {
  const { seed, faults, without, hours } = order
  const plan = typeof faults === 'string' ? drawFaultPlan(seededRandom(`${seed} faults`), faults) : faults
  const drawn = typeof faults === 'string' && hours > dayHours ? stretched(plan, hours / stretchedHours) : plan
  return withoutGroups(drawn, without)
}

function stretched(plan: FaultPlan, factor: number): FaultPlan {
  const { machine } = plan
  const seldom = (everyMin: number | null): number | null => (everyMin === null ? null : everyMin * factor)
  return {
    ...plan,
    machine: {
      ...machine,
      agentCrashEveryMin: seldom(machine.agentCrashEveryMin),
      aggregatorCrashEveryMin: seldom(machine.aggregatorCrashEveryMin),
      partitionEveryMin: seldom(machine.partitionEveryMin),
      clockStepEveryMin: seldom(machine.clockStepEveryMin),
      // Devices knock every few seconds at a door that is closed, so that long absences would be all a run consists of.
      downMaxMs: Math.min(machine.downMaxMs * factor, hourMs),
      partitionMaxMs: Math.min(machine.partitionMaxMs * factor, longestPartitionMs),
    },
  }
}
