import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { emptyAccumulator, type Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { BillingTables } from '../store/billing-tables.ts'
import type { SegmentDayTable } from '../store/segment-day-table.ts'
import type { BlockLeaf } from '../store/segment-table.ts'

/** What a segment comes to when its usage is rated once more. */
export interface SimulatedSegment {
  readonly accumulator: Accumulator
  readonly blocks: number
}

/** Stands for blocks that nobody keeps: bills that are only compared commit to nothing. */
const noLeaf: BlockLeaf = { leaf: sumRoot([]).hash, amountMicros: 0n }

/**
 * The books with one period rated in another way: its segments are those put in here, everything else is read from the
 * file. Nothing is written.
 */
export class SimulatedTables implements BillingTables {
  readonly billedLines
  readonly catalogues
  readonly documents
  readonly lateMarks
  readonly segments
  readonly segmentDays
  readonly #bySubscription = new Map<string, Map<string, SimulatedSegment>>()
  readonly #tables: BillingTables
  readonly #periodKey: string

  constructor(tables: BillingTables, periodKey: string) {
    const { billedLines, catalogues, documents, lateMarks } = tables
    this.billedLines = billedLines
    this.catalogues = catalogues
    this.documents = documents
    this.lateMarks = lateMarks
    this.#tables = tables
    this.#periodKey = periodKey
    this.segments = {
      accumulator: (key: string) =>
        this.#isOwn(key) ? (this.segment(key)?.accumulator ?? emptyAccumulator) : tables.segments.accumulator(key),
      accumulatorsOf: (prefix: string) =>
        this.#isOwn(prefix) ? this.#accumulatorsOf(prefix) : tables.segments.accumulatorsOf(prefix),
      keysOf: (prefix: string) => (this.#isOwn(prefix) ? this.#keysOf(prefix) : tables.segments.keysOf(prefix)),
      leavesOf: (key: string, from?: number) =>
        this.#isOwn(key) ? this.#leavesOf(key, from ?? 0) : tables.segments.leavesOf(key, from),
    }
    // What was used on which day says nothing about amounts.
    const noDays: ReturnType<SegmentDayTable['daysOf']> = new Map()
    this.segmentDays = {
      daysOf: (prefix: string) => (this.#isOwn(prefix) ? noDays : tables.segmentDays.daysOf(prefix)),
    }
  }

  get log(): { readonly size: number } {
    return this.#tables.log
  }

  segment(key: string): SimulatedSegment | undefined {
    return this.#bySubscription.get(parseSegmentKey(key).subscription)?.get(key)
  }

  put(key: string, segment: SimulatedSegment): void {
    const { subscription } = parseSegmentKey(key)
    const known = this.#bySubscription.get(subscription)
    if (known === undefined) this.#bySubscription.set(subscription, new Map([[key, segment]]))
    else known.set(key, segment)
  }

  /** Keys and prefixes of them begin with that of their period. */
  #isOwn(keyOrPrefix: string): boolean {
    return keyOrPrefix.startsWith(`${this.#periodKey}/`)
  }

  #keysOf(prefix: string): readonly string[] {
    const [, subscription = ''] = prefix.split('/')
    const found = this.#bySubscription.get(subscription)?.keys() ?? []
    return [...found].filter((key) => key.startsWith(prefix)).toSorted()
  }

  #accumulatorsOf(prefix: string): ReadonlyMap<string, Accumulator> {
    return new Map(this.#keysOf(prefix).map((key) => [key, this.segment(key)?.accumulator ?? emptyAccumulator]))
  }

  #leavesOf(key: string, from: number): readonly BlockLeaf[] {
    const blocks = Math.max(0, (this.segment(key)?.blocks ?? 0) - from)
    return Array.from({ length: blocks }, () => noLeaf)
  }
}
