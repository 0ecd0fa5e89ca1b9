import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultMode } from './fault-mode.ts'

/** What people and adversaries do to machines. */
export interface ActorFaults {
  /** An agent's disk is copied, and the copy runs beside it. */
  readonly clonesAgent: boolean
}

/** Nobody does anything. */
export const noActorFaults: ActorFaults = { clonesAgent: false }

/** Draws what is done to machines in a run of this mode. */
export function drawActorFaults(random: Random, mode: FaultMode): ActorFaults {
  if (mode !== 'actors') return noActorFaults
  return { clonesAgent: random.below(2) === 0 }
}
