import { proportionalShares } from './proportional-shares.ts'

/** Units of one meter that are included from one source and not used yet. */
export interface AllowanceLot {
  /** Id of the allowance. */
  readonly allowance: string
  /** Whose: `subscription <id>`, or `offering <id>` where the subscriptions of an offering share it. */
  readonly source: string
  /** The lowest goes first. */
  readonly priority: number
  /** Number of the last period in which it can be used, counted in months. */
  readonly lastPeriod: number
  /** The most that is carried from one period into the next from the same source and allowance; null: no limit. */
  readonly cap: bigint | null
  /** Who may use it: one, or the members of a pool in the order of their ids. */
  readonly members: readonly string[]
  readonly isPool: boolean
  /** Base units, above zero. */
  readonly quantity: bigint
}

/** Units of a subscription's usage that an allowance covers. */
export interface Draw {
  readonly allowance: string
  readonly subscription: string
  /** Base units, above zero. */
  readonly quantity: bigint
}

/** What of the usage is covered by what, in the order in which lots are used; and what is left of them. */
export interface DrawnDown {
  readonly draws: readonly Draw[]
  readonly left: readonly AllowanceLot[]
}

/**
 * Uses up lots of a meter for what subscriptions used of it in one period (base units by subscription): the lowest priority
 * first, then what expires first, what is a subscription's own before what it shares, and last by id. A pool is shared by
 * its members in proportion to what each has left uncovered, by largest remainder, ties by the order of members. The order
 * of lots and of usage makes no difference.
 */
export function drawDown(lots: readonly AllowanceLot[], used: ReadonlyMap<string, bigint>): DrawnDown {
  const uncovered = new Map(used)
  const draws: Draw[] = []
  const left: AllowanceLot[] = []
  for (const lot of lots.toSorted(byUse)) {
    const needs = lot.members.map((member) => uncovered.get(member) ?? 0n)
    const needed = needs.reduce((sum, need) => sum + need, 0n)
    const covered = needed < lot.quantity ? needed : lot.quantity
    if (covered < lot.quantity) left.push({ ...lot, quantity: lot.quantity - covered })
    if (covered === 0n) continue
    const shares = proportionalShares(covered, needs)
    lot.members.forEach((subscription, index) => {
      const quantity = shares[index] ?? 0n
      if (quantity === 0n) return
      uncovered.set(subscription, (needs[index] ?? 0n) - quantity)
      draws.push({ allowance: lot.allowance, subscription, quantity })
    })
  }
  return { draws, left }
}

/**
 * What of the lots that a period left over can still be used in the next one: those that have not expired, and of each
 * source and allowance at most the cap of the newest; what is over it is lost, earliest expiry first.
 */
export function carriedOver(left: readonly AllowanceLot[], period: number): readonly AllowanceLot[] {
  const newestFirst = left
    .filter(({ lastPeriod }) => lastPeriod > period)
    .toSorted((one, other) => other.lastPeriod - one.lastPeriod)
  const room = new Map<string, bigint | null>()
  const carried: AllowanceLot[] = []
  for (const lot of newestFirst) {
    const key = `${lot.source} ${lot.allowance}`
    const free = room.has(key) ? (room.get(key) ?? null) : lot.cap
    const quantity = free === null || lot.quantity < free ? lot.quantity : free
    room.set(key, free === null ? null : free - quantity)
    if (quantity > 0n) carried.push({ ...lot, quantity })
  }
  return carried
}

function byUse(one: AllowanceLot, other: AllowanceLot): number {
  return (
    one.priority - other.priority ||
    one.lastPeriod - other.lastPeriod ||
    Number(one.isPool) - Number(other.isPool) ||
    compared(one.allowance, other.allowance) ||
    compared(one.source, other.source)
  )
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
