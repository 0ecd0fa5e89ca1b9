import type { Command } from 'commander'
import { wholeNumber } from '../whole-number.ts'
import type { PlantedFlags } from './hunt-command.ts'

/** Adds `planted`: hunts the defects of this folder, in worlds and tests, and says how each was caught. */
export function addPlantedCommand(program: Command): void {
  program
    .command('planted')
    .description(
      'Plants deliberate defects into the code as it is loaded and shows that a world or a test catches each.',
    )
    .option('--only <name>', 'hunt the defects whose name contains this')
    .option('--seeds <most>', 'worlds for each defect at most', wholeNumber, 1000)
    .option('--jobs <count>', 'threads (default: one for each processor)', wholeNumber)
    .option('--json', 'print the results as one JSON array')
    .option('--record', 'write simulators/PLANTED.md')
    .action(async (flags: PlantedFlags) => {
      const { huntCommand } = await import('./hunt-command.ts')
      process.exitCode = await huntCommand(flags)
    })
}
