import { assertThat } from '../base/errors.ts'
import {
  commonEvenDenominator,
  exactMicros,
  exactMicrosPerUnit,
  numeratorOver,
  type ExactMicros,
} from './exact-rate.ts'
import { compileLimits, limitAmounts, type LimitedModel } from './limits.ts'
import type { EarlyEvent, EventOfRecord, Position } from './position.ts'
import type { CommonTerms } from './terms.ts'

/** A share of the amounts that the meter counts, and a fee per event. Event-atomic. */
export interface PercentagePrice extends CommonTerms {
  readonly model: 'percentage'
  /** Base units of the meter that are one currency unit: 100 where it counts cents. */
  readonly per: bigint
  /** Percent, decimal text: `2.9` takes 2.9 % of the amount. */
  readonly rate: string
  /** Decimal text in currency units, for every event. */
  readonly fixed?: string
  /** The earliest events (by time, source and id) that cost nothing, at most 1,000 … */
  readonly freeEvents?: number
  /**
   * … until their amounts have come to this much, in currency units; what is above it is charged. What ends first ends
   * both. The event that reaches it is not free: it owes its fixed fee, and the share of what is above. Without
   * `freeEvents` it is for as many events as it lasts, but at most the earliest 1,000 where events owe more than a share.
   */
  readonly freeAmount?: string
  /** Decimal texts in currency units: what one event costs at least and at most, its fixed fee included. */
  readonly minimumEach?: string
  readonly maximumEach?: string
}

/** Whatever order events come in, the free ones have to be known by name, so there is a limit to how many. */
export const mostFreeEvents = 1000

/** Amounts are numerators over `denominator`. */
export interface CompiledPercentage extends LimitedModel {
  readonly model: 'percentage'
  /** For one base unit. */
  readonly rate: bigint
  readonly fixed: bigint
  /** 0n where the price has none. */
  readonly minimumEach: bigint
  readonly maximumEach: bigint | null
  /** How many of the earliest events a position keeps: 0 where it does not matter which ones come first. */
  readonly keptEvents: number
  readonly freeAmount: FreeAmount | null
}

