import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-rows-'))
  const nowMs = Date.UTC(2025, 6, 1)
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('rows'), log: silentLog() })
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** acme's file with a matrix that prices input tokens of these models, in EUR for a million. */
function withRows(...rows: readonly (readonly [model: string, amount: string])[]): (file: string) => string {
  const written = rows.map(
    ([model, amount]) => `{ when: { model: ${model} }, amounts: { ai.input_tokens: "${amount}" } }`,
  )
  return (file) =>
    file
      .replace(
        'prices:\n',
        `matrices: [{ id: llm, dimensions: [model], per: 1000000, rows: [${written.join(', ')}] }]\nprices:\n`,
      )
      .replace('model: per-unit, per: 1000000, amount: "3.00"', 'model: matrix, matrix: llm')
}

function use(id: string, model: string): void {
  const measured = [{ meter: 'ai.input_tokens', quantity: 1_000_000n }]
  tenant.use([usageEvent({ id, source: 'llm', subject: 'llm-1', labels: [['model', model]], measured })])
}

function disposition(id: string): unknown {
  const found = tenant.commands.dispositions('acme', [{ source: 'llm', id }])
  if (!found.ok) throw new Error(found.fault.message)
  return found.value[0]
}

test('usage without a row waits, and a row that is added releases it without touching what was charged', async () => {
  tenant.apply(withRows(['large', '3']))
  use('a', 'large')
  use('b', 'new')
  expect(disposition('b')).toMatchObject({
    kind: 'suspended',
    code: 'no_price_row',
    message: 'the price ai-input of ai.input_tokens has no row for model "new": add such a row and replay',
  })

  expect(tenant.apply(withRows(['large', '4'], ['new', '5']))).toMatchObject({ ok: false })
  expect(tenant.apply(withRows(['large', '3'], ['new', '5']))).toMatchObject({ ok: true, value: { applied: true } })
  const everything = { units: null, code: null, source: null, dryRun: false, by: 'Ada' }
  const replayed = await tenant.clock.until(tenant.commands.suspenseReplay('acme', everything))
  expect(replayed).toMatchObject({ ok: true, value: { units: [{ outcome: 'released' }] } })
  use('c', 'large')

  const charged = (micros: string) => ({
    kind: 'charged',
    amountMicros: micros,
    legs: [{ price: 'ai-input', meter: 'ai.input_tokens', amountMicros: micros }],
  })
  // The price that the first event was charged at stands in the earlier version only, and still has its name.
  expect(disposition('a')).toMatchObject(charged('3000000'))
  expect(disposition('b')).toMatchObject(charged('5000000'))
  expect(disposition('c')).toMatchObject(charged('3000000'))

  const closed = await tenant.clock.until(
    closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period: '2025-06' }),
  )
  expect(closed).toMatchObject({ ok: true, value: { documents: [{ buyer: 'bright', total: '11.00' }] } })
  tenant.clock.advance(10_000)
  tenant.registry.close()
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  expect(report).toMatchObject({ ok: true, value: { problems: [] } })
})
