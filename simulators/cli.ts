import { rmSync } from 'node:fs'
import { Command } from 'commander'
import { addFleet } from './fleets/fleet-flags.ts'
import { addReplays } from './traces/replay-flags.ts'
import { wholeNumber } from './whole-number.ts'
import { addPlantedCommand } from './planted/cli.ts'
import { addWorldCommand } from './world/cli.ts'

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
    .command('workbench')
    .description('Runs one aggregator and one agent on files of your own: the place to bill a first device.')
    .option('--folder <folder>', 'where the files are; made the first time, kept ever after', 'workbench')
    .action(async (options: { folder: string }) => {
      const { runWorkbench } = await import('./scenarios/workbench.ts')
      process.exitCode = await runWorkbench(options.folder)
    })

  addFleet(program.command('fleet'))
  addReplays(
    program
      .command('replay')
      .description('Replays real traces over MQTT or HTTP, and says what the invoices should show.'),
  )

  addWorldCommand(program)
  addPlantedCommand(program)

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
