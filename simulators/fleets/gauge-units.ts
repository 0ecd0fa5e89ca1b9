const hourMs = 3_600_000n
const powerMw: Readonly<Record<string, bigint>> = { mW: 1n, W: 1000n, kW: 1_000_000n }
const energyMwh: Readonly<Record<string, bigint>> = { mWh: 1n, Wh: 1000n, kWh: 1_000_000n }
const timeMs: Readonly<Record<string, bigint>> = { s: 1000n, min: 60_000n, h: hourMs }

/** What the readings of a gauge are in, what they become over time, and how long one holds when no other follows. */
export interface GaugeUnits {
  readonly reading: string
  readonly unit: string
  readonly longestGapMs: number
}

/** Whether readings in `reading` become `unit` over time: power energy, anything else that times seconds, minutes or hours. */
export function gaugeFits({ reading, unit }: { readonly reading: string; readonly unit: string }): boolean {
  return Object.hasOwn(powerMw, reading) ? Object.hasOwn(energyMwh, unit) : Object.hasOwn(timeMs, unit)
}

/** Whole units that so many reading units × milliseconds are. */
export function wholeUnits(integral: bigint, { reading, unit }: GaugeUnits): bigint {
  const power = powerMw[reading]
  return power === undefined ? integral / (timeMs[unit] ?? 1n) : (integral * power) / (hourMs * (energyMwh[unit] ?? 1n))
}
