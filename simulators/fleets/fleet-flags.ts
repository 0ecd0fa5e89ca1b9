import type { Command } from 'commander'
import { inPlainWords } from '../in-plain-words.ts'
import { wholeNumber } from '../whole-number.ts'
import type { FleetFileFlags } from './fleet-command.ts'
import type { FleetFlags } from './run-fleet.ts'

type Flags = FleetFlags & Omit<FleetFileFlags, 'file' | 'seed'> & { readonly file?: string }

/** The flags of `fleet`: with a file the fleet it describes, without one the demo's own. What it does is loaded when used. */
export function addFleet(fleet: Command): void {
  fleet
    .description('Publishes a seeded fleet over MQTT to one or more agents, and says what the invoices should show.')
    .option('--file <yaml>', 'the fleet; left out: the trackers and AI servers of the demo')
    .option('--url <url...>', 'MQTT address of each agent, for example mqtt://127.0.0.1:1883')
    .option('--seed <text>', "the same seed publishes the same messages (default: the file's, else 'fleet')")
    .option('--secrets <file>', 'JSON file {device: password}; without it devices connect anonymously (loopback only)')
    .option('--speed <factor>', "with a file: 'real', 'max', or how many times faster than real time", 'max')
    .option('--window <count>', 'with a file: messages of all devices unacknowledged at most', wholeNumber, 2000)
    .option(
      '--tenant-file',
      'with a file: publishes nothing and prints a tenant file under which the fleet can be billed',
    )
    .option('--mappings', 'with a file: publishes nothing and prints the mapping rules that agents need for it')
    .option('--messages <count>', 'without a file: messages per tracker', wholeNumber, 100)
    .option('--calls <count>', 'without a file: calls per AI server', wholeNumber, 100)
    .option('--month <YYYY-MM>', 'without a file: the month of the usage (default: the month before this one)')
    .option('--prefix <topic>', 'without a file: topic prefix', 'meter/v1')
    .option('--json', 'print the summary as JSON')
    .action(async (flags: Flags, command: Command) => {
      refuseMisplaced(flags, command)
      const { file } = flags
      if (file !== undefined) {
        const { runFleetFileCommand } = await import('./fleet-command.ts')
        await inPlainWords(async () => await runFleetFileCommand({ ...flags, file }))
        return
      }
      const { runFleetCommand } = await import('./run-fleet.ts')
      await inPlainWords(async () => await runFleetCommand({ ...flags, seed: flags.seed ?? 'fleet' }))
    })
}

/** A flag that would have no effect is a mistake of whoever typed it. */
function refuseMisplaced(flags: Flags, command: Command): void {
  const [misplaced, where] =
    flags.file === undefined
      ? [['speed', 'window', 'tenantFile', 'mappings'], 'with']
      : [['messages', 'calls', 'month', 'prefix'], 'without']
  const typed = misplaced.find((name) => command.getOptionValueSource(name) === 'cli')
  const flag = typed?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  if (flag !== undefined) command.error(`error: --${flag} has an effect only ${where} --file`)
  const prints = flags.tenantFile === true || flags.mappings === true
  if (flags.url === undefined && !prints) command.error("error: required option '--url <url...>' not specified")
}
