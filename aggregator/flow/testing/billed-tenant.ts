import { seededRandom } from '@meterline/shared/base/random.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice, type Invoice } from '../../documents/invoice.ts'
import { tenantFile } from '../../store/tenant-files.ts'
import { usageEvent } from '../fixtures/sealing-agent.ts'
import { taxedFile } from '../fixtures/taxed-tenant.ts'
import { TestTenant } from '../fixtures/test-tenant.ts'
import type { NoteOrder } from '../issue-note.ts'
import type { MoneyDecision } from '../money-decisions.ts'
import type { PaymentOrder } from '../record-payment.ts'
import { verifyBooks } from '../verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
export const july = Date.UTC(2025, 6, 1)
export const dayMs = 86_400_000
export const by = 'Ada'
export const noKey = { key: null, by }
export const bright = { buyer: 'bright', seller: null, currency: null }

/** June is billed: bright owes 3.70 with 19 % on it, nordlink 0.05 and logistics 0.17 with tax. */
export async function billedTenant(
  dataDirectory: string,
  edit: (file: string) => string = taxedFile,
): Promise<TestTenant> {
  const tenant = new TestTenant({ ...partsIn(dataDirectory), nowMs: july })
  const applied = tenant.apply(edit)
  if (!applied.ok) throw new Error(applied.fault.message)
  tenant.use([usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 12_345n }] }), aiCall('call-1')])
  const closed = await close(tenant, '2025-06')
  if (!closed.ok) throw new Error(closed.fault.message)
  return tenant
}

/** The same tenant after its process was killed. */
export function startedAgain(dataDirectory: string, killed: TestTenant): TestTenant {
  return new TestTenant({ ...partsIn(dataDirectory), nowMs: killed.clock.wallMs(), agent: killed.agent })
}

function partsIn(dataDirectory: string): Omit<ConstructorParameters<typeof TestTenant>[0], 'nowMs'> {
  return { dataDirectory, signingKey, random: seededRandom('receivables'), log: silentLog() }
}

/** What one AI call uses, 3.705036 at its prices. */
export function aiCall(id: string, timeMs?: number): ReturnType<typeof usageEvent> {
  return usageEvent({
    id,
    source: 'llm-1',
    subject: 'llm-1',
    ...(timeMs === undefined ? {} : { timeMs }),
    measured: [
      { meter: 'ai.input_tokens', quantity: 1_234_567n },
      { meter: 'ai.output_tokens', quantity: 89n },
    ],
  })
}

/** Closes a period. */
export async function close(tenant: TestTenant, period: string): Promise<Result<unknown>> {
  return await tenant.clock.until(tenant.commands.closePeriod({ tenant: 'acme', period }))
}

/** Records a payment of bright, of all he owes unless something else is said. */
export async function pay(tenant: TestTenant, order: Partial<PaymentOrder> = {}): Promise<Result<MoneyDecision>> {
  const usual = { ...noKey, ...bright, amount: '4.40', reference: 'bank-1', receivedMs: null, documents: null }
  return await tenant.clock.until(tenant.commands.paymentRecord('acme', { ...usual, ...order }))
}

/** Issues a credit note about what bright was billed, unless something else is said. */
export async function note(tenant: TestTenant, order: Partial<NoteOrder> = {}): Promise<Result<MoneyDecision>> {
  const document = 'acme-000001'
  const usual = { ...noKey, kind: 'credit-note' as const, document, lines: null, amount: null, reason: 'agreed' }
  return await tenant.clock.until(tenant.commands.noteIssue('acme', { ...usual, ...order }))
}

/** What verification finds wrong with the books in a folder. */
export function problemsOf(dataDirectory: string): readonly string[] {
  const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

/** A balance, debit less credit, in micros. */
export function balance(tenant: TestTenant, account: string, entity = 'acme'): bigint {
  const { debitMicros, creditMicros } = tenant.service.store.ledger.balance(entity, 'EUR', account)
  return debitMicros - creditMicros
}

/** What is open of a document; undefined: there is no such document. */
export function open(tenant: TestTenant, document: string): bigint | undefined {
  const claim = tenant.service.store.receivables.find(document)
  return claim === undefined ? undefined : claim.grossMicros - claim.settledMicros
}

/** An issued document. */
export function documentOf(tenant: TestTenant, number: string): Invoice {
  const decoded = decodeInvoice(tenant.service.store.documents.find(number)?.bytes ?? new Uint8Array(0))
  if (!decoded.ok) throw new Error(decoded.fault.message)
  return decoded.value
}

/** The key of the line for input tokens of what bright was billed. */
export async function inputLineKey(tenant: TestTenant): Promise<string> {
  const lines = await tenant.clock.until(tenant.commands.receivableLines('acme', 'acme-000001'))
  if (!lines.ok) throw new Error(lines.fault.message)
  return lines.value.find(({ key }) => /ai\.input_tokens/.test(key))?.key ?? ''
}
