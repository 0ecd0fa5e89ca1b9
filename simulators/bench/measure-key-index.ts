import { runChild } from './child-program.ts'
import type { KeyIndexReport } from './key-index-alone.ts'
import { against, alone } from './measurement.ts'
import type { Measurement } from './measurement.ts'

/** The event-key index by itself, on one core. */
export const keyIndexMeasurement: Measurement = {
  name: 'key-index',
  about: 'event keys looked up, staged and committed 1,000 at a time, millions present',
  run: async (bench) => {
    const keysPresent = bench.quick ? 500_000 : 10_000_000
    const batches = bench.quick ? 200 : 2_000
    const args = ['--folder', bench.folder, '--keys', String(keysPresent), '--batches', String(batches)]
    const report = await bench.during('key index', async () => {
      return (await runChild({ file: 'key-index-alone.ts', args, onOneCore: true })) as KeyIndexReport
    })
    const note = `${keysPresent.toLocaleString('en')} keys present`
    return [
      against(
        'key index, absent key found and stored',
        'keys/s',
        report.stagedPerSecond,
        { sense: 'at least', value: 400_000 },
        note,
      ),
      alone('key index, known key found', 'keys/s', report.foundPerSecond),
      alone('key index, commit p99', 'ms', report.commitP99Ms),
    ]
  },
}
