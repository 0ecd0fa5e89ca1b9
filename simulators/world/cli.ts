import { systemRandom } from '@meterline/shared/base/random.ts'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { faultGroups } from '../faults/fault-groups.ts'
import type { FaultGroup } from '../faults/fault-groups.ts'
import { faultModes } from '../faults/fault-mode.ts'
import type { FaultMode } from '../faults/fault-mode.ts'
import { wholeNumber } from '../whole-number.ts'

interface WorldFlags {
  readonly seeds: number
  readonly seed?: string
  readonly jobs?: number
  readonly minutes?: number
  readonly modes?: readonly FaultMode[]
  readonly hours?: number
  readonly days?: number
  readonly publishes?: number
  readonly without?: readonly FaultGroup[]
  readonly twice: number
  readonly trace?: boolean
  readonly shrink?: boolean
  readonly record?: boolean
  readonly json?: boolean
}

const hoursPerDay = 24

/** Adds `world`: simulated hours or months of an aggregator and its agents under faults, from a seed each, judged by the oracle. */
export function addWorldCommand(program: Command): void {
  program
    .command('world')
    .description(
      'Runs an aggregator and its agents from the production code on a virtual clock, with crashes, partitions, failing disks and bad input, and checks the invariants. Exit code 1 when one was violated.',
    )
    .option('--seeds <count>', 'how many worlds to run', positiveWhole, 100)
    .option('--seed <text>', 'seed of the first world (default: a fresh one); with --seeds 1 this replays a run')
    .option('--jobs <count>', 'threads (default: one for each processor)', positiveWhole)
    .option('--minutes <minutes>', 'begin no new world after so much real time', positive)
    .option(
      '--modes <list>',
      `what may go wrong, of ${faultModes.join(', ')} (default: all in turn)`,
      listOf(faultModes),
    )
    .option(
      '--hours <hours>',
      'simulated hours of usage and faults in each world (default: a quarter of one, in some 40 days)',
      positive,
    )
    .option('--days <days>', 'the same in days', positive)
    .option(
      '--publishes <count>',
      'payloads each device publishes in that time (default: 5, in long worlds 20)',
      positiveWhole,
    )
    .option('--without <list>', `faults to leave out, of ${faultGroups.join(', ')}`, listOf(faultGroups))
    .option('--twice <percent>', 'run so many of a hundred worlds twice and compare what happened', percent, 5)
    .option('--trace', 'print everything that happens')
    .option('--shrink', 'make the first world that fails smaller while it fails the same way')
    .option('--record', 'add the run to simulators/RESULTS.md')
    .option('--json', 'print the results as one JSON array')
    .action(async (flags: WorldFlags) => {
      const { runWorldCommand } = await import('./runner/command.ts')
      const { seeds, modes = faultModes, without = [], twice, days, hours } = flags
      process.exitCode = await runWorldCommand({
        firstSeed: flags.seed ?? Buffer.from(systemRandom().bytes(4)).toString('hex'),
        seeds,
        modes,
        without,
        hours: days === undefined ? (hours ?? null) : days * hoursPerDay,
        publishesPerDevice: flags.publishes ?? null,
        twicePercent: twice,
        jobs: flags.jobs ?? null,
        minutes: flags.minutes ?? null,
        trace: flags.trace ?? false,
        shrink: flags.shrink ?? false,
        record: flags.record ?? false,
        json: flags.json ?? false,
      })
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above zero')
  return value
}

function positiveWhole(text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('expected a whole number above zero')
  return value
}

function percent(text: string): number {
  const value = wholeNumber(text)
  if (value > 100) throw new InvalidArgumentError('expected a whole number from 0 to 100')
  return value
}

/** Reads a list with commas of which every name is a known one. */
function listOf<Name extends string>(known: readonly Name[]): (text: string) => readonly Name[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((each) => each === name.trim())
      if (found === undefined) throw new InvalidArgumentError(`expected names of ${known.join(', ')} with commas`)
      return found
    })
}
