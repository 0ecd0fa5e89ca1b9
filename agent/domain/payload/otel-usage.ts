import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { annotate, noAnnotations, type Annotations } from './annotations.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import type { CountReader } from './provider-usage/count-reader.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'
import { splitTokens, type TokenClasses } from './token-classes.ts'

/** The attributes of an AI call: the body's own members, and those of `attributes` where exporters nest them. */
export interface OtelAttributes {
  readonly body: JsonObject
  readonly nested: JsonObject | null
}

/** Finds where the `gen_ai.*` attributes of a body stand. */
export function otelAttributes(body: JsonObject): Result<OtelAttributes, NormaliseFault> {
  const nested = body['attributes'] ?? null
  if (nested === null) return ok({ body, nested: null })
  if (isJsonObject(nested)) return ok({ body, nested })
  return refused('attributes_invalid', `"attributes" is ${shown(nested)}: it must be an object of gen_ai attributes`)
}

const noMembers: JsonObject = {}
const usagePrefix = 'gen_ai.usage.'
const usageAt = usagePrefix.indexOf('u')
const letterU = 0x75
const inputName = 'gen_ai.usage.input_tokens'
const outputName = 'gen_ai.usage.output_tokens'
const olderInputName = 'gen_ai.usage.prompt_tokens'
const olderOutputName = 'gen_ai.usage.completion_tokens'
const cachedName = 'gen_ai.usage.cache_read.input_tokens'
const creationName = 'gen_ai.usage.cache_creation.input_tokens'
const reasoningName = 'gen_ai.usage.reasoning.output_tokens'

const knownNames: ReadonlySet<string> = new Set([
  inputName,
  outputName,
  olderInputName,
  olderOutputName,
  cachedName,
  creationName,
  reasoningName,
])

/**
 * Reads token usage under the OpenTelemetry names for generative AI, and the older names they replaced. There, cached
 * and cache-creation tokens are a part of the input, reasoning tokens a part of the output.
 */
export function readOtelTokens(attributes: OtelAttributes, counts: CountReader): Result<TokenClasses, NormaliseFault> {
  const { body } = attributes
  const other = attributes.nested ?? noMembers
  const input =
    counts.count(body[inputName] ?? other[inputName], inputName) ??
    counts.count(body[olderInputName] ?? other[olderInputName], olderInputName)
  const output =
    counts.count(body[outputName] ?? other[outputName], outputName) ??
    counts.count(body[olderOutputName] ?? other[olderOutputName], olderOutputName)
  const cached = counts.count(body[cachedName] ?? other[cachedName], cachedName)
  const cacheCreation = counts.count(body[creationName] ?? other[creationName], creationName)
  const reasoning = counts.count(body[reasoningName] ?? other[reasoningName], reasoningName)
  if (counts.problem !== null) return counts.problem
  if (input === null && output === null) {
    return refused(
      'usage_missing',
      'the event states no tokens: neither gen_ai.usage.input_tokens and gen_ai.usage.output_tokens, nor the usage of ' +
        'a known API (OpenAI, Anthropic, Ollama, Gemini, Bedrock)',
    )
  }
  return splitTokens({ input, output, cached, cacheCreation, reasoning })
}

/**
 * The `gen_ai.usage.*` attributes that are not known, as annotations under their names; null for none. `understood` is how many
 * of them were read: where there are no more than that, nothing is looked at twice.
 */
export function keepUnknownAttributes({ body, nested }: OtelAttributes, understood: number): Annotations | null {
  if (possibleUsageNames(body) + (nested === null ? 0 : possibleUsageNames(nested)) === understood) return null
  const annotations = noAnnotations()
  keepUnknownNames(body, annotations)
  if (nested !== null) keepUnknownNames(nested, annotations)
  return annotations
}

/** How many names may be those of the usage, told by one character: never less than there are. */
function possibleUsageNames(attributes: JsonObject): number {
  let count = 0
  for (const name in attributes) if (name.length > usageAt && name.charCodeAt(usageAt) === letterU) count += 1
  return count
}

function keepUnknownNames(attributes: JsonObject, annotations: Annotations): void {
  for (const name in attributes) {
    if (name.startsWith(usagePrefix) && !knownNames.has(name)) annotate(annotations, `+${name}`, attributes[name])
  }
}
