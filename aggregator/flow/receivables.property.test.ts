import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Result } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { taxedFile } from './fixtures/taxed-tenant.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
const july = Date.UTC(2025, 6, 1)
const monthMs = 31 * 86_400_000
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-money-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Something that is asked for, whether it can be done then or not; amounts in cents. */
type Step =
  | { readonly kind: 'pay'; readonly cents: number; readonly named: boolean }
  | { readonly kind: 'credit-note' | 'debit-note'; readonly cents: number | null }
  | { readonly kind: 'refund'; readonly cents: number }
  | { readonly kind: 'dispute'; readonly cents: number }
  | { readonly kind: 'resolve'; readonly credited: boolean }
  | { readonly kind: (typeof plainKinds)[number] }

const plainKinds = ['reverse', 'allocate', 'void', 'void-last', 'close', 'use', 'unuse', 'correct'] as const

const cents = fc.integer({ min: 1, max: 900 })
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('pay' as const), cents, named: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('credit-note' as const, 'debit-note' as const), cents: fc.option(cents) }),
    fc.record({ kind: fc.constant('refund' as const), cents }),
    fc.record({ kind: fc.constant('dispute' as const), cents }),
    fc.record({ kind: fc.constant('resolve' as const), credited: fc.boolean() }),
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom(...plainKinds) }) },
  ),
  { minLength: 6, maxLength: 18 },
)

const bright = { buyer: 'bright', seller: null, currency: null }
const parties = { seller: 'acme', buyer: 'bright', currency: 'EUR' }

/** One tenant with its steps, the document that they are about and the next month to close. */
class Story {
  readonly #tenant: TestTenant
  /** Ids of what was used and not taken back. */
  readonly #used: string[] = []
  #count = 0
  #month = 7

  constructor(tenant: TestTenant) {
    this.#tenant = tenant
  }

  async begin(): Promise<void> {
    this.#tenant.apply(taxedFile)
    this.#use()
    await this.#close('2025-06')
  }

