import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { SubscriptionCommand } from '../domain/catalogue/subscription-command.ts'
import { changeSubscription } from './change-subscription.ts'
import { closePeriod } from './close-period.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { listSubscriptions, showSubscription } from './show-subscriptions.ts'
import type { SubscriptionOrder } from './subscription-answers.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
/** July is over, August has begun. */
const nowMs = Date.UTC(2025, 7, 10, 12)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-subscription-'))
  const random = seededRandom('subscription')
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random, log: silentLog() })
  const applied = tenant.apply(withFees)
  if (!applied.ok) throw new Error(applied.fault.message)
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** acme's file with a fee by day for its AI customer, and a larger plan. */
function withFees(file: string): string {
  return file
    .replace(
      'prices:\n',
      `prices:
  - { id: platform, model: recurring, due: in-arrears, amount: "31", prorate: day }
  - { id: larger, model: recurring, due: in-arrears, amount: "62", prorate: day }
`,
    )
    .replace(
      '- { id: ai, name: AI tokens, prices: [ai-input, ai-output] }',
      `- { id: ai, name: AI tokens, prices: [platform, ai-input, ai-output] }
  - { id: ai-large, name: AI at large, prices: [larger, ai-input, ai-output] }`,
    )
}

function order(
  command: SubscriptionCommand,
  more: Partial<SubscriptionOrder> = {},
): ReturnType<typeof changeSubscription> {
  const decided = { subscription: 'bright-ai', command, by: 'Ada', backdate: false, dryRun: false, ...more }
  return changeSubscription(tenant.service, tenant.clock.wallMs(), decided)
}

const change: SubscriptionCommand = { kind: 'change', atMs: day('2025-08-16'), offering: 'ai-large', version: null }
const marks = (): unknown => tenant.service.store.lateMarks.list()

describe('a dated change', () => {
  test('is a version of the catalogue with its source in the history, and again changes nothing', () => {
    expect(order(change)).toMatchObject({
      ok: true,
      value: {
        subscription: 'bright-ai',
        version: 2,
        applied: true,
        diff: ['~ subscription bright-ai: +migration at 2025-08-16T00:00:00.000Z: offering ai-large version first'],
        corrections: [],
      },
    })
    const { service } = tenant
    expect(service.inForce?.version).toBe(2)
    expect(service.store.log.size).toBe(3)
    const entry = decodeLogEntry(service.store.log.entry(1) ?? new Uint8Array(0))
    const content = entry.ok && entry.value.kind === 'decision' ? new TextDecoder().decode(entry.value.content) : ''
    expect(JSON.parse(content)).toEqual({
      subscription: 'bright-ai',
      command: 'change at 2025-08-16T00:00:00.000Z to ai-large',
      by: 'Ada',
    })
    expect(service.store.catalogues.list(1)[0]?.fileName).toBe(
      'subscription bright-ai: change at 2025-08-16T00:00:00.000Z to ai-large (by Ada)',
    )
    expect(order(change)).toMatchObject({ ok: true, value: { version: 2, applied: false, diff: [] } })
    expect(service.store.log.size).toBe(3)
  })

  test('is only shown in a dry run', () => {
    expect(order(change, { dryRun: true })).toMatchObject({
      ok: true,
      value: { version: 0, applied: false, diff: [expect.stringContaining('+migration')] },
    })
    expect(tenant.service.store.log.size).toBe(1)
  })

  test('is taken back before it takes effect, and not after', () => {
    order(change)
    expect(order({ kind: 'undo', atMs: change.atMs, what: null })).toMatchObject({ ok: true, value: { version: 4 } })
    order(change)
    tenant.clock.advance(day('2025-08-16') - nowMs)
    expect(order({ kind: 'undo', atMs: change.atMs, what: null })).toMatchObject({
      ok: false,
      fault: { code: 'taken_effect' },
    })
  })

  test('is missing from a file that is applied later: shown while it is to come, refused once it has happened', () => {
    order(change)
    expect(tenant.apply(withFees)).toMatchObject({
      ok: true,
      value: { diff: ['~ subscription bright-ai: -migration at 2025-08-16T00:00:00.000Z'] },
    })
    order(change)
    tenant.clock.advance(day('2025-08-16') - nowMs)
    expect(tenant.apply(withFees)).toMatchObject({ ok: false, fault: { code: 'tenant_file_invalid' } })
  })

  test('passes the checks of a file', () => {
    const pause = { kind: 'pause', toMs: null, reason: null } as const
    expect(order({ ...pause, atMs: day('2025-09-01') })).toMatchObject({ ok: true })
    expect(order({ ...pause, atMs: day('2025-10-01') })).toEqual({
      ok: false,
      fault: {
        code: 'subscription_change_refused',
        message:
          'This cannot be done:\nbright-ai.pauses[1].from begins in the pause from 2025-09-01T00:00:00.000Z, which has no end; let one end before the other begins',
      },
    })
    expect(order(change, { subscription: 'bright' })).toMatchObject({ fault: { code: 'subscription_unknown' } })
  })
})

