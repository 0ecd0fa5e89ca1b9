import type { MatrixTableRow } from '../../domain/catalogue/matrix-table.ts'
import { partsOfMeters, tokenFieldOf, type ServiceTier, type TokenPart } from './token-fields.ts'

/** Amounts (decimal texts) that hold in one band of requests, by part and tier: `part` or `part/tier`. */
type BandAmounts = ReadonlyMap<string, string>

/** What the table says of one model, by bands of the input tokens of a request, increasing. */
export interface StatedPrices {
  readonly bands: readonly { readonly above: bigint | null; readonly amounts: BandAmounts }[]
  /** Whether a band that does not state a price has that of the band below. Ranges of `tiered_pricing` stand alone. */
  readonly inherits: boolean
}

/** The amounts of every meter in one band and tier. */
type MeterAmounts = MatrixTableRow['amounts']

/** What a band states: the amounts of all fields that price tokens. */
export function bandAmounts(
  fields: readonly { readonly name: string; readonly amount: string }[],
  above: bigint | null,
): BandAmounts {
  const amounts = new Map<string, string>()
  for (const { name, amount } of fields) {
    const field = tokenFieldOf(name)
    if (field !== null && field.above === above) amounts.set(nameOf(field.part, field.tier), amount)
  }
  return amounts
}

/** The tiers that some field of a model is for. */
export function tiersOf(stated: StatedPrices): readonly ServiceTier[] {
  const tiers: readonly ServiceTier[] = ['batch', 'flex', 'priority']
  return tiers.filter((tier) =>
    stated.bands.some(({ amounts }) => [...amounts.keys()].some((name) => name.endsWith(`/${tier}`))),
  )
}

/**
 * The price of a part in a band. What is stated for the size of the request goes before what is stated for the tier, as
 * the table's own calculation has it, and what the tier does not state is what everybody pays.
 */
export function partAmount(
  stated: StatedPrices,
  band: number,
  tier: ServiceTier | null,
  part: TokenPart,
): string | undefined {
  const lowest = stated.inherits ? 0 : band
  for (let index = band; index >= lowest; index--) {
    const amounts = stated.bands[index]?.amounts
    const amount = amounts?.get(nameOf(part, tier)) ?? amounts?.get(nameOf(part, null))
    if (amount !== undefined) return amount
  }
  return undefined
}

/** The amounts of a tier in all bands: all meters in the lowest one, in the others those that change. */
export function tierAmounts(stated: StatedPrices, tier: ServiceTier | null): Pick<MatrixTableRow, 'amounts' | 'above'> {
  const bands = stated.bands.map(({ above }, band) => ({ above, amounts: meterAmounts(stated, band, tier) }))
  const above = bands.flatMap(({ above: bound, amounts }, band) => {
    const below = bands[band - 1]?.amounts ?? new Map<string, string>()
    const changed = new Map([...amounts].filter(([meter, amount]) => below.get(meter) !== amount))
    return bound === null || changed.size === 0 ? [] : [{ above: bound, amounts: changed }]
  })
  return { amounts: bands[0]?.amounts ?? new Map<string, string>(), above }
}

/**
 * The bands in which a tier pays what everybody pays although it has a price of its own below: the table states what the
 * size of the request costs, and not what it costs in that tier.
 */
export function bandsWithoutTier(stated: StatedPrices, tier: ServiceTier): readonly bigint[] {
  return stated.bands.flatMap(({ above, amounts }, band) => {
    const lacks = [...amounts.keys()].some((name) => {
      const own = `${name}/${tier}`
      return !amounts.has(own) && stated.bands.slice(0, band).some((below) => below.amounts.has(own))
    })
    return above !== null && lacks ? [above] : []
  })
}

function meterAmounts(stated: StatedPrices, band: number, tier: ServiceTier | null): MeterAmounts {
  const amounts = new Map<string, string>()
  for (const [meter, parts] of partsOfMeters) {
    for (const part of parts) {
      const amount = partAmount(stated, band, tier, part)
      if (amount === undefined) continue
      amounts.set(meter, amount)
      break
    }
  }
  return amounts
}

function nameOf(part: TokenPart, tier: ServiceTier | null): string {
  return tier === null ? part : `${part}/${tier}`
}
