import type { LedgerEntry, NumberGap } from '@meterline/shared/model/log-entry.ts'
import { openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue, CataloguePrice } from '../domain/catalogue/catalogue.ts'
import type { Balance } from '../store/ledger-table.ts'
import { ChargedDays, ChargedPositions } from './charged-positions.ts'

/** More problems than these are only counted: a damaged file should be named, not copied. */
const shownProblems = 100

/** What the charges of a segment come to. */
export interface ChargedSegment {
  /** Charge blocks so far. */
  blocks: number
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
  /** Where the charges put segments that do not stand by their quantity alone. */
  readonly positions = new ChargedPositions()
  /** What the charges make of each segment's days. */
  readonly days = new ChargedDays()
  /** Numbers that restores left unused, with the place of the restore, in log order. */
  readonly numberGaps: (NumberGap & { readonly logIndex: number })[] = []
  /** Rows that log entries account for, by table. */
  readonly accountedRows = {
    batch: 0,
    charge_block: 0,
    ledger_entry: 0,
    suspense: 0,
    suspense_decision: 0,
    usage_void: 0,
    event_replacement: 0,
    control_unit: 0,
    document: 0,
    catalogue: 0,
    generation: 0,
    number_gap: 0,
  }
  readonly #checked = new Map<string, number>()
  readonly #problems: string[] = []
  readonly #prices = new Map<string, KnownPrice>()
  /** Who has books here: the operator and the resellers of every catalogue of the log. */
  readonly #bookkeepers = new Set<string>()
  /** Subscriptions that the operator has with partners. */
  readonly #costs = new Set<string>()
  /** Seller and buyer of segments as their charges say it, each pair one text. */
  readonly #parties = new Map<string, string>()
  readonly #pairs = new Map<string, string>()
  #isTest = false
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

  learn(catalogue: Catalogue): void {
    const { operator, accounts, test } = catalogue.file
    this.#isTest = test
    this.#bookkeepers.add(operator.id)
    for (const { id, kind } of accounts) if (kind === 'reseller') this.#bookkeepers.add(id)
    // Subscriptions that buy the same share one map of prices.
    const learnt = new Set<ReadonlyMap<string, CataloguePrice>>()
    for (const { id: subscription, kind, pricesById } of catalogue.subscriptions.values()) {
      if (kind === 'cost') this.#costs.add(subscription)
      if (learnt.has(pricesById)) continue
      learnt.add(pricesById)
      for (const { id, compiled, currency } of pricesById.values()) this.#prices.set(id, { compiled, currency })
    }
  }

  /** Whether these are the books of a test tenant, by the catalogues so far. */
  get isTest(): boolean {
    return this.#isTest
  }

  keepsBooks(account: string): boolean {
    return this.#bookkeepers.has(account)
  }

  /** Whether a subscription is one of the operator with a partner. */
  isCost(subscription: string): boolean {
    return this.#costs.has(subscription)
  }

  /** `<seller>><buyer>` of a segment's charges; null when it has none. */
  partiesOf(segmentKey: string): string | null {
    return this.#parties.get(segmentKey) ?? null
  }

  /** The currency of a segment's price; null when no catalogue of the log has it. */
  currencyOf(segmentKey: string): string | null {
    return this.#prices.get(parseSegmentKey(segmentKey).priceId)?.currency ?? null
  }

  /** The price of a segment; null when no catalogue of the log has it. */
  priceOf(segmentKey: string): CompiledPrice | null {
    return this.#prices.get(parseSegmentKey(segmentKey).priceId)?.compiled ?? null
  }

  /** What a segment is charged by: one of the models of its price; null when no catalogue of the log has that. */
  modelOf(segmentKey: string): CompiledModel | null {
    const { priceId, model } = parseSegmentKey(segmentKey)
    const price = this.#prices.get(priceId)?.compiled
    if (price === undefined || (model === null) !== (price.router === null)) return null
    return price.models[model ?? 0] ?? null
  }

  /** What all charges of a segment must add up to where it stands, without its opening; null when its price is unknown. */
  chargesDue(segmentKey: string, position: Position): bigint | null {
    const model = this.modelOf(segmentKey)
    return model === null ? null : positionMicros(model, position) - openingMicros(model)
  }

  /**
   * A charge block, `events` below zero when it takes charges back; false when its leg has other parties than that of an
   * earlier block of its segment.
   */
  charged(segmentKey: string, parties: string, quantity: bigint, events: number, amountMicros: bigint): boolean {
    const pair = this.#pairs.get(parties) ?? parties
    this.#pairs.set(pair, pair)
    const earlier = this.#parties.get(segmentKey)
    this.#parties.set(segmentKey, pair)
    const segment = this.segments.get(segmentKey)
    if (segment === undefined) this.segments.set(segmentKey, { blocks: 1, quantity, events, amountMicros })
    else {
      segment.blocks += 1
      segment.quantity += quantity
      segment.events += events
      segment.amountMicros += amountMicros
    }
    return earlier === undefined || earlier === pair
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
