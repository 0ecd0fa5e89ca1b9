import { assertThat } from '../base/errors.ts'
import { limitedMicros, mostLimitedRise, roundedMicros } from './limits.ts'
import { kindOfModel, type CompiledModel } from './model.ts'
import { packageExact, packageMostRise } from './package.ts'
import { advancePercentage, percentageExact, percentageMostRise } from './percentage.ts'
import { perUnitTotalMicros } from './per-unit.ts'
import { positionAt, startPosition, type EventOfRecord, type Position } from './position.ts'
import { steppedEventExact } from './stepped.ts'
import { tieredExact, tieredMostRise, tieredTotalMicros } from './tiers.ts'

/** Names these rules. It goes into every batch and ledger entry, and changes whenever a rule gives another amount. */
export const ratingVersion = 'm2'

/**
 * R(Q) of a splittable model: what a cumulative quantity (base units) costs, in micros of the price's currency, limited
 * and rounded as the price says.
 */
export function totalMicros(model: CompiledModel, quantity: bigint): bigint {
  switch (model.model) {
    case 'per-unit':
      return perUnitTotalMicros(model, quantity)
    case 'graduated':
    case 'volume':
      return tieredTotalMicros(model, quantity)
    default:
      assertThat(
        kindOfModel(model) === 'splittable',
        `the total of a ${model.model} price does not follow from quantity`,
      )
      return limitedMicros(exactOf(model, positionAt(quantity)), model)
  }
}

/** What a segment costs that stands there, in micros of the price's currency, limited and rounded; for every model. */
export function positionMicros(model: CompiledModel, position: Position): bigint {
  switch (model.model) {
    case 'per-unit':
      return perUnitTotalMicros(model, position.quantity)
    case 'graduated':
    case 'volume':
      return tieredTotalMicros(model, position.quantity)
    default:
      return limitedMicros(exactOf(model, position), model)
  }
}

/**
 * What a segment would cost without the minimum and maximum of its price, in micros, rounded. What `positionMicros` is
 * above it is due to the minimum; what it is below was taken off by the maximum.
 */
export function unlimitedMicros(model: CompiledModel, position: Position): bigint {
  return roundedMicros(exactOf(model, position), model)
}

/**
 * R(0): what is due before any usage, such as the flat fee of the first tier. It belongs to no record and is charged once
 * per segment and period: openingMicros + Σ charges of a segment = positionMicros where it stands.
 */
export function openingMicros(model: CompiledModel): bigint {
  return positionMicros(model, startPosition)
}

/** Where a segment stands after one more record of `quantity` base units. The order of records makes no difference. */
export function advance(model: CompiledModel, position: Position, quantity: bigint, event: EventOfRecord): Position {
  switch (model.model) {
    case 'per-unit':
    case 'graduated':
    case 'volume':
      return afterOneMore(position, quantity, 0n)
    case 'package':
      return afterOneMore(position, quantity, model.each === 'event' ? packageExact(model, quantity) : 0n)
    case 'percentage':
      return advancePercentage(model, position, quantity, event)
    case 'stepped':
      return afterOneMore(position, quantity, steppedEventExact(model, quantity))
    default:
      assertThat(false, `an unknown model: ${String(model satisfies never)}`)
  }
}

/**
 * The charge of `quantity` base units that come after `positionBefore`, for splittable models: rounded R(Q + q) less
 * rounded R(Q), in micros. Charges of one segment therefore add up to the rounded total, however usage is split. Negative
 * where the total of a volume price falls.
 */
export function chargeMicros(model: CompiledModel, positionBefore: bigint, quantity: bigint): bigint {
  return totalMicros(model, positionBefore + quantity) - totalMicros(model, positionBefore)
}

/**
 * The most the charge of `quantity` base units can be wherever they come, in whole micros with rounding included: what an
 * edge that does not know the centre's position has to set aside. Null: there is no such limit, as when an early event
 * takes the place of a free one. For an event-atomic model `quantity` is that of one whole record.
 */
export function boundMicros(model: CompiledModel, quantity: bigint): bigint | null {
  return mostLimitedRise(mostRiseOf(model, quantity), model)
}

/** R at a position before limits and rounding: a numerator over the model's denominator. */
function exactOf(model: CompiledModel, position: Position): bigint {
  switch (model.model) {
    case 'per-unit':
      return position.quantity * model.rate
    case 'graduated':
    case 'volume':
      return tieredExact(model, position.quantity)
    case 'package':
      return model.each === 'event' ? position.exact : packageExact(model, position.quantity)
    case 'percentage':
      return percentageExact(model, position)
    case 'stepped':
      return position.exact
    default:
      assertThat(false, `an unknown model: ${String(model satisfies never)}`)
  }
}

/** The most R before limits and rounding can rise by with one more record, as a numerator; null: there is no such limit. */
function mostRiseOf(model: CompiledModel, quantity: bigint): bigint | null {
  switch (model.model) {
    case 'per-unit':
      return quantity * model.rate
    case 'graduated':
    case 'volume':
      return tieredMostRise(model, quantity)
    case 'package':
      return packageMostRise(model, quantity)
    case 'percentage':
      return percentageMostRise(model, quantity)
    case 'stepped':
      return steppedEventExact(model, quantity)
    default:
      assertThat(false, `an unknown model: ${String(model satisfies never)}`)
  }
}

function afterOneMore(position: Position, quantity: bigint, exact: bigint): Position {
  return {
    quantity: position.quantity + quantity,
    events: position.events + 1,
    exact: position.exact + exact,
    earliest: position.earliest,
  }
}