  async take(step: Step): Promise<void> {
    const { commands, clock, service } = this.#tenant
    this.#count += 1
    const deciding = { key: `step-${this.#count}`, by: 'Ada' }
    const { receivables, documents } = service.store
    const document = receivables.openOf(parties)[0]?.document ?? 'acme-000001'
    const isBill = (number: string): boolean => documents.find(number)?.purpose !== 'note'
    const about = { ...deciding, document, reason: 'why not' }
    switch (step.kind) {
      case 'pay': {
        const documents = step.named ? [{ document, amount: null }] : null
        const money = { amount: amountOf(step.cents), reference: `bank ${this.#count}`, receivedMs: null, documents }
        return await this.#ask(commands.paymentRecord('acme', { ...deciding, ...bright, ...money }))
      }
      case 'credit-note':
      case 'debit-note': {
        const amount = step.cents === null ? null : amountOf(step.cents)
        return await this.#ask(commands.noteIssue('acme', { ...about, kind: step.kind, lines: null, amount }))
      }
      case 'refund': {
        const money = { amount: amountOf(step.cents), reference: `back ${this.#count}` }
        return await this.#ask(commands.creditRefund('acme', { ...deciding, ...bright, ...money }))
      }
      case 'dispute': {
        const lines = await clock.until(commands.receivableLines('acme', document))
        const line = lines.ok ? (lines.value[0]?.key ?? '') : ''
        return await this.#ask(commands.disputeOpen('acme', { ...about, line, amount: amountOf(step.cents) }))
      }
      case 'resolve': {
        const [dispute] = service.store.disputes.list(false, 1)
        const outcome = step.credited ? ('credited' as const) : ('rejected' as const)
        const end = { ...deciding, dispute: dispute?.logIndex ?? 0, outcome, amount: null, reason: 'looked at' }
        return await this.#ask(commands.disputeResolve('acme', end))
      }
      case 'reverse': {
        const decided = service.store.decisions.ofParties(parties, 100).find(({ name }) => name === 'payment')
        const order = { payment: decided?.logIndex ?? 0, reason: `returned ${this.#count}`, by: 'Ada' }
        return await this.#ask(commands.paymentReverse('acme', order))
      }
      case 'allocate':
        return await this.#ask(commands.creditAllocate('acme', { ...deciding, ...bright, documents: null }))
      case 'void':
        return await this.#ask(commands.documentVoid('acme', { ...about, toCredit: true }))
      case 'void-last': {
        const bills = receivables
          .ofParties(parties)
          .filter((claim) => claim.voidedBy === null && isBill(claim.document))
        const last = { ...about, document: bills.at(-1)?.document ?? document, toCredit: true }
        return await this.#ask(commands.documentVoid('acme', last))
      }
      case 'use':
        return this.#use()
      case 'unuse': {
        const targets = [{ source: 'llm-1', id: this.#used.pop() ?? '' }]
        return await this.#ask(commands.usageVoid('acme', { targets, reason: 'a test', by: 'Ada', dryRun: false }))
      }
      case 'correct':
        return await this.#ask(commands.billCorrections('acme', {}))
      case 'close':
        clock.advance(monthMs)
        await this.#close(`2025-${String(this.#month).padStart(2, '0')}`)
        this.#month += 1
    }
  }

  /** What open documents come to and what the ledger says; the same of credit; and the documents that are settled too far. */
  standing(): {
    readonly open: bigint
    readonly credit: bigint
    readonly ledger: object
    readonly tooFar: readonly string[]
  } {
    const { receivables, ledger } = this.#tenant.service.store
    const balance = (account: string): bigint => {
      const { debitMicros, creditMicros } = ledger.balance('acme', 'EUR', account)
      return debitMicros - creditMicros
    }
    const claims = receivables.ofParties(parties)
    const tooFar = claims.filter(({ grossMicros, settledMicros }) =>
      grossMicros < 0n ? settledMicros < grossMicros : settledMicros > grossMicros,
    )
    return {
      open: claims.reduce((sum, { grossMicros, settledMicros }) => sum + grossMicros - settledMicros, 0n),
      credit: receivables.creditOf(parties),
      ledger: { open: balance('receivable:bright'), credit: -balance('credit_balance:bright') },
      tooFar: tooFar.map(({ document }) => document),
    }
  }

  /** Either it was done or it was refused for a reason; it never throws. */
  async #ask(command: Promise<Result<unknown>>): Promise<void> {
    const answered = await this.#tenant.clock.until(command)
    if (!answered.ok && answered.fault.code === 'store_unavailable') throw new Error(answered.fault.message)
  }

  #use(): void {
    const timeMs = july - 86_400_000
    const measured = [{ meter: 'ai.input_tokens', quantity: 1_234_567n }]
    this.#used.push(`ai-${this.#count}`)
    this.#tenant.use([usageEvent({ id: `ai-${this.#count}`, source: 'llm-1', subject: 'llm-1', timeMs, measured })])
  }

  async #close(period: string): Promise<void> {
    const closed = await this.#tenant.clock.until(this.#tenant.commands.closePeriod({ tenant: 'acme', period }))
    if (!closed.ok) throw new Error(closed.fault.message)
  }
}

function amountOf(count: number): string {
  return `${Math.floor(count / 100)}.${String(count % 100).padStart(2, '0')}`
}

test(
  'whatever is decided in whatever order, open documents and credit are what the ledger says, and the books verify',
  { timeout: 120_000 },
  async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        run += 1
        const dataDirectory = join(folder, String(run))
        mkdirSync(dataDirectory)
        const parts = { dataDirectory, signingKey, random: seededRandom('money'), log: silentLog() }
        const tenant = new TestTenant({ ...parts, nowMs: july })
        try {
          const story = new Story(tenant)
          await story.begin()
          for (const step of drawn) {
            await story.take(step)
            await tenant.clock.until(tenant.commands.receivableList('acme', { parties: null, all: true, limit: 1 }))
            const { ledger, tooFar, ...derived } = story.standing()
            expect(derived).toEqual(ledger)
            expect(derived.credit).toBeGreaterThanOrEqual(0n)
            expect(tooFar).toEqual([])
          }
          const report = verifyBooks(tenantFile(dataDirectory, 'acme'), 'acme', signingKey.publicKeyBase64)
          expect(report).toMatchObject({ ok: true, value: { problems: [] } })
        } finally {
          tenant.registry.kill()
        }
      }),
      { numRuns: 20 },
    )
  },
)
