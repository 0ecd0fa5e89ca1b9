import { Pace } from '../fleets/pace.ts'
import { Progress } from '../fleets/progress.ts'
import type { Carrier } from './carrier.ts'
import { UsageCount, type ExpectedUsage } from './expected-usage.ts'
import { countLines } from './text-lines.ts'
import type { Trace } from './trace-row.ts'

/** A stretch of a trace, and how it is replayed. */
export interface ReplayOptions {
  readonly trace: Trace
  /** One for each gateway; rows go through them in turn. Closed at the end. */
  readonly carriers: readonly Carrier[]
  /** Rows [from, to) of the trace. */
  readonly from?: number
  readonly to?: number
  /** How often the stretch is replayed. Each time every row goes through the next gateway. */
  readonly times?: number
  /** 1 is real time, 60 a minute a second, Infinity as fast as the agents acknowledge. */
  readonly speed?: number
  readonly quiet?: boolean
  /** Ends the replay early: what is under way is still acknowledged, and the summary says what was published. */
  readonly signal?: AbortSignal
}

/** What was published, all of it acknowledged. */
export interface ReplaySummary {
  readonly trace: string
  readonly published: number
  /** Rows sent again because no acknowledgement came in time. */
  readonly retried: number
  readonly seconds: number
  readonly stoppedEarly: boolean
  readonly expected: ExpectedUsage
}

/** Replays a trace and resolves once every row has been acknowledged. Throws when the file is not of the trace's form. */
export async function replayTrace(options: ReplayOptions): Promise<ReplaySummary> {
  const { trace, carriers, from = 0, to = Number.MAX_SAFE_INTEGER, times = 1, signal } = options
  const stopped = (): boolean => signal?.aborted ?? false
  const count = new UsageCount()
  const startedMs = performance.now()
  let published = 0
  let acknowledged = 0
  try {
    const progress = await progressOf(options, from, to, times)
    for (let pass = 0; pass < times && !stopped(); pass += 1) {
      const pace = new Pace(options.speed ?? Number.POSITIVE_INFINITY, signal)
      for await (const row of trace.rows()) {
        if (row.row < from) continue
        if (row.row >= to) break
        await pace.until(row.timeMs)
        if (stopped()) break
        const carrier = carriers[(row.row + pass) % carriers.length]
        if (carrier === undefined) throw new Error('a replay needs at least one gateway')
        await carrier.carry(row, () => {
          acknowledged += 1
          progress.update(acknowledged)
        })
        published += 1
        // Whatever comes again in a later pass is the same event again.
        if (pass === 0) count.add(row)
      }
    }
    for (const carrier of carriers) await carrier.drained()
    progress.finish(acknowledged)
  } finally {
    for (const carrier of carriers) await carrier.close()
  }
  return {
    trace: trace.name,
    published,
    retried: carriers.reduce((sum, carrier) => sum + carrier.repeats, 0),
    seconds: (performance.now() - startedMs) / 1000,
    stoppedEarly: stopped(),
    expected: count.expected(),
  }
}

async function progressOf(options: ReplayOptions, from: number, to: number, times: number): Promise<Progress> {
  const quiet = options.quiet ?? false
  // Counted beforehand, so that the bar knows its end; a header makes it one too long.
  const rows = quiet ? 0 : Math.max(0, Math.min(to, await countLines(options.trace.file)) - from)
  return new Progress(`replay ${options.trace.name}`, rows * times, quiet)
}