describe('a change of quantities', () => {
  const quantities = (name: string): SubscriptionCommand => ({
    kind: 'quantity',
    atMs: day('2025-08-16'),
    quantities: new Map([[name, 3n]]),
  })

  test('names something that fees or allowances count', () => {
    tenant.apply((file) =>
      withFees(file)
        .replace('amount: "62", prorate: day', 'amount: "62", each: { quantity: seats }, prorate: day')
        .replace(
          'offering: ai,',
          'offering: ai, quantities: { seats: 1 }, migrations: [{ at: 2025-09-01, offering: ai-large, version: first }],',
        ),
    )
    expect(order(quantities('seats'))).toMatchObject({ ok: true, value: { applied: true } })
    expect(order(quantities('seat'))).toMatchObject({
      ok: false,
      fault: { code: 'quantity_unknown', message: 'No fee and no allowance counts seat; did you mean seats?' },
    })
  })

  test('of what counts nothing is refused', () => {
    expect(order(quantities('seats'))).toMatchObject({
      fault: { message: 'No fee and no allowance counts seats; nothing is counted.' },
    })
  })
})

describe('a change of the past', () => {
  const past: SubscriptionCommand = { ...change, atMs: day('2025-07-16') }

  test('needs saying so', () => {
    expect(order(past)).toMatchObject({ ok: false, fault: { code: 'back_dated' } })
    expect(order(past, { backdate: true })).toMatchObject({ ok: true, value: { applied: true, corrections: [] } })
    expect(order(past)).toMatchObject({ ok: true, value: { applied: false } })
  })

  test('marks the periods it touches that are billed, of that relation only', async () => {
    for (const period of ['2025-06', '2025-07']) {
      const closed = await tenant.clock.until(
        closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period, force: false }, () => undefined),
      )
      expect(closed).toMatchObject({ ok: true })
    }
    const corrections = [{ period: '2025-07', seller: 'acme', buyer: 'bright', currency: 'EUR' }]
    expect(order(past, { backdate: true, dryRun: true })).toMatchObject({ ok: true, value: { corrections } })
    expect(marks()).toEqual([])
    expect(order(past, { backdate: true })).toMatchObject({
      ok: true,
      value: {
        corrections,
        diff: [
          expect.stringContaining('+migration'),
          '! bright owes acme another amount for 2025-07 (EUR), which is billed: a document will correct it',
        ],
      },
    })
    expect(marks()).toEqual(corrections)
  })
})

describe('what is shown', () => {
  test('says how it stands and what happens when', () => {
    order(change)
    order({ kind: 'pause', atMs: day('2025-08-20'), toMs: day('2025-08-25'), reason: 'holidays' })
    const shown = showSubscription(tenant.service, 'bright-ai', day('2025-08-21'), nowMs)
    expect(shown).toMatchObject({
      ok: true,
      value: {
        id: 'bright-ai',
        offering: 'ai-large',
        state: 'paused',
        nextMs: day('2025-08-25'),
        subjects: 1,
        pauses: [{ fromMs: day('2025-08-20'), toMs: day('2025-08-25') }],
        events: [
          { kind: 'begin', text: 'ai', isToCome: false },
          { kind: 'change', text: 'ai-large, version first', isToCome: true },
          { kind: 'pause', text: 'holidays', isToCome: true },
          { kind: 'resume', isToCome: true },
        ],
      },
    })
    expect(showSubscription(tenant.service, 'nobody', nowMs, nowMs)).toMatchObject({ ok: false })
  })

  test('lists by page and account', () => {
    const ids = (page: Parameters<typeof listSubscriptions>[1]): unknown => {
      const listed = listSubscriptions(tenant.service, page)
      return listed.ok ? listed.value.map(({ id, state }) => `${id} ${state}`) : listed.fault.code
    }
    expect(ids({ limit: 2, atMs: nowMs })).toEqual(['acme-roaming active', 'bright-ai active'])
    expect(ids({ limit: 2, after: 'bright-ai', atMs: 0 })).toEqual([
      'nordlink-wholesale to-come',
      'north-trackers to-come',
    ])
    expect(ids({ limit: 9, account: 'bright', atMs: nowMs })).toEqual(['bright-ai active'])
  })
})
