import { isOddity } from '../../faults/fault-counts.ts'
import type { FaultMode } from '../../faults/fault-mode.ts'
import type { Violation } from '../../oracle/findings.ts'
import type { WorldOrder, WorldResult } from '../world-options.ts'
import type { TurnOutcome } from './world-pool.ts'

/** A world that did not keep what it has to keep. */
export interface FailedWorld {
  readonly order: WorldOrder
  readonly violations: readonly Violation[]
  /** What went wrong beside violations: the world broke, or a second run of it went another way. */
  readonly trouble: string | null
  /** The last lines of what happened. */
  readonly trace: readonly string[]
}

/** Sums over worlds of one kind. */
export interface WorldSums {
  seeds: number
  failures: number
  /** Faults without the oddities of input and timing, which are counted apart. */
  faults: number
  oddities: number
  steps: number
  simulatedMinutes: number
  agentMinutes: number
  /** Worlds that were run twice. */
  repeated: number
  /** The fewest faults a world of a faulty mode had; null before the first. */
  fewestFaults: number | null
}

const mostFailedKept = 200

/** Adds up what came of many worlds. */
export class WorldTally {
  readonly total = noSums()
  readonly byMode = new Map<FaultMode, WorldSums>()
  readonly byKind = new Map<string, number>()
  readonly failed: FailedWorld[] = []
  slowest: { readonly order: WorldOrder; readonly tookMs: number } | null = null

  /** Adds one world. Its failure, if it is one. */
  add({ turn: { order, twice }, answer }: TurnOutcome): FailedWorld | null {
    const ofMode = this.byMode.get(order.faults) ?? noSums()
    this.byMode.set(order.faults, ofMode)
    const failure = failureOf(order, answer)
    for (const sums of [this.total, ofMode]) {
      sums.seeds += 1
      if (failure !== null) sums.failures += 1
      if (twice) sums.repeated += 1
      if ('result' in answer) addResult(sums, order, answer.result)
    }
    if ('result' in answer) {
      const { tookMs } = answer
      if (this.slowest === null || tookMs > this.slowest.tookMs) this.slowest = { order, tookMs }
      for (const [kind, times] of Object.entries(answer.result.faults))
        this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + times)
    }
    if (failure !== null && this.failed.length < mostFailedKept) this.failed.push(failure)
    return failure
  }
}

function failureOf(order: WorldOrder, answer: TurnOutcome['answer']): FailedWorld | null {
  if ('broken' in answer) return { order, violations: [], trouble: answer.broken, trace: [] }
  const { result, repeatedHash } = answer
  const isSame = repeatedHash === null || repeatedHash === result.traceHash
  if (isSame && result.violations.length === 0) return null
  const trouble = isSame ? null : `the same seed gave ${result.traceHash} and then ${String(repeatedHash)}`
  return { order, violations: result.violations, trouble, trace: result.trace }
}

function addResult(sums: WorldSums, order: WorldOrder, { faults, statistics, violations }: WorldResult): void {
  let ofWorld = 0
  for (const [kind, times] of Object.entries(faults)) {
    if (isOddity(kind)) sums.oddities += times
    else ofWorld += times
  }
  sums.faults += ofWorld
  // A world that failed was ended early.
  if (order.faults !== 'none' && violations.length === 0)
    sums.fewestFaults = Math.min(sums.fewestFaults ?? ofWorld, ofWorld)
  sums.steps += statistics.steps
  sums.simulatedMinutes += statistics.trueMinutes
  sums.agentMinutes += statistics.trueMinutes * statistics.agents
}

function noSums(): WorldSums {
  return {
    seeds: 0,
    failures: 0,
    faults: 0,
    oddities: 0,
    steps: 0,
    simulatedMinutes: 0,
    agentMinutes: 0,
    repeated: 0,
    fewestFaults: null,
  }
}
