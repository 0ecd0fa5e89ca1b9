import { createHash } from 'node:crypto'
import type { BooksLife } from './books-life.ts'
import { dayMs, instantOf, periodBounds, periodOf } from './calendar.ts'
import type { Findings } from './findings.ts'
import type { StoredDocument } from './stored-document.ts'

/** What an issuing run adds to the log itself; anything else may have changed what is billed. */
const ownKinds: readonly string[] = ['document', 'ledger', 'decision']

/** A bill as a dry run shows it. */
export interface ShownBill {
  readonly seller: string
  readonly buyer: string
  readonly total: string
  readonly lines: number
  /** SHA-256 of the document without what comes with its issue, hexadecimal. */
  readonly hash: string
}

/** What a dry run showed, and how long the log was by then. */
export interface Shown {
  readonly period: string
  readonly bills: readonly ShownBill[]
  /** Who waited for his bill then, and may have got it since. */
  readonly waiting: readonly { readonly seller: string; readonly buyer: string }[]
  readonly logSize: number
}

/**
 * Holds what is issued against what a dry run showed right before (I10): the same bills, byte for byte but for what comes
 * with their issue.
 */
export class TrialWatch {
  readonly #findings: Findings
  readonly #life: () => BooksLife
  readonly #look: () => void

  /** `look` reads what was committed since the last time. */
  constructor(findings: Findings, life: () => BooksLife, look: () => void) {
    this.#findings = findings
    this.#life = life
    this.#look = look
  }

  /** A dry run has answered. */
  shown(period: string, bills: readonly ShownBill[], waiting: Shown['waiting']): Shown {
    this.#look()
    return { period, bills, waiting, logSize: this.#life().log.size }
  }

  /** The run that it was for has ended. */
  issued({ period, bills, waiting, logSize }: Shown): void {
    this.#look()
    const { log, documents } = this.#life()
    const foreign = log.kindsFrom(logSize).findIndex((kind) => !ownKinds.includes(kind))
    const untilIndex = foreign < 0 ? log.size : logSize + foreign
    const own = documents.billing
      .issuedFrom(logSize)
      .filter(({ row }) => row.logIndex < untilIndex && row.purpose === 'period' && row.period === period)
    const missing = new Map(bills.map((bill) => [`${bill.seller} ${bill.buyer}`, bill]))
    for (const document of own) {
      const { seller, buyer, row } = document
      const bill = missing.get(`${seller} ${buyer}`)
      missing.delete(`${seller} ${buyer}`)
      const wrong = bill === undefined ? notShown(document, waiting) : difference(document, bill)
      if (wrong !== null) this.#findings.add('I10', `document ${row.number}: ${wrong}`)
    }
    if (foreign >= 0) return
    for (const { seller, buyer, total } of missing.values())
      this.#findings.add('I10', `a dry run shows a bill of ${total} by ${seller} to ${buyer}, which is not issued`)
  }
}

function notShown({ seller, buyer, row }: StoredDocument, waiting: Shown['waiting']): string | null {
  const waited = waiting.some((each) => each.seller === seller && each.buyer === buyer)
  return waited ? null : `bills ${row.total} to ${buyer}, a dry run shows nothing of it`
}

function difference({ row, lines }: StoredDocument, shown: ShownBill): string | null {
  const hash = createHash('sha256').update(unissuedText(row.bytes)).digest('hex')
  if (hash === shown.hash) return null
  return `bills ${row.total} in ${lines.length} lines, a dry run shows ${shown.total} in ${shown.lines}, or other words`
}

/** A document as it would be with no number, issued as the epoch began. */
export function unissuedText(bytes: Uint8Array): string {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  const { issuedAt, dueOn, ...kept } = json
  delete kept['catalogue']
  const issuedMs = instantOf(String(issuedAt))
  const due =
    typeof dueOn !== 'string' ? {} : { dueOn: dayText(instantOf(dueOn) - Math.floor(issuedMs / dayMs) * dayMs) }
  return sortedJson({ ...kept, ...due, series: '', number: 0, issuedAt: '1970-01-01T00:00:00.000Z' })
}

/** JSON without spaces, members in the order of their names. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${sortedJson(each)}`).join(',')}}`
}

/** The day that an instant lies on in UTC, as `YYYY-MM-DD`. */
function dayText(atMs: number): string {
  const month = periodOf(atMs)
  const day = 1 + Math.floor((atMs - periodBounds(month).startMs) / dayMs)
  return `${month}-${String(day).padStart(2, '0')}`
}
