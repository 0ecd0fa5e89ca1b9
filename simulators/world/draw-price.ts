import type { Random } from '@meterline/shared/base/random.ts'
import type {
  PlannedHours,
  PlannedMatrix,
  PlannedModel,
  PlannedPrice,
  PlannedRow,
  PlannedTerms,
  PlannedThreshold,
  PlannedTimeOfUse,
  SharedMatrix,
} from '../oracle/planned-price.ts'
import { wallClock } from '../oracle/zone-clock.ts'
import { drawAmount, sometimes } from './draw-amount.ts'
import { drawModel } from './draw-model.ts'
import { deviceLabels, modelNames, sizeFact } from './labels.ts'

const minuteMs = 60_000
const quarterMs = 15 * minuteMs

/** Zones that change their clocks twice a year, by half an hour, or never; some are minutes off the full hour. */
const zones = [
  'Europe/Berlin',
  'Europe/Lisbon',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'UTC',
] as const
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** What a price is of, and when its world begins: windows of time are drawn so that a run crosses them. */
export interface PriceWish {
  readonly meter: string
  /** Base units that a run comes to. */
  readonly expected: number
  readonly startMs: number
  /** Only models that go by the quantity of a period: some of it may be included. */
  readonly splittable?: boolean
}

/** A price of any model, most of them without asking what kind of usage it is. */
export function drawPrice(random: Random, id: string, wish: PriceWish): PlannedPrice {
  return { id, meter: wish.meter, ...drawTerms(random, wish) }
}

/** Terms that a price may change to. */
export function drawTerms(random: Random, wish: PriceWish): PlannedTerms {
  const plain = { expected: wish.expected, splittable: wish.splittable === true }
  switch (random.below(10)) {
    case 0:
      return drawTimeOfUse(random, wish)
    case 1:
      return drawMatrix(random, wish)
    case 2:
      return isOfCalls(wish) ? drawThreshold(random, wish) : drawModel(random, plain)
    default:
      return drawModel(random, plain)
  }
}

/** Prices of AI models side by side; one row in place of another for those nobody named, mostly. */
export function drawSharedMatrix(
  random: Random,
  id: string,
  meters: readonly (readonly [string, number])[],
): SharedMatrix {
  const per = 1_000_000n
  const amounts = (factor: number): Record<string, string> =>
    Object.fromEntries(meters.map(([meter, expected]) => [meter, drawAmount(random, (factor * 1_000_000) / expected)]))
  const rows = modelNames.map((model) => ({
    when: { model },
    amounts: amounts(1),
    ...sometimes(random, 2, () => ({ above: [{ above: BigInt(500 + random.below(3000)), amounts: amounts(2) }] })),
  }))
  const others = random.below(2) === 0 ? [] : [{ when: {}, amounts: amounts(1) }]
  return { id, dimensions: ['model'], fact: sizeFact, per, rows: [...rows, ...others] }
}

function drawThreshold(random: Random, { expected }: PriceWish): PlannedThreshold {
  const per = BigInt([1000, 1_000_000][random.below(2)] ?? 1000)
  const amount = (): string => drawAmount(random, Number(per) / expected)
  const above = [{ above: BigInt(1 + random.below(4000)), amount: amount() }]
  if (random.below(3) === 0)
    above.push({ above: (above[0]?.above ?? 0n) + BigInt(1 + random.below(500)), amount: amount() })
  return { model: 'request-threshold', fact: sizeFact, amount: amount(), per, above }
}

function drawMatrix(random: Random, wish: PriceWish): PlannedMatrix {
  const dimensions: Readonly<Record<string, readonly string[]>> = isOfCalls(wish)
    ? { model: modelNames, region: deviceLabels.region }
    : deviceLabels
  const names = Object.keys(dimensions)
  const rows: PlannedRow[] = []
  const seen = new Set<string>()
  for (let count = 2 + random.below(4); count > 0; count--) {
    // Each row names more than the ones before or another text of the first label, so that no two tie.
    const named = names.slice(0, 1 + random.below(names.length))
    const texts = named.map((name) => {
      const known = dimensions[name] ?? []
      return [name, known[random.below(known.length)] ?? ''] as const
    })
    const when: Record<string, string | null> = Object.fromEntries(texts)
    if (seen.has(JSON.stringify(when))) continue
    seen.add(JSON.stringify(when))
    rows.push({ when, ...drawInside(random, wish) })
  }
  // Without a row for everything else, some usage finds no price and waits.
  if (random.below(4) > 0) rows.push({ when: {}, ...drawInside(random, wish) })
  return { model: 'matrix', dimensions: names, rows }
}

function drawInside(random: Random, wish: PriceWish): PlannedModel | PlannedThreshold | PlannedTimeOfUse {
  if (random.below(5) === 0) return drawTimeOfUse(random, wish)
  return isOfCalls(wish) && random.below(3) === 0
    ? drawThreshold(random, wish)
    : drawModel(random, { expected: wish.expected, splittable: wish.splittable === true })
}

function drawTimeOfUse(random: Random, wish: PriceWish): PlannedTimeOfUse {
  const zone = zones[random.below(zones.length)] ?? 'UTC'
  const divides = isOfCalls(wish) && random.below(2) === 0
  const price = (): PlannedModel | PlannedThreshold =>
    isOfCalls(wish) && random.below(3) === 0
      ? drawThreshold(random, wish)
      : drawModel(random, { expected: wish.expected, splittable: divides || wish.splittable === true })
  const windows = ['peak', 'shoulder'].slice(0, 1 + random.below(2)).map((name) => {
    return { name, at: [drawHours(random, zone, wish.startMs)], price: price() }
  })
  const unit = ['100ms', '1s'][random.below(2)] ?? '1s'
  return {
    model: 'time-of-use',
    zone,
    windows,
    otherwise: { name: 'off-peak', price: price() },
    ...(divides ? { duration: { fact: sizeFact, unit } } : {}),
  }
}

/** Hours that begin or end by the clocks of the zone while the world is young, on most days of the week. */
function drawHours(random: Random, zone: string, startMs: number): PlannedHours {
  const { time } = wallClock(zone, startMs + random.below(quarterMs))
  const days = weekdays.filter(() => random.below(7) > 0)
  const all = days.length === 0 ? weekdays : days
  if (time === '00:00') return { days: all, from: '00:00', to: '12:00' }
  return random.below(2) === 0 ? { days: all, from: time, to: '24:00' } : { days: all, from: '00:00', to: time }
}

/** Only calls of AI models have a size. */
function isOfCalls({ meter }: PriceWish): boolean {
  return meter.startsWith('ai.')
}
