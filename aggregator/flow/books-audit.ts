import type { DocumentLogEntry, LedgerEntry, NumberGap } from '@meterline/shared/model/log-entry.ts'
import { openingMicros, totalMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { Balance } from '../store/ledger-table.ts'

/** More problems than these are only counted: a damaged file should be named, not copied. */
const shownProblems = 100

/** What the charges of a segment come to. */
export interface ChargedSegment {
  quantity: bigint
  events: number
  amountMicros: bigint
}

/** A price of some version of the catalogue, as verification needs it. */
interface KnownPrice {
  readonly compiled: CompiledPrice
  readonly currency: string
}

/** What a verification has seen so far, and what is wrong. */
export class BooksAudit {
  /** What the entries of the log make of each account. */
  readonly balances = new PostedBalances()
  /** What the charge blocks make of each segment. */
  readonly segments = new Map<string, ChargedSegment>()
  /** What the charges make of each segment's days. */
  readonly days = new ChargedDays()
  /** Document entries of the log, by log index. */
  readonly documents = new Map<number, DocumentLogEntry>()
  /** Numbers that restores left unused, with the place of the restore, in log order. */
  readonly numberGaps: (NumberGap & { readonly logIndex: number })[] = []
  /** Rows that log entries account for, by table. */
  readonly accountedRows = {
    batch: 0,
    charge_block: 0,
    ledger_entry: 0,
    suspense: 0,
    suspense_decision: 0,
    control_unit: 0,
    document: 0,
    catalogue: 0,
    generation: 0,
    number_gap: 0,
  }
  readonly #checked = new Map<string, number>()
  readonly #problems: string[] = []
  readonly #prices = new Map<string, KnownPrice>()
  #more = 0

  get checked(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#checked)
  }

  get problems(): readonly string[] {
    return this.#more === 0 ? this.#problems : [...this.#problems, `and ${this.#more} more`]
  }

  report(problem: string): void {
    if (this.#problems.length < shownProblems) this.#problems.push(problem)
    else this.#more += 1
  }

  count(what: string): void {
    this.#checked.set(what, (this.#checked.get(what) ?? 0) + 1)
  }

  learnPrices(catalogue: Catalogue): void {
    for (const subscription of catalogue.subscriptions.values()) {
      for (const { id, compiled, currency } of subscription.prices.values())
        this.#prices.set(id, { compiled, currency })
    }
  }

  /** The currency of a segment's price; null when no catalogue of the log has it. */
  currencyOf(segmentKey: string): string | null {
    return this.#prices.get(parseSegmentKey(segmentKey).priceId)?.currency ?? null
  }

  /** The price of a segment; null when no catalogue of the log has it. */
  priceOf(segmentKey: string): CompiledPrice | null {
    return this.#prices.get(parseSegmentKey(segmentKey).priceId)?.compiled ?? null
  }

  /** What all charges of a segment must add up to, R(Q) less R(0); null when its price is unknown. */
  chargesDue(segmentKey: string, quantity: bigint): bigint | null {
    const price = this.#prices.get(parseSegmentKey(segmentKey).priceId)
    return price === undefined ? null : totalMicros(price.compiled, quantity) - openingMicros(price.compiled)
  }

  charged(segmentKey: string, quantity: bigint, events: number, amountMicros: bigint): void {
    const segment = this.segments.get(segmentKey)
    if (segment === undefined) this.segments.set(segmentKey, { quantity, events, amountMicros })
    else {
      segment.quantity += quantity
      segment.events += events
      segment.amountMicros += amountMicros
    }
  }
}

/** Quantities per segment and UTC day, recomputed from charges and the times of their units. */
export class ChargedDays {
  readonly #quantities = new Map<string, Map<number, bigint>>()
  readonly #unknown = new Set<string>()
  #keptAfter = -1

  /** Days are kept of what was decided after this log entry. */
  keptAfter(logIndex: number): void {
    this.#keptAfter = logIndex
  }

  /** One charge of a decision, on a day in days since 1970-01-01; null: its time is not known any more. */
  use(logIndex: number, segmentKey: string, day: number | null, quantity: bigint): void {
    if (logIndex <= this.#keptAfter || quantity === 0n) return
    if (day === null) {
      this.#unknown.add(segmentKey)
      return
    }
    const days = this.#quantities.get(segmentKey) ?? new Map<number, bigint>()
    this.#quantities.set(segmentKey, days)
    days.set(day, (days.get(day) ?? 0n) + quantity)
  }

  /** Whether these are the days of a segment, as far as they can be known. */
  areDaysOf(segmentKey: string, stored: readonly { readonly day: number; readonly quantity: bigint }[]): boolean {
    if (this.#unknown.has(segmentKey)) return true
    const days = this.#quantities.get(segmentKey) ?? new Map<number, bigint>()
    return stored.length === days.size && stored.every(({ day, quantity }) => days.get(day) === quantity)
  }
}

/** Balances recomputed from entries. */
export class PostedBalances {
  readonly #sums = new Map<string, Balance>()

  post(entry: LedgerEntry): void {
    const key = `${entry.entity} ${entry.asset} ${entry.account}`
    const { debitMicros, creditMicros } = this.#sums.get(key) ?? { debitMicros: 0n, creditMicros: 0n }
    this.#sums.set(key, {
      debitMicros: debitMicros + entry.debitMicros,
      creditMicros: creditMicros + entry.creditMicros,
    })
  }

  /** What was posted to an account; it is then no longer among the rest. */
  take(entity: string, asset: string, account: string): Balance {
    const key = `${entity} ${asset} ${account}`
    const sum = this.#sums.get(key)
    this.#sums.delete(key)
    return sum ?? { debitMicros: 0n, creditMicros: 0n }
  }

  rest(): readonly string[] {
    return [...this.#sums.keys()]
  }
}
