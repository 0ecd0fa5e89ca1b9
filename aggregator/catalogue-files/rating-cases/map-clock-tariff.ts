import { minuteOfClock } from '@meterline/shared/rating/weekly-hours.ts'
import type { ZoneOffset } from '@meterline/shared/rating/time-of-use.ts'
import type { Decimal } from '@meterline/shared/units/decimal.ts'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { zoneOffsets } from '../zone-offsets.ts'
import {
  has,
  optionalNumber,
  optionalObject,
  optionalObjects,
  optionalText,
  partsFor,
  plainName,
  requiredNumber,
  scaledTo,
  sum,
  writtenValue,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, money, readQuantities } from './case-terms.ts'
import { singleCharge, usageAt, type CaseUsage, type MappedCase } from './mapped-case.ts'

const windowNames = ['windows', 'bands', 'rates', 'tariff', 'prices']
const seriesNames = ['series', 'usage', 'readings', 'intervals', 'events']
const timeNames = ['at', 'time', 'timestamp', 'start']
const priceNames = ['price', 'rate', 'amount', 'unit', 'unitPrice', 'perM']
const quantityNames = ['quantity', 'kWh', 'units', 'value', 'tokens', 'inputTokens']

const minuteMs = 60_000
/** Clock times without a date are those of a Monday. */
const mondayMs = 4 * 24 * 60 * minuteMs
const durationFact = 'duration'

/** Whether a case says by the clock when its prices hold. */
export function hasClockTimes(fields: CaseFields): boolean {
  return windowsOf(fields).some((window) => has(window, ['from']) && has(window, ['to']))
}

/**
 * A tariff whose windows are told by the clock, in a named zone or in UTC. Usage that takes a while is divided where a
 * window begins or ends.
 */
export function mapClockTariff(fields: CaseFields, currencyParts: bigint): MappedCase {
  const windows = windowsOf(fields)
  const inHours = windows.filter((window) => has(window, ['from']))
  const otherwise = windows.find((window) => !has(window, ['from'])) ?? optionalObject(fields, otherwiseNames)
  const rest =
    otherwise === null || otherwise === undefined
      ? requiredNumber(fields, otherwiseNames, 'the price at all other times')
      : requiredNumber(otherwise, priceNames, 'the price at all other times')
  const per = optionalNumber(fields, ['per']) ?? { coefficient: isPerMillion(windows) ? 1_000_000n : 1n, scale: 0 }
  const readings = readReadings(fields)
  const parts = partsFor([per, ...readings.map(({ quantity }) => quantity)])
  const priced = (amount: Decimal): object => ({
    model: 'per-unit',
    amount: money(amount, currencyParts),
    per: baseUnits(per, parts),
  })
  const price = {
    model: 'time-of-use',
    zone: optionalText(fields, zoneNames) ?? 'UTC',
    offsets: readOffsets(fields).map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes]),
    windows: inHours.map((window, index) => ({
      name: `${plainName(optionalText(window, ['name', 'band']) ?? '')}${index + 1}`,
      at: hoursOf(window),
      price: priced(requiredNumber(window, priceNames, 'the price in the window')),
    })),
    otherwise: { name: 'otherwise', price: priced(rest) },
    duration: { fact: durationFact, unit: '1ms' },
  }
  const usage = readings.map(({ quantity, timeMs, durationMs }): CaseUsage =>
    usageAt(scaledTo(quantity, parts), timeMs, [[durationFact, durationMs]]),
  )
  return singleCharge({ price, before: [], usage }, sum(readings.map(({ quantity }) => quantity)))
}

const otherwiseNames = ['otherwise', 'default', 'offPeak', 'standard', 'base', 'otherwisePerM']
const zoneNames = ['zone', 'timeZone', 'tz', 'timezone']

function windowsOf(fields: CaseFields): readonly CaseFields[] {
  const name = windowNames.find((each) => Array.isArray(writtenValue(fields, each)))
  return name === undefined ? [] : (optionalObjects(fields, [name]) ?? [])
}

function isPerMillion(windows: readonly CaseFields[]): boolean {
  return windows.some((window) => has(window, ['perM']))
}

/** The hours of a window; what goes over midnight becomes two entries. */
function hoursOf(window: CaseFields): readonly object[] {
  const [from, to] = [optionalText(window, ['from']) ?? '', optionalText(window, ['to']) ?? '']
  const until = to === '00:00' ? '24:00' : to
  const written = writtenValue(window, 'days')
  const days = written === null ? {} : { days: written }
  const [fromMinute, toMinute] = [minuteOfClock(from), minuteOfClock(until)]
  if (fromMinute === null || toMinute === null) {
    window.problems.push(`${window.place}.from is ${from} to ${to}; write times of day such as "08:00" and "20:00"`)
  }
  if ((fromMinute ?? 0) < (toMinute ?? 0)) return [{ ...days, from, to: until }]
  return [
    { ...days, from, to: '24:00' },
    { ...days, from: '00:00', to: until },
  ]
}

interface Reading {
  readonly quantity: Decimal
  readonly timeMs: number
  readonly durationMs: bigint
}

function readReadings(fields: CaseFields): readonly Reading[] {
  const listed = seriesNames.find((name) => Array.isArray(writtenValue(fields, name)))
  if (listed !== undefined) {
    return (optionalObjects(fields, [listed]) ?? []).map((reading) => ({
      quantity: requiredNumber(reading, quantityNames, 'how much was used'),
      ...timeOf(reading),
    }))
  }
  const { quantities } = readQuantities(fields, quantityNames)
  return quantities.map((quantity) => ({ quantity, ...timeOf(fields) }))
}

function timeOf(fields: CaseFields): Omit<Reading, 'quantity'> {
  const text = optionalText(fields, timeNames) ?? ''
  const minute = minuteOfClock(text)
  const instant = parseInstant(text)
  if (minute === null && !instant.ok) {
    fields.problems.push(`${fields.place}.at is ${JSON.stringify(text)}; write when it was used: an instant or "18:30"`)
  }
  const seconds = optionalNumber(fields, ['durationSec', 'durationSeconds', 'seconds'])
  const minutes = optionalNumber(fields, ['durationMin', 'durationMinutes', 'minutes'])
  const durationMs = seconds === null ? (minutes === null ? 0n : scaledTo(minutes, 60_000n)) : scaledTo(seconds, 1_000n)
  return { timeMs: instant.ok ? instant.value : mondayMs + (minute ?? 0) * minuteMs, durationMs }
}

const noOffset: readonly ZoneOffset[] = [{ fromMs: 0, offsetMinutes: 0 }]

/** The offsets of the zone a case names; clock times without a date are local ones and need none. */
function readOffsets(fields: CaseFields): readonly ZoneOffset[] {
  const zone = optionalText(fields, zoneNames)
  const times = [fields, ...(optionalObjects(fields, seriesNames) ?? [])].map((each) => optionalText(each, timeNames))
  if (zone === null || times.some((text) => text !== null && minuteOfClock(text) !== null)) return noOffset
  const offsets = zoneOffsets(zone)
  if (offsets.ok) return offsets.value
  fields.problems.push(`${fields.place}.zone: ${offsets.fault.message}`)
  return noOffset
}
