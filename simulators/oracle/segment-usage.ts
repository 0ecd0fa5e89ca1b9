import type { PlannedCommon, PlannedModel } from './planned-price.ts'
import { costOfEvent, costOfQuantity, freeOf, isPerEvent } from './price.ts'
import { least, minus, most, plus, rationalOf, reduced, roundDown, roundHalfAway, roundHalfEven } from './rational.ts'
import { roundUp, times, whole, zero } from './rational.ts'
import type { Rational } from './rational.ts'

const mostDigits = 6

/** A record as it was charged, with what its event says of itself. */
export interface ChargedRecord {
  readonly timeMs: number
  readonly source: string
  readonly id: string | null
  /** Base units. */
  readonly quantity: bigint
}

/**
 * All that was charged in one segment, and what it costs: the records themselves, of which the total is worked out anew,
 * so that no order can get into it.
 */
export class SegmentUsage {
  readonly model: PlannedModel
  /** In the order of free events: time, source, id, quantity. Only kept where some are free. */
  readonly #early: ChargedRecord[] = []
  #quantity = 0n
  #whole: Rational = zero
  #total: bigint

  constructor(model: PlannedModel) {
    this.model = model
    this.#total = this.#totalNow()
  }

  /** Base units. */
  get quantity(): bigint {
    return this.#quantity
  }

  /** What all of it costs, in micros, rounded as the price says. */
  get totalMicros(): bigint {
    return this.#total
  }

  /** Takes in one more record and says by how much it changes the total: its charge. */
  add(record: ChargedRecord): bigint {
    const { model } = this
    this.#quantity += record.quantity
    if (isPerEvent(model)) this.#whole = reduced(plus(this.#whole, costOfEvent(model, record.quantity)))
    if (model.model === 'percentage' && (model.freeEvents ?? model.freeAmount) !== undefined) this.#sortIn(record)
    const before = this.#total
    this.#total = this.#totalNow()
    return this.#total - before
  }

  /** Takes a record back, as if it had never come, and says by how much that changes the total. */
  remove(record: ChargedRecord): bigint {
    const { model } = this
    this.#quantity -= record.quantity
    if (isPerEvent(model)) this.#whole = reduced(minus(this.#whole, costOfEvent(model, record.quantity)))
    const place = this.#early.findIndex((each) => !comesBefore(each, record) && !comesBefore(record, each))
    if (place >= 0) this.#early.splice(place, 1)
    const before = this.#total
    this.#total = this.#totalNow()
    return this.#total - before
  }

  #totalNow(): bigint {
    const { model } = this
    if (!isPerEvent(model)) return microsOf(model, costOfQuantity(model, this.#quantity))
    const free = model.model === 'percentage' ? freeOf(model, this.#early) : zero
    return microsOf(model, minus(this.#whole, free))
  }

  #sortIn(record: ChargedRecord): void {
    const later = this.#early.findIndex((each) => comesBefore(record, each))
    this.#early.splice(later < 0 ? this.#early.length : later, 0, record)
  }
}

/** What is due before any usage, in micros. */
export function openingMicros(model: PlannedModel): bigint {
  return new SegmentUsage(model).totalMicros
}

/** What a quantity that came as one record costs, in micros, opening included. */
export function totalMicros(model: PlannedModel, quantity: bigint): bigint {
  const usage = new SegmentUsage(model)
  if (quantity > 0n) usage.add({ timeMs: 0, source: '', id: null, quantity })
  return usage.totalMicros
}

/** An exact amount in currency units as micros: held between minimum and maximum, then rounded. */
export function microsOf({ rounding, minimum, maximum }: PlannedCommon, exact: Rational): bigint {
  const raised = minimum === undefined ? exact : most(exact, rationalOf(minimum))
  const clamped = maximum === undefined ? raised : least(raised, rationalOf(maximum))
  const digits = rounding?.digits ?? mostDigits
  const scaled = times(clamped, whole(10n ** BigInt(digits)))
  return roundedBy(rounding?.rule ?? 'half-away', scaled) * 10n ** BigInt(mostDigits - digits)
}

function roundedBy(rule: NonNullable<PlannedCommon['rounding']>['rule'], value: Rational): bigint {
  switch (rule) {
    case 'half-away':
      return roundHalfAway(value)
    case 'half-even':
      return roundHalfEven(value)
    case 'up':
      return roundUp(value)
    case 'down':
      return roundDown(value)
  }
}

/** Earlier; of the same time by source, then by id, where one without an id comes first, then the smaller one. */
function comesBefore(a: ChargedRecord, b: ChargedRecord): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs
  if (a.source !== b.source) return a.source < b.source
  const [first, second] = [a.id ?? '', b.id ?? '']
  return first === second ? a.quantity < b.quantity : first < second
}
