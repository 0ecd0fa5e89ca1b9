import type { MatrixTableRow } from '../../domain/catalogue/matrix-table.ts'
import { JsonNumber, shiftedAmount, wholeNumberOf } from './exact-json.ts'
import { otherCharges, type OtherCharge } from './other-charges.ts'
import { bandAmounts, bandsWithoutTier, partAmount, tierAmounts, tiersOf, type StatedPrices } from './stated-prices.ts'
import { tokenFieldOf, type ServiceTier, type TokenPart } from './token-fields.ts'

/** What one model of the table costs by tier, or why that cannot be said in prices of token classes. */
export type ReadModel =
  | {
      readonly priced: true
      readonly tiers: readonly ({ readonly tier: ServiceTier | null } & Pick<MatrixTableRow, 'amounts' | 'above'>)[]
      /** Charges beside those for tokens, which are not in the prices. */
      readonly leftOut: readonly OtherCharge[]
      /** Tiers whose price for large requests the table does not state, in words; they pay what everybody pays. */
      readonly assumed: readonly string[]
    }
  | { readonly priced: false; readonly reason: string }

type Entry = Readonly<Record<string, unknown>>

/** Amounts are for so many tokens: a power of ten that makes figures readable. */
export const tokensPerAmount = { digits: 6, count: 1_000_000n } as const

/** Sellers whose thresholds are reached by a request of exactly that size (LiteLLM, _INCLUSIVE_THRESHOLD_PROVIDERS). */
const inclusiveSellers: ReadonlySet<unknown> = new Set(['xai'])

/** Reads one model of the table. */
export function readModel(entry: Entry): ReadModel {
  const stated = statedPrices(entry)
  if (typeof stated === 'string') return { priced: false, reason: stated }
  const charges = otherCharges(entry)
  const unpriced = unpricedReason(entry, stated, charges)
  if (unpriced !== null) return { priced: false, reason: unpriced }
  const parted = charges.find((charge) => isOfOwnPrice(entry, stated, charge))
  if (parted !== undefined)
    return { priced: false, reason: `prices ${parted.unit} apart, which are counted in a class` }
  const tiers = tiersOf(stated)
  return {
    priced: true,
    tiers: [null, ...tiers].map((tier) => ({ tier, ...tierAmounts(stated, tier) })),
    leftOut: charges.filter(({ field }) => classOfPart.get(field) === undefined),
    assumed: tiers.flatMap((tier) =>
      bandsWithoutTier(stated, tier).map((above) => `${tier} above ${above} input tokens`),
    ),
  }
}

/** What is wrong when it is a text. */
function statedPrices(entry: Entry): StatedPrices | string {
  const ranges = entry['tiered_pricing']
  if (Array.isArray(ranges) && ranges.some(pricesTokens)) return rangePrices(entry, ranges as readonly unknown[])
  const fields = amountFields(entry)
  if (typeof fields === 'string') return fields
  const shift = inclusiveSellers.has(entry['litellm_provider']) ? 1n : 0n
  const bounds = [...new Set(fields.flatMap(({ name }) => tokenFieldOf(name)?.above ?? []))]
  const bands = [null, ...bounds.sort((left, right) => (left < right ? -1 : 1))].map((above) => ({
    above: above === null ? null : above - shift,
    amounts: bandAmounts(fields, above),
  }))
  return withFreeEmbeddings(entry, { bands, inherits: true })
}

/**
 * Ranges of the input tokens of a request, each `[above, up to]`: one range holds for all tokens of a request, and beyond
 * the last its price stays.
 */
