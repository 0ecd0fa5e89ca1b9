import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  namesOf,
  optionalNumber,
  optionalObject,
  optionalObjects,
  optionalText,
  partsFor,
  plainName,
  requiredNumber,
  scaledTo,
  sum,
  type CaseFields,
} from './case-fields.ts'
import { money } from './case-terms.ts'
import { singleCharge, usageAt, type CaseUsage, type MappedCase } from './mapped-case.ts'

const tariffNames = ['rates', 'bands', 'windows', 'tariff', 'dToU', 'tou', 'prices']
const seriesNames = ['series', 'usage', 'readings', 'halfHours', 'intervals', 'consumption']
const bandNames = ['band', 'rate', 'window', 'period', 'price', 'tariff', 'name']
const quantityNames = ['kWh', 'quantity', 'units', 'value', 'usage', 'energy']

const minuteMs = 60_000
/** Half-hours of a day, as meters of electricity deliver them. */
const dayMinutes = 1440

interface Band {
  readonly name: string
  readonly amount: Decimal
}

/**
 * A tariff whose price changes with time. Cases give names to prices and say which usage falls under which; the price that
 * is made of them gives every band its own hours of a day, and usage of a band is put into them. A case without usage is
 * rated over a day of its readings, one unit each.
 */
export function mapTimeOfUse(fields: CaseFields, currencyParts: bigint): MappedCase {
  const bands = readBands(fields)
  const minutes = Number(scaledTo(optionalNumber(fields, ['resolutionMin', 'resolutionMinutes']) ?? halfHour, 1n))
  if (bands.length === 0)
    fields.problems.push(`${fields.place}.rates is missing; write {"peak": "0.30", "offPeak": "0.10"}`)
  if (!(minutes >= 1 && minutes <= dayMinutes)) {
    fields.problems.push(`${fields.place}.resolutionMin is ${minutes}; write how many minutes a reading covers`)
  }
  const series = readSeries(fields, bands)
  const parts = partsFor(series.map(({ quantity }) => quantity))
  const price = {
    model: 'time-of-use',
    zone: 'UTC',
    offsets: [[0, 0]],
    windows: bands
      .slice(1)
      .map(({ name, amount }, index) => ({
        name: plainName(name),
        at: [{ days: weekDays, from: hourText(index + 1), to: hourText(index + 2) }],
        price: { model: 'per-unit', amount: money(amount, currencyParts), per: parts.toString() },
      })),
    otherwise: {
      name: plainName(bands[0]?.name ?? 'other'),
      price: { model: 'per-unit', amount: money(bands[0]?.amount ?? halfHour, currencyParts), per: parts.toString() },
    },
  }
  const plain = bands.length === 1 ? price.otherwise.price : price
  const usage =
    series.length === 0
      ? wholeDay(minutes, parts)
      : series.map(({ band, quantity }) => readingAt(band, scaledTo(quantity, parts)))
  return singleCharge({ price: plain, before: [], usage }, sum(series.map(({ quantity }) => quantity)))
}

/**
 * What the tariff of a case comes to over a day with one unit in every reading, worked out by hand: so many readings of
 * each band times its price. It is what a case without usage is held against.
 */
export function dayOfTariff(fields: CaseFields): Decimal | null {
  const bands = readBands(fields)
  if (bands.length === 0 || readSeries(fields, bands).length > 0) return null
  const minutes = Number(scaledTo(optionalNumber(fields, ['resolutionMin', 'resolutionMinutes']) ?? halfHour, 1n))
  const parts = partsFor(bands.map(({ amount }) => amount))
  let coefficient = 0n
  for (let minute = 0; minute < dayMinutes; minute += minutes) {
    const band = bands[bandAt(minute, bands.length)]
    if (band !== undefined) coefficient += scaledTo(band.amount, parts)
  }
  return { coefficient, scale: parts.toString().length - 1 }
}

const halfHour: Decimal = { coefficient: 30n, scale: 0 }
const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** The first band holds at all times that no other one has: the second has the hour from 01:00 on, and so forth. */
function bandAt(minute: number, bands: number): number {
  const hour = Math.floor(minute / 60)
  return hour >= 1 && hour < bands ? hour : 0
}

function hourText(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}

function wholeDay(minutes: number, parts: bigint): readonly CaseUsage[] {
  if (!(minutes >= 1)) return []
  const readings: CaseUsage[] = []
  for (let minute = 0; minute < dayMinutes; minute += minutes) {
    readings.push(usageAt(parts, minute * minuteMs))
  }
  return readings
}

function readingAt(hour: number, quantity: bigint): CaseUsage {
  return usageAt(quantity, hour * 60 * minuteMs)
}

const mostBands = 16

function readBands(fields: CaseFields): readonly Band[] {
  const named = tariffNames.map((name) => optionalObject(fields, [name])).find((object) => object !== null)
  if (named !== undefined) {
    return namesOf(named)
      .slice(0, mostBands)
      .map((name) => ({ name, amount: requiredNumber(named, [name], 'a price') }))
  }
  const listed = optionalObjects(fields, tariffNames) ?? []
  return listed
    .slice(0, mostBands)
    .map((band, index) => ({
      name: optionalText(band, ['name', 'band', 'window']) ?? `band ${index + 1}`,
      amount: requiredNumber(band, ['price', 'rate', 'amount', 'unit'], 'a price'),
    }))
}

function readSeries(
  fields: CaseFields,
  bands: readonly Band[],
): readonly { readonly band: number; readonly quantity: Decimal }[] {
  const byBand = seriesNames.map((name) => optionalObject(fields, [name])).find((object) => object !== null)
  if (byBand !== undefined) {
    return namesOf(byBand).map((name) => ({
      band: bandNamed(byBand, bands, name),
      quantity: requiredNumber(byBand, [name], 'how much was used'),
    }))
  }
  return (optionalObjects(fields, seriesNames) ?? []).map((reading) => ({
    band: bandNamed(reading, bands, optionalText(reading, bandNames) ?? ''),
    quantity: requiredNumber(reading, quantityNames, 'how much was used'),
  }))
}

function bandNamed(fields: CaseFields, bands: readonly Band[], name: string): number {
  const band = bands.findIndex((each) => plainName(each.name) === plainName(name))
  if (band < 0) {
    fields.problems.push(
      `${fields.place}.band is ${JSON.stringify(name)}; write one of ${bands.map((each) => each.name).join(', ')}`,
    )
  }
  return Math.max(band, 0)
}
