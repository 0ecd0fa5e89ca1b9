import { join } from 'node:path'
import type { AggregatorAloneReport } from './aggregator-alone.ts'
import { canPin, runChild } from './child-program.ts'
import { alone, against, beside } from './measurement.ts'
import type { Measurement } from './measurement.ts'
import { rawRowsPerSecond } from './raw-rows-process.ts'

/** The aggregator on one core: signed batches in, receipts out, everything rated on three legs and posted. */
export const aggregatorMeasurement: Measurement = {
  name: 'aggregator',
  about: 'aggregator alone on one core, millions of keys present, beside raw inserts of the same keys and rows',
  run: async (bench) => {
    const keysPresent = bench.quick ? 500_000 : 10_000_000
    const batches = bench.quick ? 40 : 800
    const pinned = canPin() ? 'pinned to one core' : 'not pinned: no taskset here'
    const note = `${keysPresent.toLocaleString('en')} keys present, ${pinned}`
    const args = ['--folder', bench.folder, '--keys', String(keysPresent), '--batches', String(batches)]
    const report = await bench.during('aggregator', async () => {
      return (await runChild({ file: 'aggregator-alone.ts', args, onOneCore: true })) as AggregatorAloneReport
    })
    const raw = await bench.during('raw inserts', () =>
      rawRowsPerSecond({
        file: join(bench.folder, 'raw.db'),
        rows: bench.quick ? 20_000 : 200_000,
        keysPresent,
        onOneCore: true,
      }),
    )
    return [
      against(
        'aggregator alone, three legs',
        'events/s',
        report.perSecond,
        { sense: 'at least', value: 100_000 },
        note,
      ),
      beside('aggregator alone, beside raw inserts', 'events/s', report.perSecond, raw, {
        goal: { sense: 'at least', value: 0.4, of: 'ratio' },
      }),
      alone('aggregator alone, CPU', 'µs/event', report.cpuMicrosPerEvent),
      alone('aggregator alone, memory', 'MB', report.residentBytes / 1e6),
    ]
  },
}
