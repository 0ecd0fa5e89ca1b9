import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type Measured } from '@meterline/shared/model/usage-event.ts'
import { parseQuantity } from '@meterline/shared/units/quantity.ts'
import { isStorable, type Label } from './fields.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/** The meters an AI call is counted on. The classes are disjoint: their sum is what the call used. */
export const aiMeters = {
  uncachedInput: 'ai.input_tokens',
  cachedInput: 'ai.cached_input_tokens',
  cacheCreation: 'ai.cache_creation_tokens',
  output: 'ai.output_tokens',
  reasoning: 'ai.reasoning_tokens',
} as const

/** The fact that prices with a threshold on the size of the prompt look at: all input tokens, cached or not. */
export const totalInputFact = 'ai.total_input_tokens'

/** What an AI call measured, and what prices may depend on. */
export interface AiUsage {
  readonly measured: readonly Measured[]
  readonly facts: readonly (readonly [string, bigint])[]
  readonly labels: readonly Label[]
}

/** The attributes of an AI call: the body's own members, and those of `attributes` where exporters nest them. */
export interface AiAttributes {
  readonly body: JsonObject
  readonly nested: JsonObject | null
}

/** Finds where the `gen_ai.*` attributes of a body stand. */
export function aiAttributes(body: JsonObject): Result<AiAttributes, NormaliseFault> {
  const nested = body['attributes'] ?? null
  if (nested === null) return ok({ body, nested: null })
  if (isJsonObject(nested)) return ok({ body, nested })
  return refused('attributes_invalid', `"attributes" is ${shown(nested)}: it must be an object of gen_ai attributes`)
}

/** One attribute under its name, null when it is not there. A member of the body goes before one of `attributes`. */
export function attribute(attributes: AiAttributes, name: string): unknown {
  return attributes.body[name] ?? attributes.nested?.[name] ?? null
}

/**
 * Reads token usage under the OpenTelemetry names for generative AI, and the older names they replaced. There, cached
 * and cache-creation tokens are a part of the input, reasoning tokens a part of the output; here every token is counted
 * once: on its own class. Input and output are stated even when zero, the special classes only when there are any.
 */
export function readAiUsage(attributes: AiAttributes): Result<AiUsage, NormaliseFault> {
  const input = readTokens(attributes, 'gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens')
  if (!input.ok) return input
  const output = readTokens(attributes, 'gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens')
  if (!output.ok) return output
  const cached = readTokens(attributes, 'gen_ai.usage.cache_read.input_tokens', null)
  if (!cached.ok) return cached
  const creation = readTokens(attributes, 'gen_ai.usage.cache_creation.input_tokens', null)
  if (!creation.ok) return creation
  const reasoning = readTokens(attributes, 'gen_ai.usage.reasoning.output_tokens', null)
  if (!reasoning.ok) return reasoning

  if (input.value === null && output.value === null) {
    return refused('usage_missing', 'the event has neither gen_ai.usage.input_tokens nor gen_ai.usage.output_tokens')
  }
  const uncached = (input.value ?? 0n) - (cached.value ?? 0n) - (creation.value ?? 0n)
  if (uncached < 0n) {
    return inconsistent(
      'cache_read and cache_creation',
      'input',
      (cached.value ?? 0n) + (creation.value ?? 0n),
      input.value,
    )
  }
  const plainOutput = (output.value ?? 0n) - (reasoning.value ?? 0n)
  if (plainOutput < 0n) return inconsistent('reasoning', 'output', reasoning.value ?? 0n, output.value)

  const labels = readAiLabels(attributes)
  if (!labels.ok) return labels
  const measured: Measured[] = []
  if (input.value !== null) measured.push({ meter: aiMeters.uncachedInput, quantity: uncached })
  addWhenAny(measured, aiMeters.cachedInput, cached.value)
  addWhenAny(measured, aiMeters.cacheCreation, creation.value)
  if (output.value !== null) measured.push({ meter: aiMeters.output, quantity: plainOutput })
  addWhenAny(measured, aiMeters.reasoning, reasoning.value)
  return ok({ measured, facts: input.value === null ? [] : [[totalInputFact, input.value]], labels: labels.value })
}

function addWhenAny(measured: Measured[], meter: string, quantity: bigint | null): void {
  if (quantity !== null && quantity > 0n) measured.push({ meter, quantity })
}

function inconsistent(parts: string, whole: string, part: bigint, total: bigint | null): Result<never, NormaliseFault> {
  return refused(
    'token_classes_inconsistent',
    `the ${parts} tokens (${part}) are part of the ${whole} tokens and cannot exceed them (${total ?? 'not stated'})`,
  )
}

/** Zero and absent are different: null means that the attribute is not there. */
function readTokens(
  attributes: AiAttributes,
  name: string,
  olderName: string | null,
): Result<bigint | null, NormaliseFault> {
  let stated = attribute(attributes, name)
  if (stated === null && olderName !== null) stated = attribute(attributes, olderName)
  if (stated === null) return ok(null)
  const tokens = parseQuantity(stated)
  return tokens.ok ? tokens : refused(tokens.fault.code, `${name}: ${tokens.fault.message}`)
}

// In the order labels are kept in, sorted by key.
const labelSources = [
  ['model', 'gen_ai.response.model', 'gen_ai.request.model'],
  ['operation', 'gen_ai.operation.name', null],
  ['provider', 'gen_ai.provider.name', 'gen_ai.system'],
] as const

function readAiLabels(attributes: AiAttributes): Result<readonly Label[], NormaliseFault> {
  const labels: Label[] = []
  for (const [key, name, olderName] of labelSources) {
    let value = attribute(attributes, name)
    if (value === null && olderName !== null) value = attribute(attributes, olderName)
    if (value === null || value === '') continue
    if (!isStorable(value, usageEventLimits.labelValueBytes)) {
      return refused('dimension_invalid', `${name} is ${shown(value)}: it must be a text of at most 128 bytes`)
    }
    labels.push([key, value])
  }
  return ok(labels)
}
