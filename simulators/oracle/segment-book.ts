import type { BlockRow } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import { priceIn, samePrice } from './segment-check.ts'
import type { SegmentSums } from './segment-check.ts'
import type { PlannedPrice, TenantPlan } from './tenant-plan.ts'
import type { VersionBook } from './version-book.ts'

/**
 * The segments that were charged in, each with the one price that is charged in it: that of the version in force when it
 * was first charged. Another price opens another segment, and the same price never two in a period (I9).
 */
export class SegmentBook {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #versions: VersionBook
  readonly #segments = new Map<string, SegmentSums>()

  constructor(findings: Findings, plans: () => readonly TenantPlan[], versions: VersionBook) {
    this.#findings = findings
    this.#plans = plans
    this.#versions = versions
  }

  get all(): ReadonlyMap<string, SegmentSums> {
    return this.#segments
  }

  /**
   * The sums of the segment that a block is of. Keys are `<period>/<subscription>/<meter>/<price>` and
   * `<seller>><buyer>:<subscription>:<price>`.
   */
  sumsOf(key: string, leg: string, { batchIndex, releaseIndex }: BlockRow): SegmentSums {
    const [period = '', subscription = '', meter = ''] = key.split('/')
    const plan = this.#versions.chargedUnder(batchIndex, releaseIndex)
    const price = plan === undefined ? undefined : priceIn(plan, subscription, meter)
    const known = this.#segments.get(key)
    if (known !== undefined) {
      const isSame = price !== undefined && known.price !== undefined && samePrice(price, known.price)
      this.#findings.demand(isSame, 'I9', () => `segment ${key} is charged by another version of its price than before`)
      return known
    }
    this.#demandOwnSegment(key, `${period}/${subscription}/${meter}/`, price)
    const [parties = ''] = leg.split(':')
    const [seller = '', buyer = ''] = parties.split('>')
    const sums = { period, subscription, meter, seller, buyer, price, quantity: 0n, amountMicros: 0n, charges: 0 }
    this.#segments.set(key, sums)
    return sums
  }

  /** Whether an agent may have known another version of a segment's price, one that is no more in force. */
  hadOtherPrices({ subscription, meter, price }: SegmentSums): boolean {
    return this.#plans().some((plan) => {
      const other = priceIn(plan, subscription, meter)
      return other !== undefined && price !== undefined && !samePrice(other, price)
    })
  }

  /** The same price of the same meter has one segment in a period, else its tiers would begin twice. */
  #demandOwnSegment(key: string, prefix: string, price: PlannedPrice | undefined): void {
    if (price === undefined) return
    for (const [other, sums] of this.#segments) {
      const isSplit = other.startsWith(prefix) && sums.price !== undefined && samePrice(sums.price, price)
      this.#findings.demand(!isSplit, 'I9', () => `segment ${key} is of the same price as segment ${other}`)
    }
  }
}