/** What may be used before a share is due. */
export interface FreeAmount {
  /** It is `baseUnits` / `parts` base units, which need not be a whole number of them. */
  readonly baseUnits: bigint
  readonly parts: bigint
  /** What a share of all of it would be. */
  readonly worth: bigint
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compilePercentage(price: PercentagePrice): CompiledPercentage {
  const rate = exactMicrosPerUnit(price.rate, price.per * 100n)
  const fixed = exactMicros(price.fixed ?? '0')
  const minimumEach = exactMicros(price.minimumEach ?? '0')
  const maximumEach = price.maximumEach === undefined ? null : exactMicros(price.maximumEach)
  const freeUnits = freeUnitsOf(price)
  const worth = freeUnits === null ? null : product(freeUnits, rate)
  const amounts = [rate, fixed, minimumEach, maximumEach, worth].filter((amount) => amount !== null)
  const denominator = commonEvenDenominator([...amounts, ...limitAmounts(price)])
  const owesShareOnly = fixed.numerator === 0n && minimumEach.numerator === 0n && maximumEach === null
  return {
    model: 'percentage',
    rate: numeratorOver(rate, denominator),
    fixed: numeratorOver(fixed, denominator),
    minimumEach: numeratorOver(minimumEach, denominator),
    maximumEach: maximumEach === null ? null : numeratorOver(maximumEach, denominator),
    keptEvents: keptEvents(price.freeEvents ?? 0, freeUnits !== null && !owesShareOnly),
    freeAmount:
      freeUnits === null || worth === null
        ? null
        : { baseUnits: freeUnits.numerator, parts: freeUnits.denominator, worth: numeratorOver(worth, denominator) },
    denominator,
    limits: compileLimits(price, denominator),
  }
}

/** Where a segment stands after one more record, which counts as an event of its own. */
export function advancePercentage(
  model: CompiledPercentage,
  position: Position,
  quantity: bigint,
  event: EventOfRecord,
): Position {
  const earliest =
    model.keptEvents === 0
      ? position.earliest
      : withEvent(model, position.earliest, {
          timeMs: event.timeMs,
          source: event.source,
          id: event.eventId ?? '',
          quantity,
        })
  return {
    quantity: position.quantity + quantity,
    events: position.events + 1,
    exact: position.exact + eventExact(model, quantity * model.rate),
    earliest,
  }
}

/** What a segment costs that stands there: a numerator, before limits and rounding. */
export function percentageExact(model: CompiledPercentage, position: Position): bigint {
  const { freeAmount, keptEvents } = model
  if (keptEvents > 0) return position.exact - freeExact(model, position.earliest)
  if (freeAmount === null) return position.exact
  return position.exact > freeAmount.worth ? position.exact - freeAmount.worth : 0n
}

/** How many events of a segment cost nothing because they are free ones, by its earliest events. */
export function freeEventsAmong(model: CompiledPercentage, earliest: readonly EarlyEvent[]): number {
  const last = earliest.at(-1)
  if (last === undefined || model.freeAmount === null) return earliest.length
  return isUsedUp(model.freeAmount, sumOf(earliest)) ? earliest.length - 1 : earliest.length
}

/**
 * The most the exact total can rise by with one more record, a numerator; null: there is no such limit. An event that
 * comes early takes the place of free ones, which are then charged: at most one of any size where only events are counted,
 * all kept ones where their amounts are, which together hold no more than the free amount.
 */
export function percentageMostRise(model: CompiledPercentage, quantity: bigint): bigint | null {
  const { freeAmount, keptEvents, fixed, minimumEach, maximumEach } = model
  const own = eventExact(model, quantity * model.rate)
  if (keptEvents === 0) return own
  if (freeAmount === null) return maximumEach === null || maximumEach > own ? maximumEach : own
  const kept = BigInt(keptEvents)
  const displaced = freeAmount.worth + kept * (fixed > minimumEach ? fixed : minimumEach)
  return own + (maximumEach === null || displaced < kept * maximumEach ? displaced : kept * maximumEach)
}

/** What one event costs whose share is `share`, both numerators. */
function eventExact({ fixed, minimumEach, maximumEach }: CompiledPercentage, share: bigint): bigint {
  const amount = share + fixed
  if (amount < minimumEach) return minimumEach
  return maximumEach !== null && amount > maximumEach ? maximumEach : amount
}

/** What the free events and the free amount take off what the events would cost, a numerator. */
function freeExact(model: CompiledPercentage, earliest: readonly EarlyEvent[]): bigint {
  const { freeAmount, rate } = model
  let used = 0n
  let taken = 0n
  for (const { quantity } of earliest) {
    used += quantity
    taken += eventExact(model, quantity * rate)
    if (freeAmount !== null && isUsedUp(freeAmount, used)) {
      return taken - eventExact(model, used * rate - freeAmount.worth)
    }
  }
  return taken
}

/**
 * The earliest events with one more: as many as are kept, and none behind the one that uses the free amount up, which no
 * later arrival can make matter again.
 */
function withEvent(
  model: CompiledPercentage,
  earliest: readonly EarlyEvent[],
  event: EarlyEvent,
): readonly EarlyEvent[] {
  const place = placeOf(earliest, event)
  const { freeAmount, keptEvents } = model
  if (place === earliest.length) {
    const isFull = place === keptEvents || (freeAmount !== null && isUsedUp(freeAmount, sumOf(earliest)))
    return isFull ? earliest : [...earliest, event]
  }
  const inserted = [...earliest.slice(0, place), event, ...earliest.slice(place)].slice(0, keptEvents)
  if (freeAmount === null) return inserted
  let used = 0n
  const last = inserted.findIndex(({ quantity }) => {
    used += quantity
    return isUsedUp(freeAmount, used)
  })
  return last === -1 ? inserted : inserted.slice(0, last + 1)
}

/** How many of the events, which are in order, come before this one. */
function placeOf(earliest: readonly EarlyEvent[], event: EarlyEvent): number {
  let [low, high] = [0, earliest.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = earliest[middle]
    assertThat(other !== undefined, 'the middle of a list is in it')
    if (isBefore(event, other)) high = middle
    else low = middle + 1
  }
  return low
}

/** Events without an id may share time and source; which of them is the smaller one then decides, so that order does not. */
function isBefore(left: EarlyEvent, right: EarlyEvent): boolean {
  if (left.timeMs !== right.timeMs) return left.timeMs < right.timeMs
  if (left.source !== right.source) return left.source < right.source
  if (left.id !== right.id) return left.id < right.id
  return left.quantity < right.quantity
}

function isUsedUp({ baseUnits, parts }: FreeAmount, used: bigint): boolean {
  return used * parts >= baseUnits
}

function sumOf(events: readonly EarlyEvent[]): bigint {
  return events.reduce((sum, { quantity }) => sum + quantity, 0n)
}

function keptEvents(freeEvents: number, needsEventsOfFreeAmount: boolean): number {
  assertThat(freeEvents <= mostFreeEvents, `at most ${mostFreeEvents} events are free, not ${freeEvents}`)
  return freeEvents === 0 && needsEventsOfFreeAmount ? mostFreeEvents : freeEvents
}

/** The free amount in base units; null where there is none. */
function freeUnitsOf({ freeAmount, per }: PercentagePrice): ExactMicros | null {
  if (freeAmount === undefined) return null
  const { numerator, denominator } = exactMicros(freeAmount)
  return numerator === 0n ? null : { numerator: numerator * per, denominator: denominator * 1_000_000n }
}

function product(left: ExactMicros, right: ExactMicros): ExactMicros {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}
