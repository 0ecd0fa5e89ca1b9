import type { BlockRow } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { PlannedTerms } from './planned-price.ts'
import { isRouted, partsOf } from './price-route.ts'
import type { SegmentSums } from './segment-check.ts'
import { SegmentUsage } from './segment-usage.ts'
import type { StoredUnit } from './stored-batch.ts'
import { priceAt, sameTerms } from './terms-in-force.ts'
import type { VersionBook } from './version-book.ts'

/** A charge as its block tells of it, and the unit it is of. */
export interface ChargeTold {
  readonly unit: StoredUnit
  readonly quantity: bigint
}

/**
 * The segments that were charged in, each with the one model of the one price that is charged in it: as it is at the time
 * of use, by the version that charged first. Another price opens another segment, and the same one never two in a period
 * (I9).
 */
export class SegmentBook {
  readonly #findings: Findings
  readonly #versions: VersionBook
  readonly #segments = new Map<string, SegmentSums>()

  constructor(findings: Findings, versions: VersionBook) {
    this.#findings = findings
    this.#versions = versions
  }

  get all(): ReadonlyMap<string, SegmentSums> {
    return this.#segments
  }

  /**
   * The sums of the segment that a block is of, where `first` is the first unit charged by it. Keys are
   * `<period>/<subscription>/<meter>/<price>`, with `/<model>` behind it where the price has several, and
   * `<seller>><buyer>:<subscription>:<price>`.
   */
  sumsOf(key: string, leg: string, row: BlockRow, first: StoredUnit | undefined): SegmentSums {
    const known = this.#segments.get(key)
    if (known !== undefined) return known
    const [period = '', subscription = '', meter = '', , model] = key.split('/')
    const terms = first === undefined ? undefined : this.#termsFor(subscription, meter, row, first)
    const number = model === undefined ? null : Number(model)
    this.#findings.demand(
      terms === undefined || isRouted(terms) === (number !== null),
      'I9',
      () => `segment ${key} names ${model === undefined ? 'no model of a price with several' : `model ${model}`}`,
    )
    this.#demandOwnSegment(key, number, `${period}/${subscription}/${meter}/`, terms)
    const [parties = ''] = leg.split(':')
    const [seller = '', buyer = ''] = parties.split('>')
    const of = { period, subscription, meter, seller, buyer, model: number, terms }
    const sums: SegmentSums = { ...of, usage: undefined, quantity: 0n, amountMicros: 0n, charges: 0, blocks: [] }
    this.#segments.set(key, sums)
    return sums
  }

  /** What a charge in this segment has to be, in micros; null when nobody can say which version charged. */
  dueFor(key: string, sums: SegmentSums, row: BlockRow, { unit, quantity }: ChargeTold): bigint | null {
    const terms = this.#termsFor(sums.subscription, sums.meter, row, unit)
    if (terms === undefined || sums.terms === undefined) return null
    this.#findings.demand(
      sameTerms(terms, sums.terms),
      'I9',
      () => `segment ${key} is charged by another version of its price than before`,
    )
    sums.usage ??= usageOf(terms, sums.model, unit, quantity)
    const { timeMs, source, eventId: id } = unit
    return sums.usage?.add({ timeMs, source, id, quantity }) ?? null
  }

  #termsFor(subscription: string, meter: string, row: BlockRow, unit: StoredUnit): PlannedTerms | undefined {
    const plan = this.#versions.chargedUnder(row.batchIndex, row.releaseIndex)
    const sold = plan?.subscriptions.find(({ id }) => id === subscription)
    return plan === undefined || sold === undefined ? undefined : priceAt(plan, sold, meter, unit.timeMs)?.terms
  }

  /** The same model of the same price of the same meter has one segment in a period, else its tiers would begin twice. */
  #demandOwnSegment(key: string, model: number | null, prefix: string, terms: PlannedTerms | undefined): void {
    if (terms === undefined) return
    for (const [other, sums] of this.#segments) {
      if (!other.startsWith(prefix) || sums.terms === undefined || sums.model !== model) continue
      const isSplit = sameTerms(sums.terms, terms)
      this.#findings.demand(!isSplit, 'I9', () => `segment ${key} is of the same price as segment ${other}`)
    }
  }
}

/** Begins to add up one of the models of a price; the parts of a record of it say what that model is. */
function usageOf(
  terms: PlannedTerms,
  number: number | null,
  unit: StoredUnit,
  quantity: bigint,
): SegmentUsage | undefined {
  // The whole record may be more than what is charged here, and which models it meets does not depend on how much it is.
  const enough = quantity + 10n ** 9n
  const part = partsOf(terms, unit, enough)?.find((each) => each.number === number)
  return part === undefined ? undefined : new SegmentUsage(part.model)
}
