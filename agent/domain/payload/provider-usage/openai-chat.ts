import { isJsonObject, type JsonObject } from '../json-text.ts'
import { splitTokens, totalFault } from '../token-classes.ts'
import type { Refused } from './count-reader.ts'
import { knownFields } from './known-fields.ts'
import { unfinished } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

const known = knownFields(
  [
    'prompt_tokens',
    'completion_tokens',
    'total_tokens',
    'prompt_tokens_details.cached_tokens',
    'prompt_tokens_details.cache_write_tokens',
    'prompt_tokens_details.audio_tokens',
    'completion_tokens_details.reasoning_tokens',
    'completion_tokens_details.audio_tokens',
  ],
  [
    'prompt_tokens_details.text_tokens',
    'prompt_tokens_details.image_tokens',
    'completion_tokens_details.text_tokens',
    'completion_tokens_details.accepted_prediction_tokens',
    'completion_tokens_details.rejected_prediction_tokens',
  ],
)

/**
 * `usage` of OpenAI's chat completions, completions and embeddings, which Azure, vLLM, the compatible endpoint of Ollama
 * and many others speak. Cached, cache-write and audio tokens are part of the prompt, reasoning and audio tokens part of
 * the completion. Servers that count reasoning on top of the completion are told by their own total.
 */
export const openaiChat: UsageDialect = {
  name: 'openai-chat/1',
  provider: null,
  known,
  unfinished: unfinishedChunk,
  read: (usage, counts) => {
    const input = counts.count(usage['prompt_tokens'], 'prompt_tokens')
    const completion = counts.count(usage['completion_tokens'], 'completion_tokens')
    const total = counts.count(usage['total_tokens'], 'total_tokens')
    const prompt = counts.group(usage['prompt_tokens_details'], 'prompt_tokens_details')
    const cached = counts.count(prompt['cached_tokens'], 'cached_tokens')
    const cacheCreation = counts.count(prompt['cache_write_tokens'], 'cache_write_tokens')
    const audioInput = counts.count(prompt['audio_tokens'], 'audio_tokens of the prompt')
    counts.breakdown(prompt['text_tokens'])
    counts.breakdown(prompt['image_tokens'])
    const answer = counts.group(usage['completion_tokens_details'], 'completion_tokens_details')
    const reasoning = counts.count(answer['reasoning_tokens'], 'reasoning_tokens')
    const audioOutput = counts.count(answer['audio_tokens'], 'audio_tokens of the completion')
    counts.breakdown(answer['text_tokens'])
    counts.breakdown(answer['accepted_prediction_tokens'])
    counts.breakdown(answer['rejected_prediction_tokens'])
    if (counts.problem !== null) return counts.problem

    let output = completion
    const stated = (input ?? 0) + (completion ?? 0)
    if (total !== null && total !== stated) {
      output = (completion ?? 0) + (reasoning ?? 0)
      const problem = totalFault('total_tokens', total, completion === null ? stated : (input ?? 0) + output)
      if (problem !== null) return problem
    }
    return splitTokens({ input, output, cached, cacheCreation, audioInput, reasoning, audioOutput })
  },
  operation: ({ object }) => {
    if (object === 'chat.completion' || object === 'chat.completion.chunk') return 'chat'
    if (object === 'text_completion') return 'text_completion'
    return object === 'list' ? 'embeddings' : null
  },
}

/** Some servers state running counts with every chunk; only the one that ends the stream has those of the call. */
function unfinishedChunk({ object, choices }: JsonObject): Refused | null {
  const isChunk = object === 'chat.completion.chunk'
  if ((!isChunk && object !== 'text_completion') || !Array.isArray(choices)) return null
  for (const choice of choices as readonly unknown[]) {
    if (
      isJsonObject(choice) &&
      (choice['finish_reason'] === null || (isChunk && choice['finish_reason'] === undefined))
    )
      return unfinished('a chunk from the middle of a stream', 'send the last chunk')
  }
  return null
}
