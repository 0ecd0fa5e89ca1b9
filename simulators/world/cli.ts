import { systemRandom } from '@meterline/shared/base/random.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { FaultMode } from '../faults/fault-mode.ts'
import { runWorld } from './run-world.ts'
import type { WorldResult } from './world-options.ts'

interface WorldFlags {
  readonly seeds: number
  readonly seed?: string
  readonly hours: number
  readonly publishes: number
  readonly faults: FaultMode | 'both'
  readonly trace?: boolean
  readonly twice?: boolean
  readonly json?: boolean
}

/** Adds `world`: simulated hours of an aggregator and two agents under faults, from a seed each, judged by the oracle. */
export function addWorldCommand(program: Command): void {
  program
    .command('world')
    .description(
      'Runs one aggregator and two agents from the production code on a virtual clock, with crashes, partitions and bad input, and checks the invariants.',
    )
    .option('--seeds <count>', 'how many worlds to run', positive, 20)
    .option('--seed <text>', 'seed of the first world (default: a fresh one); with --seeds 1 this replays a run')
    .option('--hours <hours>', 'simulated hours of usage and faults in each world', positive, 1)
    .option('--publishes <count>', 'payloads each device publishes in that time', positive, 40)
    .addOption(
      new Option(
        '--faults <mode>',
        'what may go wrong: nothing, what ordered streams can show, or misbehaving links too',
      )
        .choices(['none', 'stream', 'misbehaving', 'both'])
        .default('both'),
    )
    .option('--twice', 'run each seed twice and compare the hashes of what happened')
    .option('--trace', 'print everything that happened')
    .option('--json', 'print the results as one JSON array')
    .action(async (flags: WorldFlags) => {
      process.exitCode = await runWorlds(flags)
    })
}

async function runWorlds(flags: WorldFlags): Promise<number> {
  const first = flags.seed ?? Buffer.from(systemRandom().bytes(4)).toString('hex')
  const { seeds: count, hours, publishes } = flags
  const results: WorldResult[] = []
  let failures = 0
  for (let index = 0; index < count; index++) {
    const seed = count === 1 ? first : `${first}-${index}`
    const faults = flags.faults === 'both' ? modeOf(index) : flags.faults
    const options = {
      seed,
      faults,
      hours,
      publishesPerDevice: publishes,
      traceLines: flags.trace === true ? Number.MAX_SAFE_INTEGER : 60,
    }
    const result = await runWorld(options)
    const repeated = flags.twice === true ? await runWorld(options) : result
    results.push(result)
    const failed = result.violations.length > 0 || repeated.traceHash !== result.traceHash
    if (failed) failures += 1
    if (flags.json === true) continue
    if (flags.trace === true || failed) console.log(result.trace.join('\n'))
    console.log(`${String(index + 1).padStart(5)}/${count} ${summary(result)}`)
    if (failed) printFailure(result, repeated, flags)
  }
  if (flags.json === true) console.log(JSON.stringify(results))
  else console.log(failures === 0 ? `${count} worlds, no violation` : `${count} worlds, ${failures} failed`)
  return failures === 0 ? 0 : 1
}

/** Two worlds of three keep to what ordered streams can show, since those promise the most. */
function modeOf(index: number): FaultMode {
  return index % 3 === 2 ? 'misbehaving' : 'stream'
}

function printFailure(result: WorldResult, repeated: WorldResult, flags: WorldFlags): void {
  for (const { invariant, atMs, step, message } of result.violations) {
    console.log(`  ${invariant} at ${formatInstant(atMs)}, step ${step}: ${message}`)
  }
  if (repeated.traceHash !== result.traceHash) {
    console.log(`  the same seed gave ${result.traceHash} and then ${repeated.traceHash}`)
  }
  const { hours, publishes } = flags
  console.log(
    `  replay: meterline-sim world --seeds 1 --seed ${result.seed} --faults ${result.mode} --hours ${hours} --publishes ${publishes} --trace`,
  )
}

function summary({ seed, mode, traceHash, statistics, violations }: WorldResult): string {
  const {
    charged,
    suspendedAtAggregator,
    suspendedAtAgents,
    agentCrashes,
    aggregatorCrashes,
    partitions,
    connections,
    steps,
  } = statistics
  const held = violations.length === 0 ? 'ok' : `${violations.length} violations`
  return (
    `${seed} ${mode} ${traceHash.slice(0, 12)}: ${statistics.publishes} publishes, ${charged} charged, ` +
    `${suspendedAtAggregator + suspendedAtAgents} suspended, ${agentCrashes}+${aggregatorCrashes} crashes, ` +
    `${partitions} partitions, ${connections} connections, ${steps} steps: ${held}`
  )
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above zero')
  return value
}
