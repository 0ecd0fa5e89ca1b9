import type { Random } from '@meterline/shared/base/random.ts'
import type {
  PlannedCommon,
  PlannedModel,
  PlannedPackage,
  PlannedPercentage,
  PlannedStepped,
  PlannedTier,
  PlannedTiered,
} from '../oracle/planned-price.ts'
import { drawAmount, sometimes } from './draw-amount.ts'

const mostFreeEvents = 6
const usualMoney = 0.5

/** What a price is drawn for. */
export interface ModelWish {
  /** Base units that a run comes to. */
  readonly expected: number
  /** Only models that go by the quantity of the period: what they price may be divided. */
  readonly splittable: boolean
}

/** A model for about so many base units in a run: small and odd amounts, tiers that are crossed on the way. */
export function drawModel(random: Random, wish: ModelWish): PlannedModel {
  const model = modelOf(random, wish)
  return { ...model, ...drawCommon(random) }
}

function modelOf(random: Random, { expected, splittable }: ModelWish): PlannedModel {
  const per = BigInt([1, 7, 100, 1000, 1_000_000][random.below(5)] ?? 1)
  const amount = (): string => drawAmount(random, Number(per) / expected)
  // The two that there have always been are what most tenants have.
  switch (random.below(splittable ? 12 : 17)) {
    case 0:
    case 1:
    case 2:
      return { model: 'per-unit', amount: amount(), per }
    case 3:
    case 4:
      return drawTiered(random, 'graduated', expected, per, amount)
    case 5:
    case 6:
    case 7:
      return drawTiered(random, 'volume', expected, per, amount)
    case 8:
      return drawPackage(random, expected, 'period')
    case 9: {
      const flat = (): string => drawAmount(random, usualMoney)
      const tiers = drawBounds(random, expected).map((upTo) => ({ upTo, flat: flat() }))
      return { model: 'stair-step', tiers, ...drawFlatAtZero(random) }
    }
    case 10:
    case 11: {
      const tiers = drawBounds(random, expected).map((upTo) => {
        return {
          upTo,
          rate: drawAmount(random, 0.05),
          ...sometimes(random, 4, () => ({ flat: drawAmount(random, usualMoney) })),
        }
      })
      return { model: 'graduated-percentage', per, tiers, ...drawFlatAtZero(random) }
    }
    case 12:
    case 13:
      return drawPackage(random, expected, 'event')
    case 14:
    case 15:
      return drawPercentage(random, expected, per)
    default:
      return drawStepped(random, expected, per, amount)
  }
}

function drawTiered(
  random: Random,
  model: PlannedTiered['model'],
  expected: number,
  per: bigint,
  amount: () => string,
): PlannedTiered {
  const tiers = drawBounds(random, expected).map((upTo): PlannedTier => {
    const flat = sometimes(random, 4, () => ({ flat: drawAmount(random, usualMoney) }))
    if (random.below(5) > 0) return { upTo, amount: amount(), ...flat }
    const block = 1 + random.below(Math.ceil(expected / 20))
    return { upTo, amount: drawAmount(random, block / expected), ...flat, block: BigInt(block) }
  })
  return { model, per, tiers, ...drawFlatAtZero(random) }
}

function drawPackage(random: Random, expected: number, each: PlannedPackage['each']): PlannedPackage {
  const size = 1 + random.below(Math.ceil(expected / (each === 'event' ? 80 : 15)))
  return {
    model: 'package',
    size: BigInt(size),
    amount: drawAmount(random, size / expected),
    each,
    ...sometimes(random, 2, () => ({ free: BigInt(random.below(3 * size)) })),
    ...(each === 'event' ? sometimes(random, 3, () => ({ least: BigInt(1 + random.below(3)) })) : {}),
  }
}

function drawPercentage(random: Random, expected: number, per: bigint): PlannedPercentage {
  // Events are about a sixtieth of what a run comes to.
  const eachAbout = Math.max(0.000001, expected / 60 / Number(per))
  const lowest = random.below(5)
  return {
    model: 'percentage',
    per,
    rate: drawAmount(random, 0.05),
    ...sometimes(random, 2, () => ({ fixed: drawAmount(random, 0.01) })),
    ...sometimes(random, 2, () => ({
      freeEvents: 1 + random.below(mostFreeEvents),
      ...sometimes(random, 2, () => ({ freeAmount: drawAmount(random, eachAbout / 10) })),
    })),
    ...sometimes(random, 6, () => ({ freeAmount: drawAmount(random, eachAbout / 5) })),
    ...sometimes(random, 4, () => ({ minimumEach: `0.0${lowest}` })),
    ...sometimes(random, 4, () => ({ maximumEach: `0.${lowest}7` })),
  }
}

function drawStepped(random: Random, expected: number, per: bigint, amount: () => string): PlannedStepped {
  const increment = (): bigint => BigInt(1 + random.below(Math.ceil(expected / 200)))
  const steps = [{ from: 0n, amount: amount(), per, increment: increment() }]
  for (let more = random.below(3); more > 0; more--) {
    const from = (steps.at(-1)?.from ?? 0n) + BigInt(1 + random.below(Math.ceil(expected / 60)))
    steps.push({ from, amount: amount(), per, increment: increment() })
  }
  return {
    model: 'stepped',
    steps,
    ...sometimes(random, 2, () => ({ connect: drawAmount(random, 0.01) })),
    ...sometimes(random, 3, () => ({ incrementDigits: random.below(7) })),
  }
}

/** The ends of one to four tiers, the last one open. */
function drawBounds(random: Random, expected: number): readonly (bigint | null)[] {
  const bounds: (bigint | null)[] = []
  let upTo = 0
  for (let closed = 1 + random.below(3); closed > 0; closed--) {
    // Many end early, so that short runs cross them too.
    upTo += 1 + random.below(Math.ceil(expected / (1 + random.below(8))))
    bounds.push(BigInt(upTo))
  }
  return [...bounds, null]
}

function drawFlatAtZero(random: Random): { readonly flatAtZero?: false } {
  return sometimes(random, 4, () => ({ flatAtZero: false as const }))
}

function drawCommon(random: Random): PlannedCommon {
  const rules = ['half-away', 'half-even', 'up', 'down'] as const
  return {
    ...sometimes(random, 5, () => ({
      rounding: { digits: random.below(7), rule: rules[random.below(rules.length)] ?? 'up' },
    })),
    ...sometimes(random, 8, () => ({ minimum: `${random.below(3)}.0${random.below(10)}` })),
    ...sometimes(random, 8, () => ({ maximum: `${3 + random.below(30)}.0${random.below(10)}` })),
  }
}
