import fc from 'fast-check'
import type { OraclePrice } from './price-oracle.ts'
import type { GraduatedPrice } from '../graduated.ts'
import type { PackagePrice } from '../package.ts'
import type { StairStepPrice } from '../stair-step.ts'
import type { CommonTerms, TierTerms } from '../terms.ts'
import type { VolumePrice } from '../volume.ts'

/** Amounts of money as prices state them, most of them short, some with more digits than a micro has. */
export const drawAmount = fc.oneof(
  fc.constantFrom('0', '0.000001', '0.0000005', '0.5', '1', '3', '0.02', '15.75'),
  fc.tuple(fc.nat(50), fc.nat(999_999_999)).map(([whole, fraction]) => {
    const digits = String(fraction).padStart(9, '0').replace(/0+$/, '')
    return digits === '' ? String(whole) : `${whole}.${digits}`
  }),
)
const drawPer = fc.constantFrom(1n, 3n, 7n, 24n, 1000n, 1_000_000n, 1_073_741_824n)

/** Minimum, maximum and rounding, each of them often left out; rounding is never the one that holds anyway. */
export const drawCommonTerms: fc.Arbitrary<CommonTerms> = fc
  .record(
    {
      rounding: fc
        .record({
          digits: fc.integer({ min: 0, max: 6 }),
          rule: fc.constantFrom('half-away', 'half-even', 'up', 'down'),
        })
        .filter(({ digits, rule }) => digits !== 6 || rule !== 'half-away'),
      minimum: fc.integer({ min: 1, max: 40 }),
      maximum: fc.integer({ min: 0, max: 200 }),
      // Less than a micro: limits have digits of their own.
      fraction: fc.constantFrom('5', '0000005', '00000003'),
    },
    { requiredKeys: [] },
  )
  .map(({ rounding, minimum, maximum, fraction = '1' }) => ({
    ...(rounding === undefined ? {} : { rounding }),
    ...(minimum === undefined ? {} : { minimum: `${minimum}.${fraction}` }),
    ...(maximum === undefined ? {} : { maximum: `${maximum + (minimum ?? 0)}.${fraction}` }),
  }))

const drawTier = fc
  .record(
    { step: fc.bigInt(1n, 15n), amount: drawAmount, flat: drawAmount, block: fc.bigInt(1n, 9n) },
    { requiredKeys: ['step', 'amount'] },
  )
  .map(({ step, amount, flat, block }) => ({
    step,
    amount,
    ...(flat === undefined || flat === '0' ? {} : { flat }),
    ...(block === undefined || amount === '0' ? {} : { block }),
  }))

/** One to five tiers that end below 61, so that quantities up to a hundred reach them all. */
export const drawTiers: fc.Arbitrary<readonly TierTerms[]> = fc
  .array(drawTier, { minLength: 1, maxLength: 5 })
  .map((tiers) => {
    let end = 0n
    return tiers.map(({ step, ...terms }, index) => {
      end += step
      return { upTo: index === tiers.length - 1 ? null : end, ...terms }
    })
  })

const drawFlatAtZero = fc.constantFrom({}, {}, { flatAtZero: false as const })

/** Graduated prices without limits, with flat fees and blocks. */
export const drawGraduated: fc.Arbitrary<GraduatedPrice> = fc
  .tuple(drawPer, drawTiers, drawFlatAtZero)
  .map(([per, tiers, flatAtZero]) => ({ model: 'graduated', per, tiers, ...flatAtZero }))

const drawVolume: fc.Arbitrary<VolumePrice> = fc
  .tuple(drawPer, drawTiers, drawFlatAtZero)
  .map(([per, tiers, flatAtZero]) => ({ model: 'volume', per, tiers, ...flatAtZero }))

const drawStairStep: fc.Arbitrary<StairStepPrice> = fc
  .tuple(drawTiers, drawFlatAtZero)
  .map(([tiers, flatAtZero]) => ({
    model: 'stair-step',
    tiers: tiers.map(({ upTo, amount }) => ({ upTo, flat: amount })),
    ...flatAtZero,
  }))

const drawPackage = fc
  .tuple(fc.bigInt(1n, 12n), drawAmount, fc.option(fc.bigInt(1n, 20n)), fc.option(fc.bigInt(1n, 3n)))
  .map(([size, amount, free, least]) => ({
    own: { model: 'package' as const, size, amount, ...(free === null ? {} : { free }) },
    least: least === null ? {} : { least },
  }))
const drawPeriodPackage: fc.Arbitrary<PackagePrice> = drawPackage.map(({ own }) => ({ ...own, each: 'period' }))

/** Packages that every event pays by itself, without limits. */
export const drawEventPackage: fc.Arbitrary<PackagePrice> = drawPackage.map(({ own, least }) => ({
  ...own,
  each: 'event',
  ...least,
}))

const drawUnlimitedSplittable: fc.Arbitrary<OraclePrice> = fc.oneof(
  fc.record({ model: fc.constant('per-unit' as const), amount: drawAmount, per: drawPer }),
  drawGraduated,
  drawVolume,
  drawStairStep,
  drawPeriodPackage,
)

/** Prices of the splittable models, half of them with limits of the total. */
export const drawSplittable = withLimits(drawUnlimitedSplittable)

/** Prices of all models the oracle knows, half of them with limits of the total. */
export const drawPrice = withLimits(fc.oneof({ weight: 4, arbitrary: drawUnlimitedSplittable }, drawEventPackage))

function withLimits(prices: fc.Arbitrary<OraclePrice>): fc.Arbitrary<OraclePrice> {
  return fc.oneof(
    prices,
    fc.tuple(prices, drawCommonTerms).map(([price, terms]) => ({ ...price, ...terms })),
  )
}
