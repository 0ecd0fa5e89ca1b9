import { rmSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { FleetFlags } from './fleets/run-fleet.ts'
import type { ReplayFlags } from './traces/replay-command.ts'

/** The simulators' command line: the demo, the fleets, replays, the world and the benchmarks. Modules load when used. */
export function buildProgram(): Command {
  const program = new Command('meterline-sim')
    .description('Fleets, trace replays, the simulated world, the demo and the benchmarks of Meterline.')
    .showHelpAfterError('(try --help)')

  program
    .command('demo')
    .description(
      'One aggregator and two agents as processes, a sample tenant, a fleet, the invoices, and every event accounted for.',
    )
    .option('--once', 'exit when the invoices and the account of all events have been printed')
    .option('--seed <text>', 'seed of the fleet', 'demo')
    .option('--messages <count>', 'messages per tracker', wholeNumber, 400)
    .option('--calls <count>', 'calls per AI server', wholeNumber, 1000)
    .option('--json', 'print the result as one JSON object instead of tables')
    .action(async (options: { once?: boolean; seed: string; messages: number; calls: number; json?: boolean }) => {
      const { runDemo } = await import('./scenarios/demo.ts')
      process.exitCode = await runDemo({
        folder: '.meterline/demo',
        once: options.once ?? false,
        seed: options.seed,
        messagesPerTracker: options.messages,
        callsPerServer: options.calls,
        json: options.json ?? false,
      })
    })

  program
    .command('reset')
    .description('Removes the state of the demo and the benchmarks (./.meterline).')
    .action(() => {
      rmSync('.meterline', { recursive: true, force: true })
      console.log('removed ./.meterline')
    })

  program
    .command('fleet')
    .description('Publishes a seeded fleet of trackers and AI servers over MQTT to one or more agents.')
    .requiredOption('--url <url...>', 'MQTT address of each agent, for example mqtt://127.0.0.1:1883')
    .option('--seed <text>', 'the same seed publishes the same messages', 'fleet')
    .option('--messages <count>', 'messages per tracker', wholeNumber, 100)
    .option('--calls <count>', 'calls per AI server', wholeNumber, 100)
    .option('--month <YYYY-MM>', 'the month the usage falls into (default: the month before this one)')
    .option('--secrets <file>', 'JSON file {device: password}; without it devices connect anonymously (loopback only)')
    .option('--prefix <topic>', 'topic prefix', 'meter/v1')
    .option('--json', 'print the summary as JSON')
    .action(async (options: FleetFlags) => {
      const { runFleetCommand } = await import('./fleets/run-fleet.ts')
      await runFleetCommand(options)
    })

  const replay = program.command('replay').description('Replays real traces over MQTT.')
  replay
    .command('azure-llm')
    .description(
      'Azure LLM inference trace (CSV): one AI call a row, under the gen_ai names, ids stable between replays.',
    )
    .argument('<csv>', 'the trace file')
    .requiredOption('--url <url>', 'MQTT address of the agent')
    .option('--device <id>', 'device (client id) that publishes', 'llm-1')
    .option('--password-file <file>', "file with the device's password")
    .option('--model <name>', 'model name put into every call', 'gpt-4')
    .option('--from <row>', 'first row', wholeNumber, 0)
    .option('--to <row>', 'row after the last', wholeNumber, Number.MAX_SAFE_INTEGER)
    .addOption(new Option('--speed <factor>', "'max', or how many times faster than real time").default('max'))
    .option('--window <count>', 'messages unacknowledged at most', wholeNumber, 500)
    .option('--prefix <topic>', 'topic prefix', 'meter/v1')
    .option('--json', 'print the summary as JSON')
    .action(async (csv: string, options: ReplayFlags) => {
      const { runReplayCommand } = await import('./traces/replay-command.ts')
      await runReplayCommand(csv, options)
    })

  program
    .command('world')
    .description('Simulates one aggregator and two agents on a virtual clock under faults, checked by an oracle.')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_options: object, command: Command) => {
      const { addWorldCommand } = await import('./world/cli.ts')
      const world = new Command('meterline-sim')
      addWorldCommand(world)
      await world.parseAsync(['world', ...command.args], { from: 'user' })
    })

  program
    .command('bench')
    .description(
      'Measures intake, end to end, aggregator, memory and bytes beside raw limits; writes .meterline/bench.json.',
    )
    .option('--only <pattern>', 'run only the measurements whose name contains this')
    .option('--quick', 'shorter runs; figures are then only a smoke test')
    .action(async (options: { only?: string; quick?: boolean }) => {
      const { runBench } = await import('./bench/run-bench.ts')
      process.exitCode = await runBench(options)
    })
  return program
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number')
  return value
}
