import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { billCorrections } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-contracts-'))
  start(Date.UTC(2025, 9, 1))
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(nowMs: number): void {
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs, random: seededRandom('contracts'), log: silentLog() })
}

/** Applies acme's file with something included for its AI customer, and contracts. */
function apply(contracts: string, allowances = ''): void {
  const offering = 'name: AI tokens, prices: [ai-input, ai-output]'
  const edit = (file: string): string =>
    `${file.replace(offering, `${offering}${allowances}`).replace('offering: ai, from: 2025-01-01', 'offering: ai, from: 2025-06-01')}contracts:\n${contracts}`
  expect(tenant.apply(edit)).toMatchObject({ ok: true })
}

/** Input tokens in a month of 2025, at 3.00 EUR a million. */
function use(month: number, tokens: bigint): void {
  const timeMs = Date.UTC(2025, month - 1, 10)
  const measured = [{ meter: 'ai.input_tokens', quantity: tokens }]
  tenant.use([usageEvent({ id: `${month}-${tokens}`, source: 'llm', subject: 'llm-1', timeMs, measured })])
}

async function close(...periods: readonly string[]): Promise<void> {
  for (const period of periods) {
    const closed = await tenant.clock.until(closePeriod(tenant.service, tenant.clock, { tenant: 'acme', period }))
    expect(closed).toMatchObject({ ok: true })
  }
}

/** The lines of what the AI customer got, by document. */
function lines(): readonly string[] {
  return [...tenant.service.store.documents.all()].flatMap((row) => {
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) throw new Error(invoice.fault.message)
    const { number, kind, buyer, sections, total } = invoice.value
    if (buyer.id !== 'bright') return []
    const own = sections.flatMap((section) =>
      section.lines.map(({ segment, description, amount, corrects }) => {
        return `${segment.slice(0, 7)} ${description} ${amount}${corrects === undefined ? '' : ' corrected'}`
      }),
    )
    return [...own, `${kind ?? 'invoice'} ${number}: ${total.amount}`]
  })
}

function problems(): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

test('usage that comes late shrinks what was missing to a minimum', async () => {
  apply('  - { id: deal, account: bright, from: 2025-06-01, to: 2025-07-01, minimums: [{ id: least, amount: "10" }] }')
  use(6, 1_000_000n)
  await close('2025-06')
  use(6, 2_000_000n)
  await close('2025-07')
  expect(lines()).toEqual([
    '2025-06 AI tokens: ai.input_tokens 3.00',
    '2025-06 Minimum least: not used 7.00',
    'invoice 1: 10.00',
    '2025-06 AI tokens: ai.input_tokens 6.00 corrected',
    '2025-06 Minimum least: not used -6.00 corrected',
    'invoice 2: 0.00',
  ])
  expect(problems()).toEqual([])
})

test('a minimum is billed to who used nothing', async () => {
  apply('  - { id: deal, account: bright, from: 2025-06-01, minimums: [{ id: least, amount: "10" }] }')
  await close('2025-06')
  expect(lines()).toEqual(['2025-06 Minimum least: not used 10.00', 'invoice 1: 10.00'])
  expect(problems()).toEqual([])
})

test('a minimum in advance stands on the bill before, and what is used is drawn from it', async () => {
  const minimums = '[{ id: least, amount: "6", inAdvance: true }]'
  apply(`  - { id: deal, account: bright, from: 2025-07-01, to: 2025-09-01, minimums: ${minimums} }`)
  use(7, 3_000_000n)
  use(8, 1_000_000n)
  await close('2025-06', '2025-07', '2025-08')
  expect(lines()).toEqual([
    '2025-07 Minimum least: in advance for 2025-07 6.00',
    'invoice 1: 6.00',
    '2025-07 AI tokens: ai.input_tokens 9.00',
    '2025-07 Minimum least: drawn down -6.00',
    '2025-08 Minimum least: in advance for 2025-08 6.00',
    'invoice 2: 9.00',
    '2025-08 AI tokens: ai.input_tokens 3.00',
    '2025-08 Minimum least: drawn down -3.00',
    'invoice 3: 0.00',
  ])
  expect(problems()).toEqual([])
})

