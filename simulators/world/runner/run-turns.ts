import type { Clock } from '@meterline/shared/base/clock.ts'
import { turnOf } from './seed-turns.ts'
import type { TurnsOrder } from './seed-turns.ts'
import type { WorldPool } from './world-pool.ts'
import { WorldTally } from './world-tally.ts'
import type { FailedWorld } from './world-tally.ts'

/** Told while worlds run. */
export interface TurnsListener {
  /** A world did not keep what it has to keep; it is in the tally already. */
  failed(world: FailedWorld, tally: WorldTally): void
  /** A world is done; all so far. */
  advanced(tally: WorldTally): void
}

/**
 * Runs worlds until all had their turn, the time is up or `stop` is aborted; what has begun is finished, so that what is
 * reported was seen whole. Gives what came of them.
 */
export async function runTurns(
  order: TurnsOrder,
  options: {
    readonly pool: WorldPool
    readonly jobs: number
    readonly clock: Clock
    /** Real time after which no new world begins; null: none. */
    readonly timeMs: number | null
    readonly stop: AbortSignal
    readonly listener: TurnsListener
  },
): Promise<WorldTally> {
  const { pool, jobs, clock, timeMs, stop, listener } = options
  const tally = new WorldTally()
  const endMs = timeMs === null ? Infinity : clock.monotonicMs() + timeMs
  let next = 0
  const work = async (): Promise<void> => {
    while (next < order.seeds && clock.monotonicMs() < endMs && !stop.aborted) {
      const turn = turnOf(order, next)
      next += 1
      const failure = tally.add(await pool.run(turn))
      if (failure !== null) listener.failed(failure, tally)
      listener.advanced(tally)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return tally
}
