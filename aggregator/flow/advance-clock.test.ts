import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import type { AdvanceReport } from './advance-clock.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const began = Date.UTC(2025, 5, 10)
const on = (month: number, day: number): number => Date.UTC(2025, month - 1, day)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-clock-'))
  tenant = opened()
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function opened(agent?: TestTenant['agent']): TestTenant {
  const parts = { dataDirectory, signingKey, nowMs: began, random: seededRandom('clock'), log: silentLog() }
  return new TestTenant(agent === undefined ? parts : { ...parts, agent })
}

/** acme as a test tenant; the AI customer's months begin on the 15th and wait two days, the fleet's company has a threshold. */
const asTest = (file: string): string =>
  file
    .replace('currency: EUR\n', 'currency: EUR\ntest: true\n')
    .replace('prices:\n', 'prices:\n  - { id: port, model: recurring, due: in-arrears, amount: "7.50" }\n')
    .replace('prices: [ai-input, ai-output]', 'prices: [port, ai-input, ai-output]')
    .replace(
      'subscriptions:\n',
      `cycles:
  - { id: mid, day: 15 }
billingProfiles:
  - { id: bright, cycle: mid, grace: 2d }
  - { id: logistics, progressiveAmount: "0.10" }
subscriptions:
`,
    )

function data(id: string, quantity: bigint, timeMs: number): UsageEvent {
  return usageEvent({ id, timeMs, measured: [{ meter: 'data.bytes', quantity }] })
}

async function advance(toMs: number): Promise<AdvanceReport> {
  const moved = await tenant.clock.until(tenant.commands.clockAdvance('acme', { toMs, by: 'Ada' }))
  if (!moved.ok) throw new Error(moved.fault.message)
  return moved.value
}

