import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { benchJson, benchTable } from './bench-table.ts'
import { aggregatorMeasurement } from './measure-aggregator.ts'
import { bridgeMeasurement } from './measure-bridge.ts'
import { bytesMeasurement } from './measure-bytes.ts'
import { closingMeasurement } from './measure-closing.ts'
import { endToEndMeasurement } from './measure-end-to-end.ts'
import { httpMeasurement } from './measure-http.ts'
import { intakeMeasurement } from './measure-intake.ts'
import { keyIndexMeasurement } from './measure-key-index.ts'
import { memoryMeasurement } from './measure-memory.ts'
import { normaliseMeasurement } from './measure-normalise.ts'
import { ratingMeasurement } from './measure-rating.ts'
import { slowDiskMeasurement } from './measure-slow-disk.ts'
import { snapshotMeasurement } from './measure-snapshot.ts'
import type { Finding, Measurement } from './measurement.ts'

/** What `npm run bench` can be told. */
export interface BenchOptions {
  /** Only measurements whose name contains this. */
  readonly only?: string
  /** A smoke test: every measurement, little of it. */
  readonly quick?: boolean
}

const measurements: readonly Measurement[] = [
  intakeMeasurement,
  httpMeasurement,
  bridgeMeasurement,
  endToEndMeasurement,
  slowDiskMeasurement,
  aggregatorMeasurement,
  ratingMeasurement,
  closingMeasurement,
  keyIndexMeasurement,
  normaliseMeasurement,
  memoryMeasurement,
  snapshotMeasurement,
  bytesMeasurement,
]

const stateFolder = '.meterline'
const tickMs = 2_000
const busyLoad = 0.7

/**
 * Runs the measurements one after the other on the disk of the current directory, prints their table and writes
 * `.meterline/bench.json`, an array of `{name, value, unit, limit, ratio}`. Returns the exit code: 1 when a measurement
 * broke (the others still run), 2 when no name matches. A missed goal is shown and is no failure: machines differ.
 */
export async function runBench(options: BenchOptions): Promise<number> {
  const { only = '', quick = false } = options
  const chosen = measurements.filter(({ name }) => name.includes(only))
  if (chosen.length === 0) {
    console.error(`no measurement is called like '${only}'; there are:`)
    for (const { name, about } of measurements) console.error(`  ${name.padEnd(12)} ${about}`)
    return 2
  }
  warnWhenBusy()
  await during('bundling the programs', bundlePrograms)
  const folder = join(stateFolder, 'bench')
  const findings: Finding[] = []
  let exitCode = 0
  for (const measurement of chosen) {
    const own = join(folder, measurement.name)
    rmSync(own, { recursive: true, force: true })
    mkdirSync(own, { recursive: true })
    console.error(`${measurement.name}: ${measurement.about}`)
    try {
      findings.push(...(await measurement.run({ quick, folder: own, during })))
      rmSync(own, { recursive: true, force: true })
    } catch (error) {
      // Its folder stays: the logs of the processes are in it.
      console.error(`${measurement.name} broke: ${error instanceof Error ? error.message : String(error)} (see ${own})`)
      exitCode = 1
    }
  }
  console.log(`\n${benchTable(findings)}\n`)
  if (quick) console.log('--quick: these figures show that everything works, not how fast it is')
  writeFileSync(join(stateFolder, 'bench.json'), benchJson(findings))
  return exitCode
}

/** What is measured is what is installed: the bundles, not the sources. */
async function bundlePrograms(): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../bundle.ts', import.meta.url))])
}

/** Figures of a machine that does something else as well say little. */
function warnWhenBusy(): void {
  const [load = 0] = loadavg()
  if (load > busyLoad) console.error(`this machine is busy (load ${load.toFixed(1)}): the figures will be too low`)
}

/** Shows a running step with its time: one line that rewrites itself on a terminal, a line every two seconds elsewhere. */
async function during<Value>(label: string, work: () => Promise<Value>): Promise<Value> {
  const startedMs = performance.now()
  const isTerminal = process.stderr.isTTY
  const show = (end: string): void => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    process.stderr.write(`${isTerminal ? '\r' : ''}  ${label} ${seconds} s${end}`)
  }
  const ticking = setInterval(() => show(isTerminal ? '' : '\n'), isTerminal ? 100 : tickMs)
  try {
    return await work()
  } finally {
    clearInterval(ticking)
    show('\n')
  }
}
