import { findMeasureUnit } from '../units/measure-unit.ts'
import type { Reading } from './state.ts'

/** How many units of the meter one reading unit × millisecond is: numerator / denominator, exactly. */
export interface GaugeScale {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Where a gauge stands: what its readings integrate to (reading units × ms), and the units charged so far. */
export interface GaugeState {
  readonly integral: bigint
  readonly charged: bigint
}

/** The neighbours of a reading among those of its series that came so far; null: none. */
export interface GaugeNeighbours {
  /** Not asked for when something was read at the same time. */
  readonly before: Reading | null
  /** The largest value read at the same time. */
  readonly sameTime: bigint | null
  readonly afterMs: number | null
}

const msPerHour = 3_600_000n

/**
 * What one more reading changes in the integral of a gauge, in reading units × milliseconds; may be negative. A reading
 * holds until the next one, but no longer than `longestGapMs`, so that a device that fell silent is not charged for ever;
 * the latest reading counts nothing until another follows. At the same time the larger value counts.
 */
export function gaugeChange(reading: Reading, near: GaugeNeighbours, longestGapMs: number): bigint {
  const { before, sameTime, afterMs } = near
  const held = (fromMs: number, untilMs: number | null): bigint =>
    untilMs === null ? 0n : BigInt(Math.min(untilMs - fromMs, longestGapMs))
  const own = held(reading.timeMs, afterMs)
  if (sameTime !== null) return reading.value > sameTime ? (reading.value - sameTime) * own : 0n
  const earlier =
    before === null ? 0n : before.value * (held(before.timeMs, reading.timeMs) - held(before.timeMs, afterMs))
  return earlier + reading.value * own
}

/**
 * The usage that a change of the integral makes chargeable, in whole units of the meter and never negative: what is
 * charged in total is the largest whole number of units that the integral has reached. A late reading that lowers it
 * charges nothing, and later usage is charged from where the total was reached again.
 */
export function gaugeIncrement(
  before: GaugeState,
  change: bigint,
  scale: GaugeScale,
): { readonly increment: bigint; readonly state: GaugeState } {
  const integral = before.integral + change
  const reached = (integral * scale.numerator) / scale.denominator
  const charged = reached > before.charged ? reached : before.charged
  return { increment: charged - before.charged, state: { integral, charged } }
}

/**
 * How the readings of a gauge become units of its meter; null when they do not. Power becomes energy (`W` → `kWh`);
 * anything else is multiplied with time: the meter's unit is then a unit of time (`vcpu` → `s`) or, which says more on an
 * invoice, the reading's name with one (`vcpu` → `vcpu-s`, `GiB` → `GiB-h`).
 */
export function gaugeScale(reading: string, unit: string): GaugeScale | null {
  const from = findMeasureUnit(reading)
  const to = findMeasureUnit(unit)
  if (from?.dimension === 'power' && to?.dimension === 'energy') {
    return { numerator: from.numerator * to.denominator, denominator: from.denominator * msPerHour * to.numerator }
  }
  const isNamed = unit.startsWith(`${reading}-`)
  const time = isNamed ? findMeasureUnit(unit.slice(reading.length + 1)) : to
  if (time?.dimension !== 'time') return null
  // Power times time is energy, which has names of its own: seconds alone would not say watt-seconds.
  if (!isNamed && from?.dimension === 'power') return null
  return { numerator: time.denominator, denominator: time.numerator }
}
