import { join } from 'node:path'
import { closingTenant } from '../scenarios/closing-tenant.ts'
import { runChild } from './child-program.ts'
import type { ClosingReport } from './closing-alone.ts'
import { alone, beside } from './measurement.ts'
import type { BenchRun, Measurement } from './measurement.ts'

const megabyte = 1e6

/** What a billing run takes, and that it takes no more per account the more accounts there are. */
export const closingMeasurement: Measurement = {
  name: 'close-period',
  about: 'closing a month of very many accounts, beside raw writes of the same documents in the same commits',
  run: async (bench) => {
    const [few, many] = bench.quick ? [50, 200] : [1_000, 10_000]
    const small = await closed(bench, few)
    const large = await closed(bench, many)
    const raw = await bench.during('raw writes', async () => {
      const args = ['--books', booksFile(bench, many), '--file', join(bench.folder, 'raw.db')]
      return (await runChild({ file: 'raw-documents.ts', args })) as { readonly perSecond: number }
    })
    const name = `close-period of ${shown(many)} accounts`
    return [
      alone(name, 's', large.seconds, 'fees, usage of three meters, allowances, tax; a contract for every fourth'),
      beside(`${name}, beside raw writes`, 'documents/s', large.documents / large.seconds, raw.perSecond, {
        note: 'of the same bytes, 50 documents in each commit',
      }),
      beside(`${name}, growth`, 'µs/document', large.cpuMicrosPerDocument, small.cpuMicrosPerDocument, {
        goal: { sense: 'at most', value: 1.2, of: 'ratio' },
        note: `CPU time, beside that of ${shown(few)} accounts`,
      }),
      beside(`${name}, memory`, 'MB', large.peakBytes / megabyte, large.openedBytes / megabyte, {
        note: 'the most that was resident, beside the books open and nothing closed',
      }),
      alone(`close-period of ${shown(few)} accounts`, 's', small.seconds),
      alone(`close-period of ${shown(few)} accounts, memory`, 'MB', small.peakBytes / megabyte),
    ]
  },
}

async function closed(bench: BenchRun, customers: number): Promise<ClosingReport> {
  const folder = booksFolder(bench, customers)
  const args = ['--folder', folder, '--customers', String(customers)]
  await bench.during(`books of ${shown(customers)} accounts`, () =>
    runChild({ file: 'closing-alone.ts', args: [...args, '--step', 'books'] }),
  )
  return await bench.during(`closing ${shown(customers)} accounts`, async () => {
    return (await runChild({ file: 'closing-alone.ts', args: [...args, '--step', 'close'] })) as ClosingReport
  })
}

function booksFolder({ folder }: BenchRun, customers: number): string {
  return join(folder, String(customers))
}

function booksFile(bench: BenchRun, customers: number): string {
  return join(booksFolder(bench, customers), `${closingTenant}.db`)
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