test('what comes late for one period takes away what a later one was given', async () => {
  const allowance = '{ id: included, meter: ai.input_tokens, quantity: 1000000, rollover: { periods: 1 } }'
  apply('  []', `, allowances: [${allowance}]`)
  use(6, 400_000n)
  use(7, 2_000_000n)
  await close('2025-06', '2025-07')
  use(6, 600_000n)
  const corrected = await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
  expect(corrected).toMatchObject({ ok: true })
  expect(lines()).toEqual([
    '2025-06 AI tokens: ai.input_tokens 1.20',
    '2025-06 AI tokens: ai.input_tokens, included -1.20',
    'invoice 1: 0.00',
    '2025-07 AI tokens: ai.input_tokens 6.00',
    '2025-07 AI tokens: ai.input_tokens, included -4.80',
    'invoice 2: 1.20',
    '2025-06 AI tokens: ai.input_tokens 1.80 corrected',
    '2025-06 AI tokens: ai.input_tokens, included -1.80 corrected',
    '2025-07 AI tokens: ai.input_tokens, included 1.80 corrected',
    'invoice 3: 1.80',
  ])
  expect(problems()).toEqual([])
})

test('what is promised for a term is measured over all of it, also when usage comes late', async () => {
  const commitment = '{ id: term, amount: "12", per: term, overageFactor: "2" }'
  apply(`  - { id: deal, account: bright, from: 2025-06-01, termPeriods: 2, commitments: [${commitment}] }`)
  use(6, 1_000_000n)
  use(7, 2_000_000n)
  await close('2025-06', '2025-07')
  use(6, 3_000_000n)
  expect(await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))).toMatchObject({ ok: true })
  expect(lines()).toEqual([
    '2025-06 AI tokens: ai.input_tokens 3.00',
    'invoice 1: 3.00',
    '2025-07 AI tokens: ai.input_tokens 6.00',
    '2025-07 Commitment term: not used 3.00',
    'invoice 2: 9.00',
    '2025-06 AI tokens: ai.input_tokens 9.00 corrected',
    '2025-07 Commitment term: beyond, at 2 times the price 6.00 corrected',
    '2025-07 Commitment term: not used -3.00 corrected',
    'invoice 3: 12.00',
  ])
  expect(problems()).toEqual([])
})

test('discounts and what is included stand on the document, and its ledger entries add up', async () => {
  apply(
    '  - { id: deal, account: bright, from: 2025-06-01, discounts: [{ id: off, percent: "10" }] }',
    ', allowances: [{ id: included, meter: ai.input_tokens, quantity: 1000000 }]',
  )
  use(6, 3_000_000n)
  await close('2025-06')
  expect(lines()).toEqual([
    '2025-06 AI tokens: ai.input_tokens 9.00',
    '2025-06 AI tokens: ai.input_tokens, included -3.00',
    '2025-06 Discount off -0.60',
    'invoice 1: 5.40',
  ])
  expect(problems()).toEqual([])
})

test('contracts with a reseller and with a partner stand in both books', async () => {
  const discounts = '[{ id: off, percent: "50" }]'
  apply(`  - { id: resale, account: nordlink, from: 2025-06-01, minimums: [{ id: least, amount: "1" }] }
  - { id: roaming, account: acme, seller: roamnet, from: 2025-06-01, discounts: ${discounts} }`)
  const timeMs = Date.UTC(2025, 5, 10)
  tenant.use([usageEvent({ id: 'a', timeMs, measured: [{ meter: 'data.bytes', quantity: 100_000n }] })])
  await close('2025-06')
  const { ledger } = tenant.service.store
  // 100,000 bytes: 0.40 wholesale, raised to 1.00; 0.15 of roaming, halved.
  expect(ledger.balance('nordlink', 'EUR', 'payable:acme')).toMatchObject({ creditMicros: 1_000_000n })
  expect(ledger.balance('acme', 'EUR', 'receivable:nordlink')).toMatchObject({ debitMicros: 1_000_000n })
  expect(ledger.balance('acme', 'EUR', 'accrued_payable:roamnet')).toMatchObject({
    debitMicros: 75_000n,
    creditMicros: 150_000n,
  })
  expect(problems()).toEqual([])
})

test('a term that is ended early gives back what was billed in advance for the rest of it', async () => {
  const contract = (to: string): string =>
    `  - { id: deal, account: bright, from: 2025-06-01, termPeriods: 3${to}, commitments: [{ id: c, amount: "92", per: term, inAdvance: true, prorate: day }] }`
  tenant.registry.kill()
  start(Date.UTC(2025, 5, 2))
  apply(contract(''))
  tenant.clock.advance(30 * 86_400_000)
  await close('2025-06')
  apply(contract(', to: 2025-07-10'))
  expect(problems()).toEqual([])
  await tenant.clock.until(billCorrections(tenant.service, tenant.clock, {}))
  // It was in force for 39 of the 92 days of the term.
  expect(lines()).toEqual([
    '2025-06 Commitment c: in advance for 2025-06 92.00',
    'invoice 1: 92.00',
    '2025-06 Commitment c: in advance for 2025-06 -53.00 corrected',
    'credit-note 1: -53.00',
  ])
  expect(problems()).toEqual([])
})
