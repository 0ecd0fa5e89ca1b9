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
  'note_empty',
  'note_not_whole',
  'document_unknown',
  'document_voided',
  'document_has_notes',
  'document_corrected',
]

/** Writes notes about documents that are out, and takes some of them back whole. */
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

  #asked(
    { lines, minorDigits, invoicedMicros }: StoredDocument,
    needsAmount: boolean,
  ): {
    readonly lines: readonly { readonly key: string; readonly amount: string | null }[] | null
    readonly amount: string | null
  } {
    const isAll = !needsAmount && this.#random.below(3) === 0
    const line = this.#random.below(2) === 0 ? undefined : lines[this.#random.below(lines.length)]
    const unit = 10n ** BigInt(6 - minorDigits)
    const units = Number((line?.invoicedMicros ?? invoicedMicros) / unit)
    const amount = isAll ? null : decimalText(BigInt(1 + this.#random.below(Math.max(1, units))), minorDigits)
    return line === undefined ? { lines: null, amount } : { lines: [{ key: line.segment, amount }], amount: null }
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
    this.#decisions += 1
    const of = { key: `decision ${this.#decisions}`, by: 'the accountant' }
    this.#operator.ask(what, async (commands) => {
      const result = await decide(commands, tenant, of)
      if (result.ok) return { done: true, said: 'decided' }
      return { done: refusals.includes(result.fault.code), said: `${result.fault.code}: ${result.fault.message}` }
    })
  }
}