function rangePrices(entry: Entry, ranges: readonly unknown[]): StatedPrices | string {
  const bands: { above: bigint | null; amounts: ReadonlyMap<string, string> }[] = []
  let reached = 0n
  for (const range of ranges) {
    const own: Entry = isMapping(range) ? range : {}
    const [from, to] = Array.isArray(own['range']) ? (own['range'] as readonly unknown[]).map(wholeNumberOf) : []
    if (from !== reached || to === undefined || to === null || to <= from)
      return 'has ranges of tokens that do not follow each other'
    const fields = amountFields(own)
    if (typeof fields === 'string') return fields
    bands.push({ above: reached === 0n ? null : reached, amounts: bandAmounts(fields, null) })
    reached = to
  }
  return withFreeEmbeddings(entry, { bands, inherits: false })
}

/** Embeddings have no output: where the table leaves its price out, it is nothing. */
function withFreeEmbeddings(entry: Entry, stated: StatedPrices): StatedPrices {
  const needsNone = entry['mode'] === 'embedding' && stated.bands.every(({ amounts }) => !amounts.has('output'))
  if (!needsNone) return stated
  return {
    ...stated,
    bands: stated.bands.map((band) => ({ ...band, amounts: new Map([['output', '0'], ...band.amounts]) })),
  }
}

/** The fields of an entry that price tokens; what is wrong when it is a text. */
function amountFields(entry: Entry): readonly { readonly name: string; readonly amount: string }[] | string {
  const fields: { name: string; amount: string }[] = []
  for (const [name, value] of Object.entries(entry)) {
    if (tokenFieldOf(name) === null || value === null) continue
    const amount = shiftedAmount(value, tokensPerAmount.digits)
    if (amount === null) return `has an amount that cannot be kept exactly: ${name} is ${shown(value)}`
    fields.push({ name, amount })
  }
  return fields
}

/** Charges that come on top of those for tokens and replace none. */
const besideTokens: ReadonlySet<string> = new Set(['web searches', 'regions and speeds'])

function unpricedReason(entry: Entry, stated: StatedPrices, charges: readonly OtherCharge[]): string | null {
  const states = (part: TokenPart): boolean =>
    stated.bands.every((_, band) => partAmount(stated, band, null, part) !== undefined)
  const units = [...new Set(charges.map(({ unit }) => unit))].filter((unit) => !besideTokens.has(unit)).sort()
  const isFree = stated.bands.every(({ amounts }) => [...amounts.values()].every((amount) => amount === '0'))
  if (isFree && units.length > 0) return `is priced by ${units.join(', ')}`
  if (states('input') && states('output')) return null
  if (units.length > 0) return `is priced by ${units.join(', ')} and not by all tokens`
  if (!states('input') && !states('output')) return 'states no price'
  return `states no price for ${states('input') ? 'output' : 'input'} tokens (mode ${shown(entry['mode'])})`
}

/** Charges for a part of the tokens of a class: whether they matter depends on the price of the class. */
const classOfPart: ReadonlyMap<string, readonly TokenPart[]> = new Map<string, readonly TokenPart[]>([
  ['input_cost_per_image_token', ['input']],
  ['output_cost_per_image_token', ['output']],
  ['output_cost_per_video_token', ['output']],
  // Cached audio counts as cached input; the table has its price under either name.
  ['cache_read_input_audio_token_cost', ['cache-read', 'cache-hit', 'input']],
  ['cache_creation_input_audio_token_cost', ['cache-read', 'cache-hit', 'input']],
])

/** Whether a charge is for a part of a class that costs something else than the class. */
function isOfOwnPrice(entry: Entry, stated: StatedPrices, { field }: OtherCharge): boolean {
  const parts = classOfPart.get(field)
  if (parts === undefined) return false
  const ofClass = parts.map((part) => partAmount(stated, 0, null, part)).find((amount) => amount !== undefined)
  return shiftedAmount(entry[field], tokensPerAmount.digits) !== ofClass
}

function pricesTokens(range: unknown): boolean {
  return isMapping(range) && Object.keys(range).some((name) => tokenFieldOf(name) !== null)
}

function shown(value: unknown): string {
  const text = value instanceof JsonNumber ? value.text : (JSON.stringify(value) ?? 'missing')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function isMapping(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}
