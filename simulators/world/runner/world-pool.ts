import { Worker } from 'node:worker_threads'
import type { Clock } from '@meterline/shared/base/clock.ts'
import type { Turn } from './seed-turns.ts'
import type { TurnAnswer, WorkerOrder } from './world-worker.ts'

/** How a turn went. */
export interface TurnOutcome {
  readonly turn: Turn
  readonly answer: TurnAnswer
}

/** Where worlds run: threads that take one turn after the other. */
export interface WorldPool {
  /** Runs one world on the next free thread. It always answers: a world that hangs is ended and answered for. */
  run(turn: Turn): Promise<TurnOutcome>
  close(): Promise<void>
}

/** How a pool is opened. */
export interface PoolOptions extends WorkerOrder {
  /** Threads. */
  readonly jobs: number
  /** A world that takes longer than this in real time hangs. */
  readonly limitMs: number
}

/** Room for the short-lived objects of a world, which spares most of the collector's work. */
const youngGenerationMb = 160

/** Opens a pool; threads start with their first turn. */
export function openWorldPool(clock: Clock, options: PoolOptions): WorldPool {
  const seats = Array.from({ length: options.jobs }, () => new Seat(clock, options))
  const free = [...seats]
  const waiting: ((seat: Seat) => void)[] = []
  const takeSeat = (): Promise<Seat> => {
    const seat = free.pop()
    return seat === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(seat)
  }
  return {
    async run(turn) {
      const seat = await takeSeat()
      try {
        return { turn, answer: await seat.run(turn) }
      } finally {
        const next = waiting.shift()
        if (next === undefined) free.push(seat)
        else next(seat)
      }
    },
    async close() {
      await Promise.all(seats.map((seat) => seat.close()))
    },
  }
}

/** The place of one thread: when the thread is gone, the next turn starts another. */
class Seat {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #order: WorkerOrder
  #worker: Worker | null = null
  #answer: ((answer: TurnAnswer) => void) | null = null

  constructor(clock: Clock, options: PoolOptions) {
    this.#clock = clock
    this.#limitMs = options.limitMs
    this.#order = { folder: options.folder, traceLines: options.traceLines }
  }

  run(turn: Turn): Promise<TurnAnswer> {
    const worker = this.#worker ?? this.#start()
    return new Promise((resolve) => {
      const limit = this.#clock.after(this.#limitMs, () =>
        this.#giveUp(worker, `the world did not end within ${Math.ceil(this.#limitMs / 60_000)} minutes of real time`),
      )
      this.#answer = (answer) => {
        this.#answer = null
        limit.cancel()
        resolve(answer)
      }
      worker.postMessage(turn)
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    await worker?.terminate()
    this.#answer?.({ broken: 'the run was ended' })
  }

  #start(): Worker {
    const worker = new Worker(new URL('world-worker.ts', import.meta.url), {
      workerData: this.#order,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    worker.on('message', (answer: TurnAnswer) => this.#answer?.(answer))
    worker.on('error', (error: Error) => this.#giveUp(worker, error.stack ?? error.message))
    worker.on('exit', (code) => this.#giveUp(worker, `the thread ended with code ${code}`))
    this.#worker = worker
    return worker
  }

  #giveUp(worker: Worker, why: string): void {
    if (worker !== this.#worker) return
    this.#worker = null
    // Nobody waits for the thread any more; its turn is answered for here.
    worker.terminate().catch(() => undefined)
    this.#answer?.({ broken: why })
  }
}
