import type { FaultCounts } from '../faults/fault-counts.ts'
import type { Findings } from '../oracle/findings.ts'
import type { Oracle } from '../oracle/oracle.ts'
import type { PublishedLedger } from '../oracle/published.ts'
import type { EventQueue } from './event-queue.ts'
import type { Trace } from './trace.ts'

/** How often what happened. */
export interface WorldCounts {
  steps: number
  publishes: number
  submissions: number
  acknowledgements: number
  unavailable: number
  notTaken: number
  rejects: number
  agentCrashes: number
  aggregatorCrashes: number
  crashesInsideAStep: number
  partitions: number
  connections: number
  clockSteps: number
}

/** Where the person at a gateway learns how an agent stands with the aggregator, and has its next epoch registered. */
export interface RepairOffice {
  /** The epoch in force and the last batch received in it; null while the aggregator cannot say. */
  standing(agent: string): { readonly epoch: number; readonly receivedSeq: number; readonly chainHash: string } | null
  registerNextEpoch(agent: string): number
}

/** What every part of the world shares: time, the record of what happened, and the judge. */
export interface Surroundings {
  readonly seed: string
  /** A folder of this run, thrown away after it. */
  readonly folder: string
  readonly queue: EventQueue
  readonly trace: Trace
  readonly findings: Findings
  readonly published: PublishedLedger
  readonly oracle: Oracle
  readonly counts: WorldCounts
  /** Every fault that is injected is counted here. */
  readonly faults: FaultCounts
  /** The world stands still until this is done, which is a matter of the runtime and takes no time in the world. */
  starting(process: Promise<void>): void
  /** Whoever has agents registered and knows what was received of them. */
  office(): RepairOffice
  /** Runs `work` when the step at hand is over. */
  afterStep(work: () => void): void
}

/** No count yet. */
export function noCounts(): WorldCounts {
  return {
    steps: 0,
    publishes: 0,
    submissions: 0,
    acknowledgements: 0,
    unavailable: 0,
    notTaken: 0,
    rejects: 0,
    agentCrashes: 0,
    aggregatorCrashes: 0,
    crashesInsideAStep: 0,
    partitions: 0,
    connections: 0,
    clockSteps: 0,
  }
}
