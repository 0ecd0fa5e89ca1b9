import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import type { CorrelationDefinition } from './correlation-rule.ts'

/** One record that a correlation compares. */
export interface ComparedRecord {
  readonly side: 'charge' | 'control'
  readonly timeMs: number
  readonly source: string
  readonly eventId: string | null
  /** In base units of the meter. */
  readonly quantity: bigint
  /** Where it stands in the log. */
  readonly batchIndex: number
  readonly unit: number
}

/** Two records of the same usage, or one whose other is missing. */
export interface Pairing {
  readonly charge: ComparedRecord | null
  readonly control: ComparedRecord | null
}

/** A record and its neighbours among those that have no partner yet. */
interface Candidate {
  readonly record: ComparedRecord
  /** Place in the order of time. */
  readonly place: number
  before: Candidate | null
  after: Candidate | null
  isTaken: boolean
}

interface Couple {
  readonly left: Candidate
  readonly right: Candidate
  readonly apartMs: number
}

/**
 * Pairs the records of one subject one to one, the nearest in time first, none further apart than the window. The result
 * does not depend on the order in which they are given: among equally near ones the earliest go first, and records of the
 * same instant are paired in the order of their quantities. In the order of time, those alone as well.
 */
export function pairRecords(records: readonly ComparedRecord[], windowMs: number): readonly Pairing[] {
  const candidates = inOrder(records).map((record, place): Candidate => {
    return { record, place, before: null, after: null, isTaken: false }
  })
  const couples = new CoupleHeap()
  const consider = (left: Candidate | null, right: Candidate | null): void => {
    if (left === null || right === null || left.record.side === right.record.side) return
    const apartMs = right.record.timeMs - left.record.timeMs
    if (apartMs <= windowMs) couples.push({ left, right, apartMs })
  }
  for (const [place, candidate] of candidates.entries()) {
    candidate.before = candidates[place - 1] ?? null
    candidate.after = candidates[place + 1] ?? null
    consider(candidate.before, candidate)
  }
  const pairings: { readonly place: number; readonly pairing: Pairing }[] = []
  // The nearest two of different sides have nothing between them: anything there would be nearer to one of them.
  for (let couple = couples.pop(); couple !== null; couple = couples.pop()) {
    const { left, right } = couple
    if (left.isTaken || right.isTaken) continue
    left.isTaken = true
    right.isTaken = true
    if (left.before !== null) left.before.after = right.after
    if (right.after !== null) right.after.before = left.before
    consider(left.before, right.after)
    const [charge, control] = left.record.side === 'charge' ? [left, right] : [right, left]
    pairings.push({ place: left.place, pairing: { charge: charge.record, control: control.record } })
  }
  for (const { record, place, isTaken } of candidates) {
    if (isTaken) continue
    const alone = record.side === 'charge' ? { charge: record, control: null } : { charge: null, control: record }
    pairings.push({ place, pairing: alone })
  }
  return pairings.toSorted((left, right) => left.place - right.place).map(({ pairing }) => pairing)
}

/** By time; of one instant by rank of quantity within the side, so that equal instants meet as their quantities rank. */
function inOrder(records: readonly ComparedRecord[]): readonly ComparedRecord[] {
  const ranked: { readonly record: ComparedRecord; readonly rank: number }[] = []
  const sorted = records.toSorted(byTimeSideQuantity)
  let rank = 0
  for (const [place, record] of sorted.entries()) {
    const before = sorted[place - 1]
    rank = before?.timeMs === record.timeMs && before.side === record.side ? rank + 1 : 0
    ranked.push({ record, rank })
  }
  return ranked
    .toSorted((left, right) => left.record.timeMs - right.record.timeMs || left.rank - right.rank)
    .map(({ record }) => record)
}

function byTimeSideQuantity(left: ComparedRecord, right: ComparedRecord): number {
  return (
    left.timeMs - right.timeMs ||
    compare(left.side, right.side) ||
    compare(left.quantity, right.quantity) ||
    compare(left.source, right.source) ||
    compare(left.eventId ?? '', right.eventId ?? '')
  )
}

function compare<Value extends string | bigint>(left: Value, right: Value): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** Couples by nearness, then by time: a binary heap. */
class CoupleHeap {
  readonly #couples: Couple[] = []

  push(couple: Couple): void {
    const heap = this.#couples
    let at = heap.push(couple) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(couple, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = couple
  }

  pop(): Couple | null {
    const heap = this.#couples
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined) return null
    if (heap.length > 0) this.#sink(last)
    return top
  }

  #sink(couple: Couple): void {
    const heap = this.#couples
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (child === undefined || !isBefore(child, couple)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = couple
  }
}

function isBefore(left: Couple, right: Couple): boolean {
  return left.apartMs === right.apartMs ? left.left.place < right.left.place : left.apartMs < right.apartMs
}

/** Whether two quantities agree within a rule's tolerance. */
export function agrees({ tolerance }: CorrelationDefinition, charged: bigint, controlled: bigint): boolean {
  const difference = charged > controlled ? charged - controlled : controlled - charged
  if (difference <= BigInt(tolerance.units)) return true
  const percent = parseDecimal(tolerance.percent)
  assertThat(percent.ok, 'the percentage of a checked tolerance is a decimal')
  const larger = charged > controlled ? charged : controlled
  const { coefficient, scale } = percent.value
  // difference ≤ larger × percent ÷ 100, without a fraction on either side.
  return difference * 100n * 10n ** BigInt(scale) <= larger * coefficient
}
