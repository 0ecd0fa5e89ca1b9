import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { repositoryRoot } from '../../source-files.ts'
import { memoryBackedFolder } from '../run-world.ts'
import type { WorldResult } from '../world-options.ts'
import { Progress } from './progress.ts'
import { presentCommit, readBook, withRun, writeBook } from './results-book.ts'
import { runTurns } from './run-turns.ts'
import { replayCommand } from './seed-turns.ts'
import type { TurnsOrder } from './seed-turns.ts'
import { shrinkWorld } from './shrink-world.ts'
import { openWorldPool } from './world-pool.ts'
import type { WorldPool } from './world-pool.ts'
import { failureReport, finalReport } from './world-report.ts'
import type { WorldTally } from './world-tally.ts'

/** What the command line asks for. */
export interface WorldCommand extends TurnsOrder {
  /** Threads; null: as many as the machine has processors. */
  readonly jobs: number | null
  readonly minutes: number | null
  readonly trace: boolean
  readonly json: boolean
  readonly record: boolean
  readonly shrink: boolean
}

const minuteMs = 60_000
/** A long world takes half a minute on a busy machine; one that takes this long does not end. */
const hangingMs = 30 * minuteMs
const shownTraceLines = 40
/** The first failures are told with what happened last; of the others the command to see them is enough. */
const failuresWithTrace = 3

/** Runs worlds as ordered and prints what came of them. Gives the exit code: 1 when a world failed. */
export async function runWorldCommand(command: WorldCommand): Promise<number> {
  const { seeds, json, minutes, trace } = command
  const clock = systemClock()
  const jobs = Math.min(seeds, command.jobs ?? availableParallelism())
  const folder = mkdtempSync(join(memoryBackedFolder(), 'meterline-worlds-'))
  const traceLines = trace ? Number.MAX_SAFE_INTEGER : shownTraceLines
  const results: WorldResult[] = []
  const pool = openWorldPool(clock, { jobs, folder, traceLines, limitMs: hangingMs })
  const interrupted = new AbortController()
  const interrupt = (): void => {
    console.error('ends when the worlds that have begun are done')
    interrupted.abort()
  }
  process.once('SIGINT', interrupt)
  const timeMs = minutes === null ? null : minutes * minuteMs
  // What is told of single worlds must not stand in the middle of the JSON.
  const print = json ? console.error : console.log
  const progress = new Progress(clock, { seeds, timeMs }, print)
  try {
    const tally = await runTurns(command, {
      pool: trace || json ? listeningPool(pool, results, trace) : pool,
      jobs,
      clock,
      timeMs,
      stop: interrupted.signal,
      listener: {
        failed: (world, tally) => {
          const isTold = trace || tally.failed.length > failuresWithTrace
          progress.print(failureReport(isTold ? { ...world, trace: [] } : world))
        },
        advanced: (tally) => progress.advance(tally),
      },
    })
    progress.end()
    if (json) console.log(JSON.stringify(results))
    else console.log(finalReport(tally, { tookMs: progress.passedMs, jobs }))
    if (command.shrink) await shrinkFirst(tally, pool, print)
    if (command.record) record(tally)
    return tally.total.failures === 0 ? 0 : 1
  } finally {
    progress.end()
    process.removeListener('SIGINT', interrupt)
    await pool.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Keeps every result, and prints the traces when they were asked for. */
function listeningPool(pool: WorldPool, results: WorldResult[], printsTrace: boolean): WorldPool {
  return {
    async run(turn) {
      const outcome = await pool.run(turn)
      if ('result' in outcome.answer) {
        const { result } = outcome.answer
        results.push(printsTrace ? { ...result, trace: [] } : result)
        if (printsTrace) console.log(result.trace.join('\n'))
      }
      return outcome
    },
    close: () => pool.close(),
  }
}

/** Makes the first world that violated an invariant smaller, and prints how to see it. */
async function shrinkFirst({ failed }: WorldTally, pool: WorldPool, print: (text: string) => void): Promise<void> {
  const world = failed.find(({ violations }) => violations.length > 0)
  const [violation] = world?.violations ?? []
  if (world === undefined || violation === undefined) return
  console.error(`makes ${world.order.seed} smaller`)
  const shrunk = await shrinkWorld({ order: world.order, violation }, async (order) => {
    const { answer } = await pool.run({ index: 0, order, twice: false })
    return 'result' in answer ? answer.result.violations : []
  })
  print(
    [
      `the smallest world that still violates ${violation.invariant}, after ${shrunk.tries} tries:`,
      `  ${shrunk.violation.message}`,
      `  replay: ${replayCommand(shrunk.order)}`,
    ].join('\n'),
  )
}

/** Adds the run to the results that are kept with the sources. */
function record(tally: WorldTally): void {
  const files = {
    book: join(repositoryRoot, 'simulators', 'results.jsonl'),
    page: join(repositoryRoot, 'simulators', 'RESULTS.md'),
  }
  writeBook(withRun(readBook(files.book), presentCommit(repositoryRoot), tally), files)
  console.error(`recorded in ${files.page}`)
}
