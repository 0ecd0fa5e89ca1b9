import { assertThat } from '../base/errors.ts'
import type { MatrixPrice, RowPrice } from './matrix.ts'
import type { PercentagePrice } from './percentage.ts'
import type { RequestThresholdPrice } from './request-threshold.ts'
import type { SteppedPrice } from './stepped.ts'
import type { TimeOfUsePrice } from './time-of-use.ts'
import type { CommonTerms, TierTerms } from './terms.ts'
import { timeUnitText } from './time-unit.ts'
import { clockText, weekdays } from './weekly-hours.ts'

/** A price as plain JSON data that `parsePrice` reads back: base units as texts of digits, which hold more than 2^53. */
export type PriceJson = { readonly [key: string]: PriceJsonValue }
export type PriceJsonValue = string | number | boolean | null | PriceJson | readonly PriceJsonValue[]

/** The one JSON form of a price: its canonical text (RFC 8785) is what price ids are hashes of. What is left out is absent. */
export function priceJson(price: RowPrice | MatrixPrice): PriceJson {
  switch (price.model) {
    case 'request-threshold':
      return requestThresholdJson(price)
    case 'matrix':
      return matrixJson(price)
    case 'time-of-use':
      return timeOfUseJson(price)
    case 'per-unit':
      return { model: price.model, amount: price.amount, per: price.per.toString(), ...commonJson(price) }
    case 'graduated':
    case 'volume':
      return {
        model: price.model,
        per: price.per.toString(),
        tiers: price.tiers.map(tierJson),
        ...given('flatAtZero', price.flatAtZero),
        ...commonJson(price),
      }
    case 'stair-step':
      return {
        model: price.model,
        tiers: price.tiers.map(({ upTo, flat }) => ({ upTo: upTo === null ? null : upTo.toString(), flat })),
        ...given('flatAtZero', price.flatAtZero),
        ...commonJson(price),
      }
    case 'package':
      return {
        model: price.model,
        size: price.size.toString(),
        amount: price.amount,
        each: price.each,
        ...given('free', price.free?.toString()),
        ...given('least', price.least?.toString()),
        ...commonJson(price),
      }
    case 'percentage':
      return percentageJson(price)
    case 'graduated-percentage':
      return {
        model: price.model,
        per: price.per.toString(),
        tiers: price.tiers.map(({ upTo, rate, flat }) => ({
          upTo: upTo === null ? null : upTo.toString(),
          rate,
          ...given('flat', flat),
        })),
        ...given('flatAtZero', price.flatAtZero),
        ...commonJson(price),
      }
    case 'stepped':
      return steppedJson(price)
    default:
      assertThat(false, `an unknown model: ${String(price satisfies never)}`)
  }
}

function tierJson({ upTo, amount, flat, block }: TierTerms): PriceJson {
  return {
    upTo: upTo === null ? null : upTo.toString(),
    amount,
    ...given('flat', flat),
    ...given('block', block?.toString()),
  }
}

function percentageJson(price: PercentagePrice): PriceJson {
  return {
    model: price.model,
    per: price.per.toString(),
    rate: price.rate,
    ...given('fixed', price.fixed),
    ...given('freeEvents', price.freeEvents),
    ...given('freeAmount', price.freeAmount),
    ...given('minimumEach', price.minimumEach),
    ...given('maximumEach', price.maximumEach),
    ...commonJson(price),
  }
}

function steppedJson(price: SteppedPrice): PriceJson {
  return {
    model: price.model,
    ...given('connect', price.connect),
    steps: price.steps.map(({ from, amount, per, increment }) => ({
      from: from.toString(),
      amount,
      per: per.toString(),
      increment: increment.toString(),
    })),
    ...given('incrementDigits', price.incrementDigits),
    ...commonJson(price),
  }
}

function commonJson({ rounding, minimum, maximum }: CommonTerms): PriceJson {
  return {
    ...given('rounding', rounding === undefined ? undefined : { digits: rounding.digits, rule: rounding.rule }),
    ...given('minimum', minimum),
    ...given('maximum', maximum),
  }
}

/** The field, or nothing where it is left out. */
function given(key: string, value: PriceJsonValue | undefined): PriceJson {
  return value === undefined ? {} : { [key]: value }
}

function requestThresholdJson(price: RequestThresholdPrice): PriceJson {
  return {
    model: price.model,
    fact: price.fact,
    amount: price.amount,
    per: price.per.toString(),
    above: price.above.map(({ above, amount }) => ({ above: above.toString(), amount })),
    ...commonJson(price),
  }
}

/** Of what a row looks at only the texts are written: a dimension that is left out matches anything. */
function matrixJson({ model, dimensions, rows }: MatrixPrice): PriceJson {
  return {
    model,
    dimensions,
    rows: rows.map(({ when, price }) => ({
      when: Object.fromEntries(
        dimensions.flatMap((dimension, place) => {
          const text = when[place] ?? null
          return text === null ? [] : [[dimension, text]]
        }),
      ),
      ...priceJson(price),
    })),
  }
}

function timeOfUseJson({ model, zone, offsets, windows, otherwise, duration }: TimeOfUsePrice): PriceJson {
  return {
    model,
    zone,
    ...(offsets.length === 0 ? {} : { offsets: offsets.map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes]) }),
    windows: windows.map(({ name, at, price }) => ({
      name,
      at: at.map(({ days, fromMinute, toMinute }) => ({
        days: days.map((day) => weekdays[day] ?? ''),
        from: clockText(fromMinute),
        to: clockText(toMinute),
      })),
      price: priceJson(price),
    })),
    otherwise: { name: otherwise.name, price: priceJson(otherwise.price) },
    ...(duration === undefined ? {} : { duration: { fact: duration.fact, unit: timeUnitText(duration.unitMs) } }),
  }
}
