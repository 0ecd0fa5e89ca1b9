import { JsonNumber } from './exact-json.ts'
import { tokenFieldOf } from './token-fields.ts'

/** A charge of a model that is not for a class of tokens. */
export interface OtherCharge {
  readonly field: string
  /** What it is for, such as `images`. */
  readonly unit: string
}

/** The same price in a unit of the seller's own. */
const repeated: ReadonlySet<string> = new Set(['input_dbu_cost_per_token', 'output_dbu_cost_per_token'])

/** The first that is found in a field's name says what the field is for. */
const units: readonly (readonly [RegExp, string])[] = [
  [/citation/, 'citation tokens'],
  [/search_context|web_search/, 'web searches'],
  [/image_token/, 'image tokens'],
  [/video_token/, 'video tokens'],
  [/audio_token/, 'cached audio tokens'],
  [/pixel/, 'pixels'],
  [/image/, 'images'],
  [/video|audio|second/, 'seconds'],
  [/character/, 'characters'],
  [/query|queries|calls/, 'queries'],
  [/page/, 'pages'],
  [/credit/, 'credits'],
  [/session/, 'sessions'],
  [/request/, 'requests'],
  [/gb_per_day/, 'storage'],
  [/uplift_multiplier|provider_specific_entry/, 'regions and speeds'],
]

/** What a model charges for beside classes of tokens; what costs nothing is left out. */
export function otherCharges(entry: Readonly<Record<string, unknown>>): readonly OtherCharge[] {
  return Object.entries(entry).flatMap(([field, value]) => {
    const prices =
      /cost|uplift_multiplier/.test(field) || field === 'provider_specific_entry' || field === 'tiered_pricing'
    if (!prices || repeated.has(field) || tokenFieldOf(field) !== null || !holdsAmount(value)) return []
    return field === 'tiered_pricing' ? chargesOfRanges(value) : [{ field, unit: unitOf(field) }]
  })
}

/** Ranges may price other things than tokens, such as searches by the number of results. */
function chargesOfRanges(ranges: unknown): readonly OtherCharge[] {
  if (!Array.isArray(ranges)) return []
  const fields = (ranges as readonly unknown[]).flatMap((range) =>
    typeof range === 'object' && range !== null ? Object.keys(range) : [],
  )
  const other = [...new Set(fields)].filter((field) => field.includes('cost') && tokenFieldOf(field) === null)
  return other.map((field) => ({ field: `tiered_pricing.${field}`, unit: unitOf(field) }))
}

function unitOf(field: string): string {
  return units.find(([pattern]) => pattern.test(field))?.[1] ?? field
}

function holdsAmount(value: unknown): boolean {
  // By its digits, because a very small amount would be none as a float.
  if (value instanceof JsonNumber) return /^[^eE]*[1-9]/.test(value.text)
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsAmount)
}
