import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { composeAggregator } from '@meterline/aggregator/compose.ts'
import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import { defaultLimits } from '@meterline/aggregator/config.ts'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { jsonLog } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { buildRandomRuns } from '@meterline/shared/sqlite/key-index/bulk-build.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { AggregatorMessage, BatchMessage } from '@meterline/shared/wire/messages.ts'
import { benchTenant, benchTenantFile } from './bench-tenant.ts'
import { BatchSealer } from './batch-sealer.ts'
import { cpuMicrosOf, residentBytesOf } from './process-usage.ts'

/** What the aggregator came to. */
export interface AggregatorAloneReport {
  readonly events: number
  readonly perSecond: number
  readonly cpuMicrosPerEvent: number
  readonly residentBytes: number
}

const agentId = 'gw-1'
const devices = Array.from({ length: 500 }, (_, index) => `trk-${index}`)
const unitsPerBatch = 1_000
const warmUpBatches = 20
/** Batches an agent keeps under way. */
const window = 16

const { values } = parseArgs({
  options: { folder: { type: 'string' }, keys: { type: 'string' }, batches: { type: 'string' } },
})
const folder = join(values.folder ?? '', 'books')
const sealer = new BatchSealer({ tenant: benchTenant, agent: agentId, devices, unitsPerBatch })
const signingKey = openSigningKey(generateSigningKey().privatePem)

const compose = (): Promise<RunningAggregator> =>
  composeAggregator({
    dataDirectory: folder,
    signingKey,
    clock: systemClock(),
    random: systemRandom(),
    log: jsonLog({ level: 'warn', destination: 'stderr' }),
  })

await prepareBooks()
const count = Number(values.batches)
const warmUp = Array.from({ length: warmUpBatches }, () => sealer.next())
const measured = Array.from({ length: count }, () => sealer.next())
const aggregator = await compose()
const feed = openFeed(aggregator)
await feed(warmUp)
const cpuBefore = cpuMicrosOf(process.pid)
const startedMs = performance.now()
await feed(measured)
const seconds = (performance.now() - startedMs) / 1000
const events = count * unitsPerBatch
const report: AggregatorAloneReport = {
  events,
  perSecond: events / seconds,
  cpuMicrosPerEvent: (cpuMicrosOf(process.pid) - cpuBefore) / events,
  residentBytes: residentBytesOf(process.pid),
}
checkCharged(aggregator, events + warmUpBatches * unitsPerBatch)
await aggregator.close()
process.stdout.write(`${JSON.stringify(report)}\n`)

/** Makes the tenant's file, with its catalogue and as many event keys as asked for. */
async function prepareBooks(): Promise<void> {
  const preparing = await compose()
  const text = benchTenantFile(devices, [{ id: agentId, signingKey: sealer.publicKeyBase64 }])
  const applied = await preparing.commands.apply('bench.yaml', text, { dryRun: false })
  if (!applied.ok) throw new Error(applied.fault.message)
  await preparing.close()
  const db = openDatabase({ file: join(folder, `${benchTenant}.db`) })
  const { keyMemtableKeys } = defaultLimits
  buildRandomRuns(db, { keys: Number(values.keys), memtableKeys: keyMemtableKeys, seed: 1, arrivedMs: Date.now() })
  db.close()
}

/**
 * Opens a session as an agent does. The function it returns sends batches, keeping `window` of them under way, and
 * resolves when every one is receipted and rated.
 */
function openFeed(target: RunningAggregator): (batches: readonly BatchMessage[]) => Promise<void> {
  let onReceipt: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const peer = { tenant: benchTenant, agent: agentId, address: 'bench' }
  const session = target.openEdgeSession(peer, {
    send: (message: AggregatorMessage) => {
      if (message.kind === 'receipt') onReceipt()
      if (message.kind === 'refusal') fail(new Error(`${message.code}: ${message.message}`))
    },
    close: (fault) => fail(new Error(fault.message)),
  })
  session.onMessage(sealer.hello())
  return async (batches) => {
    await new Promise<void>((resolve, reject) => {
      let sent = 0
      let receipts = 0
      const sendNext = (): void => {
        const batch = batches[sent]
        if (batch === undefined) return
        sent++
        session.onMessage(batch)
      }
      fail = reject
      onReceipt = () => {
        receipts++
        if (receipts === batches.length) resolve()
        // The next message comes out of the socket in a turn of its own.
        else setImmediate(sendNext)
      }
      for (let first = 0; first < window; first++) sendNext()
    })
    while (unrated(target) > 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

function unrated(target: RunningAggregator): number {
  const status = target.commands.tenantStatus(benchTenant)
  if (!status.ok) throw new Error(status.fault.message)
  return status.value.unratedBatches
}

function checkCharged(target: RunningAggregator, expected: number): void {
  const status = target.commands.tenantStatus(benchTenant)
  if (!status.ok) throw new Error(status.fault.message)
  const { units, suspended, duplicates } = status.value
  if (units !== expected || suspended !== 0 || duplicates !== 0) {
    throw new Error(
      `of ${expected} events ${units} arrived, ${suspended} were suspended, ${duplicates} were duplicates`,
    )
  }
}
