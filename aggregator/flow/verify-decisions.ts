import type { DecisionLogEntry, LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { approvalDecisionName, approvalFault } from '../domain/billing/approval-decision.ts'
import { subscriptionDecisionFault, subscriptionDecisionName } from '../domain/catalogue/subscription-decision.ts'
import type { ClaimParties } from '../domain/receivables/claim.ts'
import { clockDecisionName } from '../domain/periods/clock-decision.ts'
import { decodeDecision, movesOf, partiesOf, type DecisionContent } from '../domain/receivables/decision-content.ts'
import { moveEntries, settledMicros } from '../domain/receivables/moves.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { DisputeRow, NoteLineRow } from '../store/dispute-table.ts'
import type { ClaimRow, MoveRow } from '../store/receivable-rows.ts'
import type { BooksAudit } from './books-audit.ts'
import { claimOfDocument } from './claims-in-step.ts'
import { moveRows } from './money-decisions.ts'
import { ClockCheck } from './verify-clock.ts'
import { noteFault } from './verify-note-documents.ts'

/**
 * Checks decisions about money while the log is walked: what they say, the entries it makes, their rows; and in the end what
 * is derived from them and from the documents: open items, moves, credit, notes, disputes.
 */
export class DecisionCheck {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  readonly #moves: MoveRow[] = []
  readonly #settled = new Map<string, bigint>()
  readonly #credits = new Map<string, bigint>()
  /** By the document that they are about. */
  readonly #notes = new Map<string, NoteLineRow[]>()
  readonly #disputes = new Map<number, DisputeRow>()
  readonly #voided = new Map<string, string>()
  readonly #keys = new Set<string>()
  readonly #clock: ClockCheck

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
    this.#clock = new ClockCheck(reader.clockMoves(), audit)
  }

  /** A decision of the log; its ledger entries are checked against the ledger by the caller. */
  take(logIndex: number, entry: DecisionLogEntry): void {
    const { name, content, entries } = entry
    this.#audit.count('decisions')
    if (name === clockDecisionName) return this.#clock.take(logIndex, entry)
    const report = (text: string): void => this.#audit.report(`I10: decision ${logIndex} (${name}) ${text}`)
    if (name === approvalDecisionName || name === subscriptionDecisionName) {
      const fault = name === approvalDecisionName ? approvalFault(entry) : subscriptionDecisionFault(entry)
      if (fault !== undefined) report(fault)
      return
    }
    const decoded = decodeDecision(content)
    if (!decoded.ok) return report(decoded.fault.message)
    const decision = decoded.value
    if (decision.name !== name) report(`says that it is a ${decision.name}`)
    if (this.#keys.has(decision.key)) report(`has the key ${decision.key} of an earlier one`)
    this.#keys.add(decision.key)
    const moves = movesOf(decision)
    if (settledMicros(moves.settlements) + moves.creditMicros !== moves.cashMicros) {
      return report('settles something else than what came in')
    }
    const keepsBooks = this.#audit.keepsBooks(decision.buyer)
    if (!sameEntries(entries, moveEntries(partiesOf(decision), moves, keepsBooks))) {
      report('has other entries than its moves make')
    }
    const row = this.#reader.money.decision(logIndex)
    const decided = parseInstant(decision.at)
    const decidedMs = decided.ok ? decided.value : -1
    if (row === undefined || row.name !== name || row.key !== decision.key || row.decidedMs !== decidedMs) {
      report('has no row that says the same')
    } else if (partiesKey(row) !== partiesKey(decision)) report('has a row that names others')
    this.#takeMoves(logIndex, decision, decidedMs, report)
    this.#takeAbout(logIndex, decision, decidedMs, report)
  }

  /** Called behind the last entry of the log. */
  finish(): void {
    this.#clock.finish()
    const { money } = this.#reader
    const report = (text: string): void => this.#audit.report(`I10: ${text}`)
    if (money.count() !== this.#keys.size) {
      this.#audit.report(`I12: there are ${money.count()} decisions, the log has ${this.#keys.size}`)
    }
    for (const document of money.missingClaims()) report(`${document} is no open item`)
    const disputed = new Map<string, bigint>()
    for (const { document, micros, resolution } of this.#disputes.values()) {
      if (resolution === null) disputed.set(document, (disputed.get(document) ?? 0n) + micros)
    }
    for (const claim of money.claims()) this.#checkClaim(claim, disputed.get(claim.document) ?? 0n)
    for (const document of this.#settled.keys()) report(`${document} is settled and no open item`)
    compareRows(money.moves(), this.#moves, 'moves of money', report)
    compareRows(money.disputes(), this.#disputes.values(), 'disputes', report)
    compareRows(money.notes(), [...this.#notes.values()].flat().toSorted(byLine), 'lines of notes', report)
    for (const { micros, ...parties } of money.credits()) {
      const due = this.#credits.get(partiesKey(parties)) ?? 0n
      this.#credits.delete(partiesKey(parties))
      if (micros !== due) report(`${parties.buyer} has ${micros} micros of credit, decisions make ${due}`)
    }
    for (const [parties, micros] of this.#credits) if (micros !== 0n) report(`the credit of ${parties} is missing`)
  }

  #takeMoves(logIndex: number, decision: DecisionContent, decidedMs: number, report: (text: string) => void): void {
    const moves = movesOf(decision)
    const received = decision.name === 'payment' ? parseInstant(decision.receivedAt) : null
    const cashMs = received?.ok === true ? received.value : decidedMs
    this.#moves.push(...moveRows(logIndex, partiesOf(decision), moves, { cashMs, nowMs: decidedMs }))
    for (const { document, micros } of moves.settlements) {
      this.#settled.set(document, (this.#settled.get(document) ?? 0n) + micros)
    }
    const key = partiesKey(decision)
    const credit = (this.#credits.get(key) ?? 0n) + moves.creditMicros
    if (credit < 0n) report(`uses more credit than ${decision.buyer} has`)
    this.#credits.set(key, credit)
  }

  #takeAbout(logIndex: number, decision: DecisionContent, decidedMs: number, report: (text: string) => void): void {
    const { money } = this.#reader
    if (decision.name === 'credit-note' || decision.name === 'debit-note' || decision.name === 'void') {
      const fault = noteFault(money, decision.name, decision, this.#notesOf(decision.document))
      if (fault !== undefined) report(fault)
      if (decision.name === 'void') this.#voided.set(decision.document, decision.note)
    }
    if (decision.name === 'dispute') {
      const { document, line, lineMicros, disputedMicros } = decision
      const amounts = { lineMicros: BigInt(lineMicros), micros: BigInt(disputedMicros) }
      this.#disputes.set(logIndex, { logIndex, document, line, ...amounts, openedMs: decidedMs, resolution: null })
    }
    if (decision.name === 'dispute-resolution') {
      const { dispute, outcome, note, reason } = decision
      const opened = this.#disputes.get(dispute)
      if (opened === undefined || opened.resolution !== null)
        return report(`ends dispute ${dispute}, which is not open`)
      this.#disputes.set(dispute, { ...opened, resolution: { logIndex, resolvedMs: decidedMs, outcome } })
      if (note === null) return
      const named = { document: opened.document, note, reason }
      const fault = noteFault(money, 'credit-note', named, this.#notesOf(opened.document))
      if (fault !== undefined) report(fault)
    }
  }

  #notesOf(document: string): NoteLineRow[] {
    const known = this.#notes.get(document) ?? []
    this.#notes.set(document, known)
    return known
  }

  /** An open item says what its document says, and what decisions made of it. */
  #checkClaim(claim: ClaimRow, disputed: bigint): void {
    this.#audit.count('open items')
    const { document, grossMicros } = claim
    const report = (text: string): void => this.#audit.report(`I10: the open item ${document} ${text}`)
    const stored = this.#reader.money.document(document)
    const invoice = decodeInvoice(stored?.bytes ?? new Uint8Array(0))
    if (stored === undefined || !invoice.ok) return report('has no document that can be read')
    const settled = this.#settled.get(document) ?? 0n
    this.#settled.delete(document)
    const due: ClaimRow = {
      ...claimOfDocument(invoice.value, document, stored.logIndex),
      settledMicros: settled,
      disputedMicros: disputed,
      voidedBy: this.#voided.get(document) ?? null,
    }
    if (!sameRows(claim, due)) report('is not what its document and decisions make it')
    const isWithin =
      grossMicros < 0n ? settled <= 0n && settled >= grossMicros : settled >= 0n && settled <= grossMicros
    if (!isWithin) report(`is settled by ${settled} micros and comes to ${grossMicros}`)
  }
}

function compareRows(
  found: Iterable<object>,
  due: Iterable<object>,
  what: string,
  report: (text: string) => void,
): void {
  const [stored, expected] = [[...found], [...due]]
  if (stored.length !== expected.length) report(`there are ${stored.length} ${what}, decisions make ${expected.length}`)
  const place = stored.findIndex((row, index) => !sameRows(row, expected[index] ?? {}))
  if (place !== -1) report(`of the ${what} number ${place + 1} is not what decisions make it`)
}

function sameRows(one: object, other: object): boolean {
  return rowText(one) === rowText(other)
}

function rowText(row: object): string {
  const members = Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return JSON.stringify(members, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

function partiesKey({ seller, buyer, currency }: ClaimParties): string {
  return `${seller} ${buyer} ${currency}`
}

function byLine(left: NoteLineRow, right: NoteLineRow): number {
  for (const key of ['document', 'line', 'note'] as const) {
    if (left[key] !== right[key]) return left[key] < right[key] ? -1 : 1
  }
  return 0
}

function sameEntries(one: readonly LedgerEntry[], other: readonly LedgerEntry[]): boolean {
  return one.length === other.length && one.every((entry, place) => sameRows(entry, other[place] ?? {}))
}
