import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  has,
  namesOf,
  optionalNumber,
  optionalNumbers,
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
import { money } from './case-terms.ts'
import type { CaseValue } from './read-cases.ts'
import { singleCharge, usageAt, type CaseUsage, type MappedCase } from './mapped-case.ts'

const tariffNames = ['rates', 'bands', 'windows', 'tariff', 'dToU', 'tou', 'prices']
const seriesNames = ['series', 'usage', 'readings', 'halfHours', 'intervals', 'consumption', 'kWh', 'quantity', 'units']
const flatNames = ['flat', 'flatRate', 'unitPrice']
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
 * is made of them gives every band its own hours of a day, and usage of a band is put into them. A tariff alone, which says
 * neither what was used nor what has to come out, is rated over a day of its readings, one unit each.
 */
export function mapTimeOfUse(fields: CaseFields, currencyParts: bigint, isTariffAlone: boolean): MappedCase {
  const bands = readBands(fields)
  const minutes = Number(scaledTo(optionalNumber(fields, ['resolutionMin', 'resolutionMinutes']) ?? halfHour, 1n))
  if (bands.length === 0)
    fields.problems.push(`${fields.place}.rates is missing; write {"peak": "0.30", "offPeak": "0.10"}`)
  if (!(minutes >= 1 && minutes <= dayMinutes)) {
    fields.problems.push(`${fields.place}.resolutionMin is ${minutes}; write how many minutes a reading covers`)
  }
  const series = readSeries(fields, bands)
  if (series.length === 0 && !isTariffAlone && fields.problems.length === 0) {
    const names = bands.map(({ name }) => name).join(', ')
    fields.problems.push(`${fields.place}.usage is missing; write how much was used of each of ${names}`)
  }
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
  const usage = isTariffAlone
    ? wholeDay(minutes, parts)
    : series.map(({ band, quantity }) => readingAt(band, scaledTo(quantity, parts)))
  return singleCharge({ price: plain, before: [], usage }, sum(series.map(({ quantity }) => quantity)))
}

/** Whether a case says what was used, under whatever name. */
export function saysUsage(fields: CaseFields): boolean {
  return has(fields, seriesNames)
}

/**
 * What the tariff of a case comes to over a day with one unit in every reading, worked out by hand: so many readings of
 * each band times its price. It is what a case without usage is held against.
 */
export function dayOfTariff(fields: CaseFields): Decimal {
  const bands = readBands(fields)
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
  const listed = optionalObjects(fields, tariffNames)
  // One price at all times.
  if (listed === null && has(fields, flatNames)) {
    return [{ name: 'all times', amount: requiredNumber(fields, flatNames, 'a price') }]
  }
  return (listed ?? [])
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
  if (bands.length === 1) {
    const quantities = seriesNames.map((name) => plainNumbers(fields, name)).find((numbers) => numbers !== null)
    if (quantities !== undefined) return quantities.map((quantity) => ({ band: 0, quantity }))
  }
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

/** The numbers of a field that holds nothing else; null where it holds objects or is left out. */
function plainNumbers(fields: CaseFields, name: string): readonly Decimal[] | null {
  const value = writtenValue(fields, name)
  const list = Array.isArray(value) ? (value as readonly CaseValue[]) : [value]
  return list.length > 0 && list.every((each) => typeof each === 'string') ? optionalNumbers(fields, [name]) : null
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
