import { composeAggregator, type RunningAggregator } from '@meterline/aggregator/compose.ts'
import { SealingAgent } from '@meterline/aggregator/flow/fixtures/sealing-agent.ts'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { jsonLog } from '@meterline/shared/base/log.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { closingTenant, closingTenantFile, closingUsage } from '../scenarios/closing-tenant.ts'

/** The months whose bills are issued, one after the other: the first one warms up. */
export const closedMonths = ['2026-08', '2026-09'] as const
export const measuredMonth = closedMonths[1]
const eventsPerBatch = 500
const dayMs = 86_400_000

/** The aggregator over books in a folder. */
export function openCloser(folder: string): Promise<RunningAggregator> {
  return composeAggregator({
    dataDirectory: folder,
    signingKey: openSigningKey(generateSigningKey().privatePem),
    clock: systemClock(),
    random: systemRandom(),
    log: jsonLog({ level: 'warn', destination: 'stderr' }),
  })
}

/** Makes books of so many customers that have used something in every month, all of it rated. */
export async function makeBooks(folder: string, customers: number): Promise<void> {
  const aggregator = await openCloser(folder)
  const sealing = new SealingAgent(closingTenant, 'gw-1')
  const agent = { id: 'gw-1', signingKey: sealing.key.publicKeyBase64 }
  const text = closingTenantFile({ customers, agent, cycle: null, progressiveAmount: null, from: '2026-08-01' })
  const applied = await aggregator.commands.apply('closing.json', text, { dryRun: false })
  if (!applied.ok) throw new Error(`${applied.fault.message} ${applied.mistakes[0]?.message ?? ''}`)
  const deliver = openDelivery(aggregator, sealing)
  for (const month of closedMonths) {
    const startMs = Date.parse(`${month}-01T00:00:00Z`)
    let events: UsageEvent[] = []
    for (const event of closingUsage(month, customers, [startMs, startMs + dayMs])) {
      events.push(event)
      if (events.length < eventsPerBatch) continue
      await deliver(events)
      events = []
    }
    if (events.length > 0) await deliver(events)
  }
  while (unrated(aggregator) > 0) await new Promise((resolve) => setImmediate(resolve))
  await aggregator.close()
}

/** Opens a session as an agent does; the function it returns sends a batch and resolves with its receipt. */
function openDelivery(
  aggregator: RunningAggregator,
  sealing: SealingAgent,
): (events: readonly UsageEvent[]) => Promise<void> {
  let onMessage: (message: AggregatorMessage) => void = () => undefined
  const peer = { tenant: closingTenant, agent: 'gw-1', address: 'bench' }
  const session = aggregator.openEdgeSession(peer, {
    send: (message) => onMessage(message),
    // Whatever ends it is said in a refusal before.
    close: () => undefined,
  })
  session.onMessage(sealing.hello())
  return async (events) =>
    await new Promise<void>((resolve, reject) => {
      onMessage = (message) => {
        if (message.kind === 'receipt') resolve()
        if (message.kind === 'refusal') reject(new Error(`${message.code}: ${message.message}`))
      }
      session.onMessage(sealing.seal(events))
    })
}

function unrated(aggregator: RunningAggregator): number {
  const status = aggregator.commands.tenantStatus(closingTenant)
  if (!status.ok) throw new Error(status.fault.message)
  const { suspended, unratedBatches } = status.value
  if (suspended > 0) throw new Error(`${suspended} events were suspended`)
  return unratedBatches
}
