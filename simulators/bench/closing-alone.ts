import { parseArgs } from 'node:util'
import { closingTenant } from '../scenarios/closing-tenant.ts'
import { closedMonths, makeBooks, openCloser } from './closing-books.ts'
import { cpuMicrosOf, residentBytesOf } from './process-usage.ts'

/** What closing a month came to, in a process that had closed the one before. */
export interface ClosingReport {
  readonly documents: number
  readonly seconds: number
  readonly cpuMicrosPerDocument: number
  /** With the books open and nothing closed. */
  readonly openedBytes: number
  /** The most that was resident at any time. */
  readonly peakBytes: number
}

const { values } = parseArgs({
  options: { folder: { type: 'string' }, customers: { type: 'string' }, step: { type: 'string' } },
})
const folder = values.folder ?? ''
if (values.step === 'books') await makeBooks(folder, Number(values.customers))
const report = values.step === 'books' ? null : await closeMonths()
process.stdout.write(`${JSON.stringify(report)}\n`)

async function closeMonths(): Promise<ClosingReport | null> {
  const aggregator = await openCloser(folder)
  const openedBytes = residentBytesOf(process.pid)
  let report: ClosingReport | null = null
  for (const period of closedMonths) {
    const cpuBefore = cpuMicrosOf(process.pid)
    const startedMs = performance.now()
    const closed = await aggregator.commands.closePeriod({ tenant: closingTenant, period }, () => undefined)
    if (!closed.ok) throw new Error(closed.fault.message)
    const documents = closed.value.documents.length
    report = {
      documents,
      seconds: (performance.now() - startedMs) / 1_000,
      cpuMicrosPerDocument: (cpuMicrosOf(process.pid) - cpuBefore) / documents,
      openedBytes,
      peakBytes: process.resourceUsage().maxRSS * 1_024,
    }
  }
  await aggregator.close()
  return report
}
