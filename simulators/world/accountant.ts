import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { decimalText } from '../oracle/stored-document.ts'
import type { StoredDocument } from '../oracle/stored-document.ts'
import type { Operator } from './operator.ts'
import type { Surroundings } from './surroundings.ts'

type Commands = RunningAggregator['commands']

/** Why a note or a void is refused although everything works: there is nothing left to give back, or something stands in the way. */
const refusals: readonly string[] = [
  'note_too_large',
  'document_is_note',
  'note_empty',
  'note_not_whole',
  'document_unknown',
  'document_voided',
  'document_has_notes',
  'document_corrected',
  'document_disputed',
  'dispute_too_large',
]

/** Writes notes about documents that are out, takes some of them back whole, and settles what buyers dispute. */
export class Accountant {
  readonly #world: Surroundings
  readonly #operator: Operator
  readonly #random: Random
  #decisions = 0

  constructor(world: Surroundings, operator: Operator) {
    this.#world = world
    this.#operator = operator
    this.#random = seededRandom(`${world.seed} accountant`)
  }

  /** Gives back some of what documents ask for, or asks for more: of a line, of the whole, or all that is left. */
  writeNotes(count: number): void {
    for (let left = count; left > 0; left--) {
      const document = this.#someDocument()
      if (document === undefined) return
      const kind = this.#random.below(3) === 0 ? ('debit-note' as const) : ('credit-note' as const)
      const asked = this.#asked(document, kind === 'debit-note')
      const { number } = document.row
      this.#decide(`${kind} about ${number}`, (commands, tenant, of) =>
        commands.noteIssue(tenant, { ...of, kind, document: number, ...asked, reason: 'it was agreed' }),
      )
    }
  }

  /** Takes documents back; what was paid of them becomes credit. */
  voidDocuments(count: number): void {
    for (let left = count; left > 0; left--) {
      const document = this.#someDocument()?.row.number
      if (document === undefined) return
      this.#decide(`take ${document} back`, (commands, tenant, of) =>
        commands.documentVoid(tenant, { ...of, document, reason: 'it went out wrong', toCredit: true }),
      )
    }
  }

  /** Buyers dispute some of a line: some are given it back, some are not, some wait. */
  settleDisputes(count: number): void {
    const tenant = this.#operator.plans[0]?.tenant ?? ''
    for (let left = count; left > 0; left--) {
      const document = this.#someDocument()
      const line = document?.lines[this.#random.below(document.lines.length)]
      if (document === undefined || line === undefined || line.invoicedMicros <= 0n) continue
      const micros = this.#someOf(line.invoicedMicros, document.minorDigits)
      const outcome = (['credited', 'rejected', null] as const)[this.#random.below(3)] ?? null
      const about = { document: document.row.number, line: line.segment }
      const amount = moneyText(micros, document.minorDigits)
      const of = this.#nextDecision()
      this.#operator.ask(`dispute ${amount} of ${about.line} on ${about.document}`, async (commands) => {
        const opened = await commands.disputeOpen(tenant, { ...of, ...about, amount, reason: 'nobody was there' })
        if (!opened.ok) return refused(opened.fault)
        if (outcome === null) return { done: true, said: 'it waits' }
        const resolution = { dispute: opened.value.logIndex, outcome, amount: null, reason: 'we looked into it' }
        const resolved = await commands.disputeResolve(tenant, { ...resolution, key: `${of.key} end`, by: of.by })
        if (!resolved.ok) return refused(resolved.fault)
        const { decision } = resolved.value
        const note = decision.name === 'dispute-resolution' ? decision.note : null
        this.#world.oracle.disputeEnded({ ...about, note, micros: outcome === 'credited' ? micros : 0n })
        return { done: true, said: `${outcome} by ${String(note)}` }
      })
    }
  }

  #asked(
    { lines, minorDigits, invoicedMicros }: StoredDocument,
    needsAmount: boolean,
  ): {
    readonly lines: readonly { readonly key: string; readonly amount: string | null }[] | null
    readonly amount: string | null
  } {
    const isAll = !needsAmount && this.#random.below(3) === 0
    const line = this.#random.below(2) === 0 ? undefined : lines[this.#random.below(lines.length)]
    const micros = this.#someOf(line?.invoicedMicros ?? invoicedMicros, minorDigits)
    const amount = isAll ? null : moneyText(micros, minorDigits)
    return line === undefined ? { lines: null, amount } : { lines: [{ key: line.segment, amount }], amount: null }
  }

  /** Some whole minor units of an amount, one at least. */
  #someOf(micros: bigint, minorDigits: number): bigint {
    const unit = 10n ** BigInt(6 - minorDigits)
    return BigInt(1 + this.#random.below(Math.max(1, Number(micros / unit)))) * unit
  }

  #nextDecision(): { readonly key: string; readonly by: string } {
    this.#decisions += 1
    return { key: `decision ${this.#decisions}`, by: 'the accountant' }
  }

  #someDocument(): StoredDocument | undefined {
    const standing = this.#world.oracle.standingDocuments
    return standing[this.#random.below(Math.max(1, standing.length))]
  }

  #decide(
    what: string,
    decide: (
      commands: Commands,
      tenant: string,
      of: { readonly key: string; readonly by: string },
    ) => ReturnType<Commands['documentVoid']>,
  ): void {
    const tenant = this.#operator.plans[0]?.tenant ?? ''
    const of = this.#nextDecision()
    this.#operator.ask(what, async (commands) => {
      const result = await decide(commands, tenant, of)
      return result.ok ? { done: true, said: 'decided' } : refused(result.fault)
    })
  }
}

function refused({ code, message }: { readonly code: string; readonly message: string }): {
  readonly done: boolean
  readonly said: string
} {
  return { done: refusals.includes(code), said: `${code}: ${message}` }
}

function moneyText(micros: bigint, minorDigits: number): string {
  return decimalText(micros / 10n ** BigInt(6 - minorDigits), minorDigits)
}
