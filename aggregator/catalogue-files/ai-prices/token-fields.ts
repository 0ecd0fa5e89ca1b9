/** What a price of the table is for, as far as tokens go. */
export type TokenPart =
  | 'input'
  | 'cache-read'
  | 'cache-hit'
  | 'cache-write'
  | 'cache-write-1h'
  | 'audio-input'
  | 'output'
  | 'reasoning'
  | 'audio-output'

/** A service tier that has prices of its own, as answers name it in `service_tier`. */
export type ServiceTier = 'priority' | 'flex' | 'batch'

/** What a field of a model says the price of. */
export interface TokenField {
  readonly part: TokenPart
  /** For requests with more input tokens than this; null: for all. */
  readonly above: bigint | null
  /** Null: for every tier that has no price of its own. */
  readonly tier: ServiceTier | null
}

const partsByField: ReadonlyMap<string, TokenPart> = new Map([
  ['input_cost_per_token', 'input'],
  ['cache_read_input_token_cost', 'cache-read'],
  // An older name of the same price, used for DeepSeek.
  ['input_cost_per_token_cache_hit', 'cache-hit'],
  ['cache_creation_input_token_cost', 'cache-write'],
  ['cache_creation_input_token_cost_above_1hr', 'cache-write-1h'],
  ['input_cost_per_audio_token', 'audio-input'],
  ['output_cost_per_token', 'output'],
  ['output_cost_per_reasoning_token', 'reasoning'],
  ['output_cost_per_audio_token', 'audio-output'],
])
const tiersBySuffix: ReadonlyMap<string, ServiceTier> = new Map([
  ['priority', 'priority'],
  ['flex', 'flex'],
  ['batches', 'batch'],
])
const fieldPattern = /^(.+?)(?:_above_([0-9]{1,12})(k?)_tokens)?(?:_(priority|flex|batches))?$/

/** Reads the name of a field such as `input_cost_per_token_above_200k_tokens_priority`; null when it prices no token class. */
export function tokenFieldOf(name: string): TokenField | null {
  const match = fieldPattern.exec(name)
  const part = partsByField.get(match?.[1] ?? '')
  if (match === null || part === undefined) return null
  const above = match[2] === undefined ? null : BigInt(match[2]) * (match[3] === 'k' ? 1000n : 1n)
  return { part, above, tier: tiersBySuffix.get(match[4] ?? '') ?? null }
}

/** The classes of tokens as meters count them (docs/ai-usage.md), each with the prices it may have, the nearest first. */
export const partsOfMeters: ReadonlyMap<string, readonly TokenPart[]> = new Map<string, readonly TokenPart[]>([
  ['ai.input_tokens', ['input']],
  ['ai.cached_input_tokens', ['cache-read', 'cache-hit', 'input']],
  ['ai.cache_creation_tokens', ['cache-write', 'input']],
  ['ai.cache_creation_1h_tokens', ['cache-write-1h', 'cache-write', 'input']],
  ['ai.audio_input_tokens', ['audio-input', 'input']],
  ['ai.output_tokens', ['output']],
  ['ai.reasoning_tokens', ['reasoning', 'output']],
  ['ai.audio_output_tokens', ['audio-output', 'output']],
])
