import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeInvoice } from '../../documents/invoice.ts'
import { tenantFile } from '../../store/tenant-files.ts'
import { billCorrections } from '../bill-now.ts'
import { closePeriod } from '../close-period.ts'
import { usageEvent } from '../fixtures/sealing-agent.ts'
import { TestTenant } from '../fixtures/test-tenant.ts'
import { verifyBooks } from '../verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)

/** The small tenant in a folder of its own, at some time, with its documents in words and its books verified. */
export class AuditedTenant {
  readonly tenant: TestTenant
  readonly #folder: string

  constructor(nowMs: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'meterline-audited-'))
    const random = seededRandom('audited')
    this.tenant = new TestTenant({ dataDirectory: this.#folder, signingKey, nowMs, random, log: silentLog() })
  }

  end(): void {
    this.tenant.registry.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  goTo(timeMs: number): void {
    this.tenant.clock.advance(timeMs - this.tenant.clock.wallMs())
  }

  /** Applies acme's file, changed by `edit`; throws where it is refused. */
  apply(edit: (file: string) => string): void {
    const applied = this.tenant.apply(edit)
    if (applied.ok) return
    throw new Error([applied.fault.message, ...applied.mistakes.map(({ message }) => message)].join('\n'))
  }

  /** Why acme's file, changed by `edit`, is refused: the code of the fault, or what its mistakes say. */
  refusalOf(edit: (file: string) => string): readonly string[] {
    const applied = this.tenant.apply(edit)
    if (applied.ok) return []
    const said = applied.mistakes.map(({ path, message, suggestion }) => `${path} ${message}; ${suggestion ?? ''}`)
    return said.length === 0 ? [applied.fault.code] : said
  }

  /** Tokens of the AI customer's meter for input, or another one. */
  use(id: string, tokens: bigint, timeMs: number, subject = 'llm-1', meter = 'ai.input_tokens'): void {
    this.tenant.use([usageEvent({ id, source: 'llm', subject, timeMs, measured: [{ meter, quantity: tokens }] })])
  }

  async void(...ids: readonly string[]): Promise<void> {
    const order = { targets: ids.map((id) => ({ source: 'llm', id })), reason: 'a test', by: 'Ada', dryRun: false }
    const voided = await this.tenant.clock.until(this.tenant.commands.usageVoid('acme', order))
    if (!voided.ok || voided.value.refused > 0) throw new Error(`nothing was voided: ${JSON.stringify(voided)}`)
  }

  async close(
    period: string,
    { force = false, progress = () => undefined }: { force?: boolean; progress?: (message: string) => void } = {},
  ): Promise<void> {
    const { service, clock } = this.tenant
    const closed = await clock.until(closePeriod(service, clock, { tenant: 'acme', period, force }, progress))
    if (!closed.ok) throw new Error(closed.fault.message)
  }

  async correct(): Promise<void> {
    const { service, clock } = this.tenant
    const corrected = await clock.until(billCorrections(service, clock, {}))
    if (!corrected.ok) throw new Error(corrected.fault.message)
  }

  /** The documents of a buyer in the order they were issued: each with what has to be paid, and a text for each line. */
  documents(buyer: string): readonly string[] {
    const rows = [...this.tenant.service.store.documents.all()].toSorted((one, other) => one.logIndex - other.logIndex)
    return rows.flatMap((row) => {
      const invoice = decodeInvoice(row.bytes)
      if (!invoice.ok) throw new Error(invoice.fault.message)
      if (row.buyer !== buyer) return []
      const lines = invoice.value.sections.flatMap((section) =>
        section.lines.map(({ segment, description, amount }) => `${segment.slice(0, 7)} ${description} ${amount}`),
      )
      return [`${row.number} ${row.total}`, ...lines]
    })
  }

  /** What verification finds wrong with the books. */
  problems(): readonly string[] {
    const report = verifyBooks(tenantFile(this.#folder, 'acme'), 'acme', signingKey.publicKeyBase64)
    if (!report.ok) throw new Error(report.fault.message)
    return report.value.problems
  }
}