const steps = ({ steps: found }: AdvanceReport): readonly (readonly unknown[])[] =>
  found.map(({ atMs, what, period, documents }) => [new Date(atMs).toISOString().slice(5, 10), what, period, documents])

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('the clock of a test tenant', () => {
  test('stands still, and is what everything of the tenant is dated by', async () => {
    tenant.apply(asTest)
    tenant.clock.advance(5 * 86_400_000)
    expect(tenant.commands.clockShow('acme')).toEqual({
      ok: true,
      value: { tenant: 'acme', nowMs: began, nextDueMs: on(6, 15), unclosed: [] },
    })
    expect(await advance(on(6, 12))).toEqual({ tenant: 'acme', fromMs: began, toMs: on(6, 12), steps: [] })
    tenant.use([data('a', 4_000n, on(6, 11))])
    expect(tenant.service.store.batches.find(tenant.service.store.ratingCursor())?.receivedMs).toBe(on(6, 12))
    expect(tenant.service.sealCheckpoint().ok).toBe(true)
    expect(tenant.service.store.checkpoints.latest()?.sealedMs).toBe(on(6, 12))
    expect(problems()).toEqual([])
  })

  test('on its way everything happens in the order of its instants, as if somebody had done it then', async () => {
    tenant.apply(asTest)
    tenant.use([data('a', 4_000n, on(6, 11)), data('ahead', 9_000n, on(7, 3))])
    const report = await advance(on(8, 1))
    expect(steps(report)).toEqual([
      ['06-15', 'waits', '2025-05~mid', []],
      ['06-17', 'closed', '2025-05~mid', ['acme-000001']],
      ['07-01', 'closed', '2025-06', ['acme-000002', 'nordlink-000001']],
      // 9,000 in July come to 0.14, which is above the threshold as soon as it is July.
      ['07-01', 'progressive', '2025-07', ['nordlink-000002']],
      ['07-15', 'waits', '2025-06~mid', []],
      ['07-17', 'closed', '2025-06~mid', ['acme-000003']],
      ['08-01', 'closed', '2025-07', ['acme-000004']],
    ])
    const issued = [...tenant.service.store.documents.all()].toSorted((one, other) => one.logIndex - other.logIndex)
    const documents = issued.map(({ number, bytes }) => {
      const invoice = decodeInvoice(bytes)
      return [number, invoice.ok ? invoice.value.issuedAt.slice(0, 10) : '', invoice.ok && invoice.value.test]
    })
    expect(documents).toEqual([
      ['acme-000001', '2025-06-17', true],
      ['acme-000002', '2025-07-01', true],
      ['nordlink-000001', '2025-07-01', true],
      ['nordlink-000002', '2025-07-01', true],
      ['acme-000003', '2025-07-17', true],
      ['acme-000004', '2025-08-01', true],
    ])
    expect(steps(await advance(on(8, 1)))).toEqual([])
    expect(problems()).toEqual([])
  })

  test('comes to the same in many steps, and after the service was killed on the way', async () => {
    tenant.apply(asTest)
    tenant.use([data('a', 4_000n, on(6, 11)), data('ahead', 9_000n, on(7, 3))])
    const found: (readonly unknown[])[] = []
    for (const toMs of [on(6, 15), on(6, 16), on(6, 30), on(7, 1), on(7, 16), on(7, 20), on(8, 1)]) {
      found.push(...steps(await advance(toMs)))
      tenant.registry.kill()
      tenant = opened(tenant.agent)
      expect(tenant.commands.clockShow('acme')).toMatchObject({ ok: true, value: { nowMs: toMs } })
    }
    expect(found.map(([, what, period]) => [what, period])).toEqual([
      ['waits', '2025-05~mid'],
      ['closed', '2025-05~mid'],
      ['closed', '2025-06'],
      ['progressive', '2025-07'],
      ['waits', '2025-06~mid'],
      ['closed', '2025-06~mid'],
      ['closed', '2025-07'],
    ])
    expect(problems()).toEqual([])
  })

  test('what was cut off between a move and its closings is done by the next command', async () => {
    tenant.apply(asTest)
    tenant.use([data('a', 4_000n, on(6, 11))])
    await advance(on(6, 18))
    const { store } = tenant.service
    const cutOff = Promise.allSettled([tenant.commands.clockAdvance('acme', { toMs: on(7, 2), by: 'Ada' })])
    // The move to July is committed at once, its closings wait for their turn.
    for (let turn = 0; turn < 50 && store.testClock.latest()?.toMs !== on(7, 1); turn++) {
      tenant.clock.advance(0)
      await Promise.resolve()
    }
    expect(store.documents.list('2025-06')).toEqual([])
    tenant.registry.kill()
    expect(await tenant.clock.until(cutOff)).not.toMatchObject([{ value: { ok: true } }])
    tenant = opened(tenant.agent)
    expect(tenant.commands.clockShow('acme')).toMatchObject({ value: { nowMs: on(7, 1), unclosed: ['2025-06'] } })
    expect(steps(await advance(on(7, 1)))).toEqual([['07-01', 'closed', '2025-06', ['acme-000002', 'nordlink-000001']]])
    expect(problems()).toEqual([])
  })

  test('dated terms take effect by it', async () => {
    tenant.apply(asTest)
    const cancel = tenant.commands.subscriptionChange('acme', {
      subscription: 'bright-ai',
      command: { kind: 'cancel', atMs: on(6, 20) },
      dryRun: false,
      backdate: false,
      by: 'Ada',
    })
    expect(cancel).toMatchObject({ ok: true })
    await advance(on(6, 21))
    const state = (): unknown => tenant.commands.subscriptionShow('acme', 'bright-ai')
    expect(state()).toMatchObject({ ok: true, value: { state: 'ended' } })
    const undo = tenant.commands.subscriptionChange('acme', {
      subscription: 'bright-ai',
      command: { kind: 'undo', atMs: on(6, 20), what: null },
      dryRun: false,
      backdate: false,
      by: 'Ada',
    })
    expect(undo.ok).toBe(false)
  })

  test('goes forward only, by one command at a time, and not too far at once', async () => {
    tenant.apply(asTest)
    const ask = (toMs: number): Promise<unknown> => tenant.commands.clockAdvance('acme', { toMs, by: 'Ada' })
    expect(await ask(began - 1)).toMatchObject({ fault: { code: 'clock_backwards' } })
    expect(await ask(began + 11 * 366 * 86_400_000)).toMatchObject({ fault: { code: 'clock_too_far' } })
    const first = ask(on(8, 1))
    expect(await ask(on(8, 1))).toMatchObject({ fault: { code: 'clock_moving' } })
    expect(await tenant.clock.until(first)).toMatchObject({ ok: true })
  })

  test('is of tenants only that are tests from their first file on, for ever', async () => {
    tenant.apply()
    expect(tenant.commands.clockShow('acme')).toMatchObject({ fault: { code: 'not_a_test_tenant' } })
    const asked = await tenant.commands.clockAdvance('acme', { toMs: on(8, 1), by: 'Ada' })
    expect(asked).toMatchObject({ fault: { code: 'not_a_test_tenant' } })
    const later = tenant.apply((file) => file.replace('currency: EUR\n', 'currency: EUR\ntest: true\n'))
    expect(later).toMatchObject({ ok: false, mistakes: [{ path: 'test', line: 3 }] })
  })

  test('stays one', () => {
    tenant.apply(asTest)
    const later = tenant.apply((file) => asTest(file).replace('test: true\n', ''))
    expect(later).toMatchObject({ ok: false, mistakes: [{ path: 'test' }] })
  })
})
