import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)

/** What may happen to six events of one month: each is used once, half of them are voided at some time after. */
type Step =
  | { readonly kind: 'use'; readonly event: number }
  | { readonly kind: 'void'; readonly event: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'correct' }

const events = [0, 1, 2, 3, 4, 5]
const isVoided = (event: number): boolean => event % 2 === 0

/** Steps in a drawn order, but that nothing is voided before it is used, and that the month is closed and corrected at last. */
const drawnSteps: fc.Arbitrary<readonly Step[]> = fc
  .record({
    used: fc.shuffledSubarray(events, { minLength: events.length }),
    voided: fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
    billed: fc.array(fc.record({ at: fc.nat(20), kind: fc.constantFrom('close' as const, 'correct' as const) }), {
      maxLength: 4,
    }),
  })
  .map(({ used, voided, billed }) => {
    const steps: Step[] = used.map((event) => ({ kind: 'use', event }))
    for (const [place, event] of events.filter(isVoided).entries()) {
      const from = steps.findIndex((step) => step.kind === 'use' && step.event === event) + 1
      steps.splice(Math.max(from, voided[place] ?? 0), 0, { kind: 'void', event })
    }
    for (const { at, kind } of billed) steps.splice(at, 0, { kind })
    return [...steps, { kind: 'close' }, { kind: 'correct' }]
  })

const price = `  - { id: calls, meter: calls, model: volume, tiers: [{ upTo: 50, flat: "2", amount: "1" }, { amount: "0.5" }] }
`

function calls(event: number): UsageEvent {
  const measured = [{ meter: 'calls', quantity: BigInt(10 + event * 7) }]
  return usageEvent({ id: `e-${event}`, source: 'llm', subject: 'llm-1', measured })
}

async function take(tenant: TestTenant, step: Step): Promise<void> {
  const { clock, commands } = tenant
  if (step.kind === 'use') return tenant.use([calls(step.event)])
  if (step.kind === 'close')
    return void (await clock.until(commands.closePeriod({ tenant: 'acme', period: '2025-06' })))
  if (step.kind === 'correct') return void (await clock.until(commands.billCorrections('acme', {})))
  const targets = [{ source: 'llm', id: `e-${step.event}` }]
  const order = { targets, reason: 'a test', by: 'Ada', dryRun: false }
  expect(await clock.until(commands.usageVoid('acme', order))).toMatchObject({ value: { voided: 1 } })
}

function owed({ service }: TestTenant): bigint {
  const rows = service.store.documents.list(null).filter(({ buyer }) => buyer === 'bright')
  return rows.reduce((sum, { number }) => {
    const invoice = decodeInvoice(service.store.documents.find(number)?.bytes ?? new Uint8Array(0))
    if (!invoice.ok) throw new Error(invoice.fault.message)
    return sum + BigInt(invoice.value.total.invoicedMicros)
  }, 0n)
}

test('usage, voids, closings and corrections in any order end at the same total owed, and the books hold', async () => {
  await fc.assert(
    fc.asyncProperty(drawnSteps, async (steps) => {
      const dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-interleaving-'))
      const parts = { dataDirectory, signingKey, nowMs: Date.UTC(2025, 6, 1), random: seededRandom('order') }
      const tenant = new TestTenant({ ...parts, log: silentLog() })
      try {
        const applied = tenant.apply((file) =>
          file
            .replace('prices:\n', `  - { id: calls, unit: call }\nprices:\n${price}`)
            .replace('prices: [ai-input, ai-output]', 'prices: [ai-input, ai-output, calls]'),
        )
        if (!applied.ok) throw new Error(applied.fault.message)
        for (const step of steps) await take(tenant, step)
        // 17, 31 and 45 calls stay: 93 at 0.50.
        expect(owed(tenant)).toBe(46_500_000n)
        const file = tenantFile(dataDirectory, 'acme')
        expect(verifyBooks(file, 'acme', signingKey.publicKeyBase64)).toMatchObject({ value: { problems: [] } })
      } finally {
        tenant.registry.kill()
        rmSync(dataDirectory, { recursive: true, force: true })
      }
    }),
    { numRuns: 15 },
  )
})
