import type { BilledBook } from './billed-book.ts'
import type { Findings } from './findings.ts'
import { dividedBy, plus, rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { DocumentLine, StoredDocument } from './stored-document.ts'

/** How a dispute of a line ended. */
export interface EndedDispute {
  readonly document: string
  readonly line: string
  /** The credit note; null: there is none. */
  readonly note: string | null
  /** What was disputed, where the buyer was right; else nothing. */
  readonly micros: bigint
}

/**
 * Follows notes about documents, and documents that are taken back (I10): a note gives back no more of a line than it says
 * with what was added to it, and of all of it exactly its tax; a void is the document with every figure the other way round.
 */
export class NoteWatch {
  readonly all: StoredDocument[] = []
  readonly #findings: Findings
  readonly #billed = new Map<string, StoredDocument>()
  readonly #voided = new Set<string>()
  readonly #disputes: EndedDispute[] = []

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Numbers of the documents that bill and were not taken back. */
  get standing(): readonly StoredDocument[] {
    return [...this.#billed.values()].filter(({ row }) => !this.#voided.has(row.number))
  }

  /** A document that bills: one that notes may be about. */
  noteBilled(document: StoredDocument): void {
    this.#billed.set(document.row.number, document)
  }

  disputeEnded(dispute: EndedDispute): void {
    this.#disputes.push(dispute)
  }

  /** Who was right gets back what he disputed and nothing else, who was not gets nothing. */
  checkDisputes(): void {
    for (const { document, line, note, micros } of this.#disputes) {
      const issued = this.all.find(({ row }) => row.number === note)
      const key = `/credit/${line}`
      const back = sumOf(issued?.lines ?? [], ({ segment, amountMicros }) =>
        segment.endsWith(key) ? -amountMicros : 0n,
      )
      const isAll = back === micros && (issued?.lines.length ?? 0) === (micros === 0n ? 0 : 1)
      const isAbout = issued === undefined || issued.references === document
      this.#findings.demand(
        isAll && isAbout,
        'I10',
        () => `a dispute of ${line} on ${document} ends with ${micros} micros, ${String(note)} gives ${back} back`,
      )
    }
  }

  /** The next document that is about another one. */
  take(note: StoredDocument, book: BilledBook): void {
    const original = this.#billed.get(note.references ?? '')
    const faults =
      original === undefined
        ? [`is about ${String(note.references)}, which is no document`]
        : note.isVoid
          ? this.#voidFaults(note, original, book)
          : this.#noteFaults(note, original)
    for (const fault of faults) this.#findings.add('I10', `document ${note.row.number}: ${fault}`)
    this.all.push(note)
  }

  #voidFaults(note: StoredDocument, original: StoredDocument, book: BilledBook): readonly string[] {
    const { number } = original.row
    const told: string[] = []
    const demand = (holds: boolean, what: string): void => void (holds || told.push(what))
    demand(!this.#voided.has(number), `takes ${number} back, which was taken back before`)
    demand(this.#about(number).length === 0, `takes ${number} back, although there are notes about it`)
    this.#voided.add(number)
    demand(book.takeOut(original), `takes ${number} back, although a later document has lines of it`)
    demand(linesText(note, -1n) === linesText(original, 1n), `is not ${number} the other way round`)
    demand(grossOf(note) === -grossOf(original), `takes ${grossOf(note)} back of ${grossOf(original)}`)
    demand((note.tax?.taxMicros ?? 0n) === -(original.tax?.taxMicros ?? 0n), `takes back other tax than ${number} has`)
    return told
  }

  #noteFaults(note: StoredDocument, original: StoredDocument): readonly string[] {
    const { number } = original.row
    const told: string[] = []
    const demand = (holds: boolean, what: string): void => void (holds || told.push(what))
    demand(!this.#voided.has(number), `is about ${number}, which was taken back`)
    demand(note.lines.length > 0, `says nothing of ${number}`)
    const given = givenBack([...this.#about(number), note], original)
    for (const line of note.lines) {
      const about = original.lines.find((each) => keyOfNote(note, each) === line.segment)
      demand(about !== undefined, `${line.segment} is about no line of ${number}`)
      const isAll = line.openingMicros === line.amountMicros && line.invoicedMicros === line.amountMicros
      demand(isAll && line.chargeBlocks === 0, `${line.segment} is not an amount of its own`)
    }
    for (const line of original.lines) {
      const { credited, debited } = given.get(line.segment) ?? { credited: 0n, debited: 0n }
      const most = line.invoicedMicros + debited
      const isWithin = most < 0n ? credited >= most && credited <= 0n : credited <= most
      demand(isWithin, `of ${most} micros of ${line.segment} ${credited} are given back`)
      demand(debited === 0n || debited <= line.invoicedMicros, `adds ${debited} micros to ${line.segment}`)
    }
    const total = original.invoicedMicros + sumOf(given.values(), ({ debited, credited }) => debited - credited)
    demand(total >= 0n || original.invoicedMicros < 0n, `leaves ${total} micros of ${number}`)
    const sign = note.kind === 'debit-note' ? 1n : -1n
    const due = taxLeft(original, given) - taxLeft(original, givenBack(this.#about(number), original))
    const stated = note.tax?.taxMicros ?? 0n
    demand(stated === due, `has ${stated} micros of tax, with the notes before it ${due}`)
    const signed = sumOf(note.lines, ({ invoicedMicros }) => invoicedMicros) * sign
    demand(signed >= 0n || original.invoicedMicros < 0n, `is a ${note.kind} of ${signed} micros`)
    const gross = note.invoicedMicros + (original.tax?.inclusive === true ? 0n : stated)
    demand(grossOf(note) === gross, `asks for ${grossOf(note)}, not ${gross}`)
    return told
  }

  #about(number: string): readonly StoredDocument[] {
    return this.all.filter(({ references, isVoid }) => references === number && !isVoid)
  }
}

/** What is to be paid by a document. */
export function grossOf({ tax, invoicedMicros }: StoredDocument): bigint {
  return tax?.grossMicros ?? invoicedMicros
}

interface Given {
  credited: bigint
  debited: bigint
}

/** What notes gave back of each line of a document, and added to it. */
function givenBack(notes: readonly StoredDocument[], { lines }: StoredDocument): ReadonlyMap<string, Given> {
  const given = new Map(lines.map(({ segment }): [string, Given] => [segment, { credited: 0n, debited: 0n }]))
  for (const note of notes)
    for (const line of lines) {
      const sums = given.get(line.segment)
      const own = note.lines.filter(({ segment }) => segment === keyOfNote(note, line))
      const micros = sumOf(own, ({ amountMicros }) => amountMicros)
      if (sums === undefined) continue
      if (note.kind === 'debit-note') sums.debited += micros
      else sums.credited -= micros
    }
  return given
}

/** The tax that notes leave, less that of the document, over its codes and rates. */
function taxLeft(original: StoredDocument, given: ReadonlyMap<string, Given>): bigint {
  const taxed = original.lines.filter(({ taxCode, taxPercent }) => taxCode !== null && taxPercent !== null)
  const groups = Map.groupBy(taxed, ({ taxCode, taxPercent }) => `${String(taxCode)} ${String(taxPercent)}`)
  let micros = 0n
  for (const lines of groups.values()) {
    const all = sumOf(lines, ({ invoicedMicros }) => invoicedMicros)
    const back = sumOf(lines, ({ segment }) => {
      const { credited, debited } = given.get(segment) ?? { credited: 0n, debited: 0n }
      return credited - debited
    })
    const [first] = lines
    if (first === undefined) continue
    const ofGroup = original.taxItems.find(
      ({ code, percent }) => code === first.taxCode && percent === first.taxPercent,
    )?.taxMicros
    micros -= back === all && all !== 0n ? (ofGroup ?? 0n) : taxOn(back, first.taxPercent ?? '0', original)
  }
  return micros
}

function taxOn(micros: bigint, percent: string, { tax, minorDigits }: StoredDocument): bigint {
  const unit = 10n ** BigInt(6 - minorDigits)
  const rate = rationalOf(percent)
  const share = times(whole(micros), rate)
  const all = tax?.inclusive === true ? plus(whole(100n), rate) : whole(100n)
  const exact = { numerator: share.numerator * all.denominator, denominator: share.denominator * all.numerator }
  return roundHalfAway(dividedBy(exact, unit)) * unit
}

/** The key of a note's line about a line: its period, the note, which kind, and the key of the line. */
function keyOfNote({ row, kind }: StoredDocument, { segment }: DocumentLine): string {
  return `${row.period}/${row.number}/${kind === 'debit-note' ? 'debit' : 'credit'}/${segment}`
}

function linesText({ lines }: StoredDocument, sign: bigint): string {
  return lines
    .map(
      ({ segment, quantity, openingMicros, amountMicros, invoicedMicros, residueMicros, chargeBlocks, fromBlock }) => {
        const figures = [quantity, openingMicros, amountMicros, invoicedMicros, residueMicros].map(
          (each) => sign * each,
        )
        return [segment, ...figures, fromBlock, chargeBlocks].join(' ')
      },
    )
    .join('\n')
}

function sumOf<Item>(items: Iterable<Item>, pick: (item: Item) => bigint): bigint {
  let sum = 0n
  for (const item of items) sum += pick(item)
  return sum
}
