import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import type { SubscriptionCommand } from '../domain/catalogue/subscription-command.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { billCorrections } from './bill-now.ts'
import { changeSubscription } from './change-subscription.ts'
import { closePeriod } from './close-period.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
const nowMs = Date.UTC(2025, 7, 10, 12)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-in-time-'))
  const random = seededRandom('in-time')
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random, log: silentLog() })
  const applied = tenant.apply(withFees)
  if (!applied.ok) throw new Error(applied.fault.message)
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** acme's file with fees in advance by day, 31 and 62 a month, 3.10 a month for each seat, for its AI customer. */
function withFees(file: string): string {
  return file
    .replace(
      'prices:\n',
      `prices:
  - { id: small, model: recurring, amount: "31", prorate: day }
  - { id: large, model: recurring, amount: "62", prorate: day }
  - { id: seat, model: recurring, amount: "3.10", each: { quantity: seats }, prorate: day }
`,
    )
    .replace(
      '- { id: ai, name: AI tokens, prices: [ai-input, ai-output] }',
      `- { id: ai, name: AI, prices: [small, seat, ai-input, ai-output] }
  - { id: ai-large, name: AI at large, prices: [large, seat, ai-input, ai-output] }`,
    )
    .replace(
      'offering: ai, from: 2025-01-01, subjects: [llm-1]',
      'offering: ai, from: 2025-07-01, subjects: [llm-1], quantities: { seats: 0 }',
    )
}

function decide(command: SubscriptionCommand, backdate = false): void {
  const order = { subscription: 'bright-ai', command, by: 'Ada', backdate, dryRun: false }
  expect(changeSubscription(tenant.service, tenant.clock.wallMs(), order)).toMatchObject({
    ok: true,
    value: { applied: true },
  })
}

async function close(period: string): Promise<void> {
  expect(await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))).toMatchObject(
    { ok: true },
  )
}

function moveTo(date: string): void {
  tenant.clock.advance(day(date) - tenant.clock.wallMs())
}

/** What stands on the documents of the AI customer, one text for each line. */
function lines(): readonly string[] {
  return [...tenant.service.store.documents.all()].flatMap(({ bytes }) => {
    const invoice = decodeInvoice(bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    const { number, series, sections, buyer, total } = invoice.value
    if (buyer.id !== 'bright') return []
    const own = sections.flatMap((section) =>
      section.lines.map((line) => `${line.segment.slice(0, 7)} ${line.description} ${line.amount}`),
    )
    return [`${series}-${number}: ${total.amount}`, ...own]
  })
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('changes within a period that is billed in advance', () => {
  test('an end gives back what was billed beyond it', async () => {
    await close('2025-07')
    decide({ kind: 'cancel', atMs: day('2025-08-20') })
    moveTo('2025-09-01')
    await close('2025-08')
    expect(lines()).toEqual([
      'acme-1: 62.00',
      '2025-07 AI: small 31.00',
      '2025-08 AI: small 31.00',
      'acme-cn-1: -12.00',
      '2025-08 AI: small -12.00',
    ])
    expect(problems()).toEqual([])
  })

  test.each<readonly [what: string, command: SubscriptionCommand]>([
    ['an end before the period that was billed in advance', { kind: 'cancel', atMs: day('2025-08-01') }],
    ['a pause over all of it', { kind: 'pause', atMs: day('2025-08-01'), toMs: null, reason: null }],
  ])('%s gives all of it back', async (_what, command) => {
    await close('2025-07')
    decide(command, true)
    moveTo('2025-09-01')
    await close('2025-08')
    expect(lines().slice(3)).toEqual(['acme-cn-1: -31.00', '2025-08 AI: small -31.00'])
    moveTo('2025-10-01')
    await close('2025-09')
    expect(lines()).toHaveLength(5)
    expect(problems()).toEqual([])
  })

  test('a plan change shares the period, and a pause and more seats count by their days', async () => {
    await close('2025-07')
    decide({ kind: 'change', atMs: day('2025-08-16'), offering: 'ai-large', version: null })
    decide({ kind: 'quantity', atMs: day('2025-08-22'), quantities: new Map([['seats', 10n]]) })
    decide({ kind: 'pause', atMs: day('2025-08-27'), toMs: day('2025-09-01'), reason: null })
    moveTo('2025-09-01')
    await close('2025-08')
    // 15 days of the small plan, 11 of the large one, 5 with ten seats.
    expect(lines().slice(3)).toEqual([
      'acme-2: 104.00',
      '2025-08 AI: small -16.00',
      '2025-08 AI at large: seat 5.00',
      '2025-08 AI at large: large 22.00',
      '2025-09 AI at large: large 62.00',
      '2025-09 AI at large: seat 31.00',
    ])
    expect(problems()).toEqual([])
  })
})

describe('a change of a period whose documents are out', () => {
  test('is billed as its difference, once, with the document it corrects', async () => {
    await close('2025-07')
    decide({ kind: 'change', atMs: day('2025-07-16'), offering: 'ai-large', version: null }, true)
    const corrected = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
    expect(corrected).toMatchObject({ ok: true, value: { documents: [{ number: 'acme-000002', total: '16.00' }] } })
    expect(lines().slice(3)).toEqual(['acme-2: 16.00', '2025-07 AI: small -16.00', '2025-07 AI at large: large 32.00'])
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    const again = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
    expect(again).toMatchObject({ ok: true, value: { documents: [] } })
    expect(problems()).toEqual([])
  })

  test('counts as many subjects as were billed, however many there are by then', async () => {
    const withKeys = (subjects: string) => (file: string) =>
      withFees(file)
        .replace(
          'prices:\n',
          'prices:\n  - { id: key, model: recurring, due: in-arrears, amount: "1", each: subject }\n',
        )
        .replace('offerings:\n', 'offerings:\n  - { id: keys, name: Keys, prices: [key] }\n')
        .replace(
          '- { id: bright-ai,',
          `- { id: bright-keys, account: bright, offering: keys, from: 2025-07-01, subjects: ${subjects} }\n  - { id: bright-ai,`,
        )
    expect(tenant.apply(withKeys('[k-1]'))).toMatchObject({ ok: true })
    await close('2025-07')
    expect(lines()).toContain('2025-07 Keys: key 1.00')
    expect(tenant.apply(withKeys('[k-1, k-2, k-3]'))).toMatchObject({ ok: true })
    expect(tenant.service.store.lateMarks.list()).toEqual([])
    decide({ kind: 'change', atMs: day('2025-07-16'), offering: 'ai-large', version: null }, true)
    moveTo('2025-09-01')
    await close('2025-08')
    expect(lines().slice(4)).toEqual([
      'acme-2: 112.00',
      '2025-08 AI at large: large 62.00',
      '2025-09 AI at large: large 62.00',
      '2025-08 Keys: key 3.00',
      '2025-08 AI: small -31.00',
      '2025-07 AI: small -16.00',
      '2025-07 AI at large: large 32.00',
    ])
    expect(problems()).toEqual([])
  })
})
