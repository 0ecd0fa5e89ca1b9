import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { TenantStore } from '../store/tenant-store.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { receiveBatches } from './receive-batch.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
/** More than are rated in one turn, so that some are left when the close is asked for. */
const unratedBatches = 20

let dataDirectory = ''
let tenant: TestTenant | null = null
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-unrated-'))
})
afterEach(() => {
  tenant?.registry.kill()
  tenant = null
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(nowMs: number, agent?: TestTenant['agent']): TestTenant {
  const random = seededRandom('unrated')
  const parts = { dataDirectory, signingKey, nowMs, random, log: silentLog() }
  return (tenant = new TestTenant(agent === undefined ? parts : { ...parts, agent }))
}

/** Batches that were received by a process which ended before it rated them. */
function receiveOnly({ agent }: TestTenant): void {
  const store = new TenantStore({
    file: tenantFile(dataDirectory, 'acme'),
    disk: temporaryDisk,
    keyMemtableKeys: 1024,
    keysPerCommit: 1024,
  })
  const sender = { tenant: 'acme', agent: 'gw-1', address: '10.0.0.1:5000' }
  const registered = { signingKey: agent.key.publicKeyBase64, epoch: 1 }
  for (let count = 0; count < unratedBatches; count++) {
    const message = agent.seal([usageEvent({ id: `e${count}` })])
    const { answers } = receiveBatches(store, () => registered, [{ sender, message }], usageTimeMs)
    expect(answers).toMatchObject([{ message: { kind: 'receipt' } }])
  }
  store.close()
}

test('what was received before a period is closed is on its documents, also what waits to be rated', async () => {
  const before = start(usageTimeMs)
  before.apply()
  before.registry.close()
  receiveOnly(before)
  const after = start(Date.UTC(2025, 6, 1), before.agent)
  expect(after.service.hasUnrated).toBe(true)
  const { store } = after.service
  const closing = closePeriod(after.service, after.clock, { tenant: 'acme', period: '2025-06' })
  // Everything that waits for no timer is done by the end of this: without the rating nothing is closed.
  await new Promise((resolve) => void setImmediate(resolve))
  expect(store.documents.isBarred('2025-06')).toBe(false)
  expect(await after.clock.until(closing)).toMatchObject({ ok: true })
  expect(store.suspense.counts()).toEqual([])
  const charged = [...store.segments.accumulatorsOf('2025-06/').values()].map(({ events }) => events)
  expect(charged.length).toBeGreaterThan(0)
  expect(new Set(charged)).toEqual(new Set([unratedBatches]))
  // Charged later would be enough for the segments, but not for those who got their bill by now.
  const used = [...store.documents.all()]
    .map(({ bytes }) => decodeInvoice(bytes))
    .flatMap((decoded) => (decoded.ok ? decoded.value.sections : []))
    .flatMap(({ lines }) => lines)
    .filter(({ chargeBlocks }) => chargeBlocks > 0)
  expect(used.length).toBeGreaterThan(0)
  expect(new Set(used.map(({ events }) => events))).toEqual(new Set([unratedBatches]))
})
