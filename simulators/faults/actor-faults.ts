import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultMode } from './fault-mode.ts'

/** What people and adversaries do to machines. */
export interface ActorFaults {
  /** An agent's disk is copied, and the copy runs beside it; devices reach either. */
  readonly clonesAgent: boolean
  /** An agent's disk is thrown back to an image of before. */
  readonly restoresAgent: boolean
  /** The aggregator's books are put back to an earlier copy of them: silently at first, then as a declared restore. */
  readonly restoresAggregator: boolean
  /** A registered agent forges, back-dates, equivocates and lies. */
  readonly byzantineAgent: boolean
}

/** Nobody does anything. */
export const noActorFaults: ActorFaults = {
  clonesAgent: false,
  restoresAgent: false,
  restoresAggregator: false,
  byzantineAgent: false,
}

/** Clones, agents and books that are thrown back, alone and with each other. */
const whoMeddles: readonly (readonly [clones: boolean, restoresAgent: boolean, restoresBooks: boolean])[] = [
  [false, false, false],
  [true, false, false],
  [false, true, false],
  [true, true, false],
  [false, false, true],
  [true, false, true],
  [false, true, true],
  [true, true, true],
]

/** Draws what is done to machines in a run of this mode: at least one thing. */
export function drawActorFaults(random: Random, mode: FaultMode): ActorFaults {
  if (mode !== 'actors') return noActorFaults
  const [clonesAgent, restoresAgent, restoresAggregator] = whoMeddles[random.below(whoMeddles.length)] ?? [
    false,
    false,
    true,
  ]
  const isQuiet = !clonesAgent && !restoresAgent && !restoresAggregator
  return { clonesAgent, restoresAgent, restoresAggregator, byzantineAgent: isQuiet || random.below(2) === 0 }
}
