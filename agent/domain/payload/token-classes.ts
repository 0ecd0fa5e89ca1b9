import { fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import type { Measured, UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { wholeBigint } from '@meterline/shared/units/quantity.ts'
import { refused, type NormaliseFault } from './rejection.ts'

/** The meters an AI call is counted on. The classes are disjoint: their sum is what the call used. */
export const aiMeters = {
  input: 'ai.input_tokens',
  cachedInput: 'ai.cached_input_tokens',
  cacheCreation: 'ai.cache_creation_tokens',
  cacheCreation1h: 'ai.cache_creation_1h_tokens',
  audioInput: 'ai.audio_input_tokens',
  output: 'ai.output_tokens',
  reasoning: 'ai.reasoning_tokens',
  audioOutput: 'ai.audio_output_tokens',
} as const

/** The fact that prices with a threshold on the size of the prompt look at: all input tokens, cached or not. */
export const totalInputFact = 'ai.total_input_tokens'

/**
 * The tokens of one AI call, each counted once, as safe integers. `input` and `output` are what is left of them beside the special classes;
 * null when the call stated no such count, which is not the same as zero.
 */
export interface TokenClasses {
  readonly input: number | null
  readonly cachedInput: number
  /** Written to a cache with the provider's ordinary lifetime. */
  readonly cacheCreation: number
  /** Written to a cache for an hour, which has a price of its own. */
  readonly cacheCreation1h: number
  readonly audioInput: number
  readonly output: number | null
  readonly reasoning: number
  readonly audioOutput: number
}

/** Counts of a call whose special classes are parts of its input and output, as most providers state them. */
export interface InclusiveTokens {
  readonly input: number | null
  readonly output: number | null
  readonly cached?: number | null | undefined
  readonly cacheCreation?: number | null | undefined
  readonly audioInput?: number | null | undefined
  /** How much of the cached input is audio; null when the provider does not say. */
  readonly cachedAudio?: number | null | undefined
  readonly reasoning?: number | null | undefined
  readonly audioOutput?: number | null | undefined
}

/**
 * Takes the parts out of their wholes. Where cached input and audio input may overlap and the provider does not say by
 * how much, they are taken to be disjoint as far as the total allows, and what is over counts as cached: that is the
 * price it has. `token_classes_inconsistent` when the parts exceed their whole.
 */
export function splitTokens(stated: InclusiveTokens): Result<TokenClasses, NormaliseFault> {
  const { input, output } = stated
  const cached = stated.cached ?? 0
  const creation = stated.cacheCreation ?? 0
  const uncached = (input ?? 0) - cached - creation
  if (uncached < 0) return exceeded('cache read and cache creation', 'input', cached + creation, input)
  const statedAudio = stated.audioInput ?? 0
  const cachedAudio = stated.cachedAudio ?? 0
  if (cachedAudio > cached) return exceeded('cached audio', 'cached', cachedAudio, cached)
  let audio = statedAudio - cachedAudio
  if (audio > uncached && (stated.cachedAudio ?? null) === null && statedAudio <= (input ?? 0)) audio = uncached
  if (audio < 0 || audio > uncached) return exceeded('audio', 'uncached input', audio, uncached)
  const reasoning = stated.reasoning ?? 0
  const audioOutput = stated.audioOutput ?? 0
  const plainOutput = (output ?? 0) - reasoning - audioOutput
  if (plainOutput < 0) return exceeded('reasoning and audio', 'output', reasoning + audioOutput, output)
  return ok({
    input: input === null ? null : uncached - audio,
    cachedInput: cached,
    cacheCreation: creation,
    cacheCreation1h: 0,
    audioInput: audio,
    output: output === null ? null : plainOutput,
    reasoning,
    audioOutput,
  })
}

/** Checks a total that a provider stated beside the parts; null when they agree, or when there is none. */
export function totalFault(
  name: string,
  stated: number | null,
  parts: number,
): { readonly ok: false; readonly fault: NormaliseFault } | null {
  if (stated === null || stated === parts) return null
  return refused('token_classes_inconsistent', `${name} says ${stated}, but its parts come to ${parts}`)
}

/** Counts that are no longer exact. */
export const tooManyTokens: NormaliseFault = fault(
  'quantity_too_large',
  `the tokens of a call come to more than ${Number.MAX_SAFE_INTEGER}`,
)

/** What an AI call measured, and what prices may depend on. */
export interface AiUsage {
  readonly measured: readonly Measured[]
  readonly facts: UsageEvent['facts']
}

/**
 * The classes as measured quantities: input and output when they are stated, even as zero, the others when there are
 * any. `usage_missing` when there is nothing to measure, `quantity_too_large` when the input adds up to too much.
 */
export function measureTokens(tokens: TokenClasses): Result<AiUsage, NormaliseFault> {
  const { input, cachedInput, cacheCreation, cacheCreation1h, audioInput, output, reasoning, audioOutput } = tokens
  const inputClasses = (input === null ? 0 : 1) + countAny(cachedInput, cacheCreation, cacheCreation1h, audioInput)
  const classes = inputClasses + (output === null ? 0 : 1) + countAny(reasoning, audioOutput, 0, 0)
  if (classes === 0) return refused('usage_missing', 'the call states neither input nor output tokens')
  const measured = emptyPlaces(classes)
  let at = 0
  if (input !== null) measured[at++] = { meter: aiMeters.input, quantity: wholeBigint(input) }
  if (cachedInput > 0) measured[at++] = { meter: aiMeters.cachedInput, quantity: wholeBigint(cachedInput) }
  if (cacheCreation > 0) measured[at++] = { meter: aiMeters.cacheCreation, quantity: wholeBigint(cacheCreation) }
  if (cacheCreation1h > 0) measured[at++] = { meter: aiMeters.cacheCreation1h, quantity: wholeBigint(cacheCreation1h) }
  if (audioInput > 0) measured[at++] = { meter: aiMeters.audioInput, quantity: wholeBigint(audioInput) }
  if (output !== null) measured[at++] = { meter: aiMeters.output, quantity: wholeBigint(output) }
  if (reasoning > 0) measured[at++] = { meter: aiMeters.reasoning, quantity: wholeBigint(reasoning) }
  if (audioOutput > 0) measured[at++] = { meter: aiMeters.audioOutput, quantity: wholeBigint(audioOutput) }
  // Every class and every sum on the way is at most one of these two; beyond the largest they would not be exact.
  const allInput = totalInput(tokens)
  const allOutput = (output ?? 0) + reasoning + audioOutput
  if (allInput > Number.MAX_SAFE_INTEGER || allOutput > Number.MAX_SAFE_INTEGER)
    return { ok: false, fault: tooManyTokens }
  return ok({ measured, facts: inputClasses === 0 ? noFacts : [[totalInputFact, wholeBigint(allInput)]] })
}

/**
 * A list with a place for each class, every one of which is filled by the caller: a list that grows takes room for
 * seventeen. Most calls have two to four classes.
 */
function emptyPlaces(classes: number): Measured[] {
  switch (classes) {
    case 2:
      return [place, place]
    case 3:
      return [place, place, place]
    case 4:
      return [place, place, place, place]
    default:
      return places.slice(0, classes)
  }
}

const place: Measured = { meter: aiMeters.input, quantity: 0n }
const places: readonly Measured[] = Object.values(aiMeters).map(() => place)
const noFacts: UsageEvent['facts'] = []

function countAny(first: number, second: number, third: number, fourth: number): number {
  return (first > 0 ? 1 : 0) + (second > 0 ? 1 : 0) + (third > 0 ? 1 : 0) + (fourth > 0 ? 1 : 0)
}

/** All input tokens of a call, cached or not. */
export function totalInput(tokens: TokenClasses): number {
  return (tokens.input ?? 0) + tokens.cachedInput + tokens.cacheCreation + tokens.cacheCreation1h + tokens.audioInput
}

function exceeded(parts: string, whole: string, part: number, total: number | null): Result<never, NormaliseFault> {
  return refused(
    'token_classes_inconsistent',
    `the ${parts} tokens (${part}) are part of the ${whole} tokens and cannot exceed them (${total ?? 'not stated'})`,
  )
}
