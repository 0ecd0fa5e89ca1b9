import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { runWorld } from '../run-world.ts'
import type { WorldResult } from '../world-options.ts'
import type { Turn } from './seed-turns.ts'

/** What a worker is started with. */
export interface WorkerOrder {
  /** Where its worlds keep their files. */
  readonly folder: string
  /** Lines of the trace that come with a result. */
  readonly traceLines: number
}

/** What a worker answers to a turn. */
export type TurnAnswer =
  | {
      readonly result: WorldResult
      readonly repeatedHash: string | null
      /** Real time of the first run. */
      readonly tookMs: number
    }
  /** The world itself threw: a defect of the simulator or of its machine. */
  | { readonly broken: string }

if (parentPort === null) throw new Error('world-worker.ts is a worker thread of the world runner')
const port = parentPort
const clock = systemClock()
// The pool is the only one that starts this file.
const { folder, traceLines } = workerData as WorkerOrder

port.on('message', (turn: Turn) => {
  run(turn).then(
    (answer) => port.postMessage(answer),
    (error: unknown) => port.postMessage({ broken: told(error) } satisfies TurnAnswer),
  )
})

async function run({ order, twice }: Turn): Promise<TurnAnswer> {
  const options = { ...order, traceLines }
  const startedMs = clock.monotonicMs()
  const result = await runWorld(options, folder)
  const tookMs = clock.monotonicMs() - startedMs
  const repeated = twice ? await runWorld(options, folder) : null
  const isDull = result.violations.length === 0 && traceLines !== Number.MAX_SAFE_INTEGER
  return {
    // A long trace that nobody will read is not worth the way between the threads.
    result: isDull ? { ...result, trace: [] } : result,
    repeatedHash: repeated === null ? null : repeated.traceHash,
    tookMs,
  }
}

function told(error: unknown): string {
  if (error instanceof FaultError) return `${error.fault.code}: ${error.fault.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
