import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { BillingBooks } from './billing-books.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const nowMs = Date.UTC(2025, 5, 21)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-progressive-'))
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('progressive'), log: silentLog() })
  const applied = tenant.apply((file) =>
    file
      .replace(
        'subscriptions:\n',
        'billingProfiles:\n  - { id: logistics, progressiveAmount: "0.06" }\nsubscriptions:\n',
      )
      .replace(
        /(- \{ id: tracker, [^\n]*) \}\n/,
        '$1, allowances: [{ id: included, meter: data.bytes, quantity: 5000 }] }\n',
      ),
  )
  if (!applied.ok) throw new Error(applied.fault.message)
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function use(id: string, bytes: bigint): void {
  tenant.use([usageEvent({ id, measured: [{ meter: 'data.bytes', quantity: bytes }] })])
}

function issued(): readonly string[] {
  return tenant.service.store.documents.list(null).map(({ number, total }) => `${number} ${total}`)
}

test('what is included does not make an invoice due in the middle of a period; the batch that brings enough does', () => {
  // 0.02 for 1,000, beyond 5,000 half of it, and the first 5,000 are included: charged are 0.12 by then, due are 0.04.
  use('a', 4_000n)
  use('b', 3_000n)
  expect(issued()).toEqual([])
  // Due are 0.052: on the invoice 0.126 charged and 0.074 included, each rounded by itself.
  use('c', 600n)
  expect(issued()).toEqual(['nordlink-000001 0.06'])
  use('d', 2_000n)
  use('e', 1_000n)
  expect(issued()).toEqual(['nordlink-000001 0.06'])
  // 0.06 are charged and not billed by now; what the included ones were worth shrinks, since they are the first ones.
  use('f', 3_000n)
  expect(issued()).toEqual(['nordlink-000001 0.06', 'nordlink-000002 0.08'])
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  expect(report).toMatchObject({ ok: true, value: { problems: [] } })
})

test('sums without charges are those that a bill is made of', () => {
  use('a', 4_321n)
  use('b', 2_345n)
  const { store, inForce } = tenant.service
  expect(inForce).not.toBeNull()
  if (inForce === null) return
  const books = new BillingBooks(store, inForce)
  const period = books.period('2025-06')
  expect(period.ok).toBe(true)
  if (!period.ok) return
  for (const relation of books.relationsOf('logistics', period.value)) {
    for (const role of ['own', 'progressive', 'correction'] as const) {
      const [whole, sums] = (['charges', 'sums'] as const).map((wanted) =>
        books
          .part(relation, period.value, role, wanted)
          .lines.map((line) => [line.key, line.quantity, line.amountMicros]),
      )
      expect(whole?.length).toBeGreaterThan(0)
      expect(sums).toEqual(whole)
    }
  }
})
