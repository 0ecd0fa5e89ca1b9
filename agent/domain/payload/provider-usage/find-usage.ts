import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { isJsonObject, type JsonObject } from '../json-text.ts'
import type { NormaliseFault } from '../rejection.ts'
import { anthropic } from './anthropic.ts'
import { bedrockLlama, bedrockTitan } from './bedrock-native.ts'
import { bedrock } from './bedrock.ts'
import { gemini } from './gemini.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import { unfinishedPiece } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

/** What an API answered, and where in it the usage stands. */
export interface FoundUsage {
  readonly dialect: UsageDialect
  /** The API's answer: has the id, model and time of the call, as far as the API states them. */
  readonly response: JsonObject
  readonly usage: JsonObject
}

/** Answers are wrapped at most this often: a line of a batch file has a response, which has a body, which is the answer. */
const mostWrappers = 3

/**
 * Finds the usage of a known API in the body of an event: the answer itself, one inside `response` or `body`, or a bare
 * `usage` object. Which API it is shows in the names of the counts, which differ. Null when there is none;
 * `response_unfinished` for a piece of a streamed answer whose counts are not final.
 */
export function findUsage(body: JsonObject): Result<FoundUsage | null, NormaliseFault> {
  let response = body
  let inner = wrappedIn(body)
  for (let wrapper = 0; inner !== null && wrapper < mostWrappers; wrapper++) {
    const piece = unfinishedPiece(response)
    if (piece !== null) return piece
    response = inner
    inner = wrappedIn(response)
  }
  const found = usageOf(response) ?? (response === body ? null : usageOf(body))
  if (found === null) return unfinishedPiece(response) ?? ok(null)
  return found.dialect.unfinished(found.response) ?? ok(found)
}

function wrappedIn(outer: JsonObject): JsonObject | null {
  const response = outer['response']
  if (isJsonObject(response)) return response
  const body = outer['body']
  return isJsonObject(body) ? body : null
}

function usageOf(response: JsonObject): FoundUsage | null {
  const usage = response['usage']
  if (isJsonObject(usage)) {
    const dialect = dialectOf(usage, response)
    return dialect === null ? null : { dialect, response, usage }
  }
  const metadata = response['usageMetadata']
  if (isJsonObject(metadata)) return { dialect: gemini, response, usage: metadata }
  const dialect = nativeDialectOf(response)
  if (dialect !== null) return { dialect, response, usage: response }
  const streamed = response['metadata']
  return isJsonObject(streamed) && isJsonObject(streamed['usage']) && isBedrock(streamed['usage'])
    ? { dialect: bedrock, response: streamed, usage: streamed['usage'] }
    : null
}

function dialectOf(usage: JsonObject, response: JsonObject): UsageDialect | null {
  if (usage['prompt_tokens'] !== undefined || usage['completion_tokens'] !== undefined) return openaiChat
  if (usage['input_tokens'] !== undefined || usage['output_tokens'] !== undefined)
    return isAnthropic(usage, response) ? anthropic : openaiResponses
  if (isBedrock(usage)) return bedrock
  if (usage['promptTokenCount'] !== undefined || usage['totalTokenCount'] !== undefined) return gemini
  if (usage['prompt_eval_count'] !== undefined || usage['eval_count'] !== undefined) return ollama
  return isAnthropic(usage, response) ? anthropic : null
}

/** Both APIs count `input_tokens`, and only where there is a cache do they mean different things by it. */
function isAnthropic(usage: JsonObject, response: JsonObject): boolean {
  return (
    response['type'] === 'message' ||
    usage['cache_read_input_tokens'] !== undefined ||
    usage['cache_creation_input_tokens'] !== undefined ||
    usage['cache_creation'] !== undefined ||
    usage['server_tool_use'] !== undefined ||
    response['provider'] === 'anthropic'
  )
}

function isBedrock(usage: JsonObject): boolean {
  return usage['inputTokens'] !== undefined || usage['outputTokens'] !== undefined
}

/** APIs whose counts stand among the members of the answer. */
function nativeDialectOf(response: JsonObject): UsageDialect | null {
  if (response['prompt_eval_count'] !== undefined || response['eval_count'] !== undefined) return ollama
  if (response['inputTextTokenCount'] !== undefined) return bedrockTitan
  return response['prompt_token_count'] !== undefined || response['generation_token_count'] !== undefined
    ? bedrockLlama
    : null
}
