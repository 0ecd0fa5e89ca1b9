import type { FaultGroup } from '../faults/fault-groups.ts'
import type { FaultMode } from '../faults/fault-mode.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import type { Violation } from '../oracle/findings.ts'
import type { OracleCounts } from '../oracle/oracle-counts.ts'
import type { WorldCounts } from './surroundings.ts'
import type { Tampering } from './world.ts'

/** What a world is made from. The same options give the same run. */
export interface WorldOptions {
  readonly seed: string
  /** True time that devices publish and faults happen, in hours. */
  readonly hours?: number
  /** Payloads per device in that time. */
  readonly publishesPerDevice?: number
  /** Gives an agent a new disk and epoch at the end; left out: in one run of three. */
  readonly replacesAgent?: boolean
  /** What may go wrong; a plan drawn from the seed within the mode, or a plan of its own. */
  readonly faults?: FaultMode | FaultPlan
  /** Kinds of fault that are taken out of the plan. */
  readonly without?: readonly FaultGroup[]
  /** Lines of the trace that are kept. */
  readonly traceLines?: number
  readonly tampering?: Tampering
  /** Ends the run at the first violation this is true of. */
  readonly endsAt?: (violation: Violation) => boolean
}

/** What a command line can say of a world: everything that makes a run what it is. */
export interface WorldOrder {
  readonly seed: string
  readonly faults: FaultMode
  readonly hours: number
  readonly publishesPerDevice: number
  readonly without: readonly FaultGroup[]
}

/** What came of a run. */
export interface WorldResult {
  readonly seed: string
  readonly mode: string
  /** SHA-256 over everything that happened: equal for equal seeds. */
  readonly traceHash: string
  readonly statistics: WorldCounts & OracleCounts & { readonly trueMinutes: number; readonly agents: number }
  /** How often each kind of fault was injected. */
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly Violation[]
  /** The last lines of what happened. */
  readonly trace: readonly string[]
}
