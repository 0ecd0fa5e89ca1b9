import { splitTokens, totalFault } from '../token-classes.ts'
import { knownFields } from './known-fields.ts'
import { unfinished, unfinishedType } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

// The Responses API writes "input_tokens_details", the Realtime and transcription APIs "input_token_details".
const known = knownFields(
  [
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'input_tokens_details.cached_tokens',
    'input_tokens_details.cache_write_tokens',
    'output_tokens_details.reasoning_tokens',
    'input_token_details.cached_tokens',
    'input_token_details.audio_tokens',
    'input_token_details.cached_tokens_details.audio_tokens',
    'output_token_details.audio_tokens',
  ],
  [
    'input_token_details.text_tokens',
    'input_token_details.image_tokens',
    'input_token_details.cached_tokens_details.text_tokens',
    'input_token_details.cached_tokens_details.image_tokens',
    'output_token_details.text_tokens',
  ],
)

/**
 * `usage` of OpenAI's Responses, Realtime and transcription APIs: cached, cache-write and audio tokens are part of the
 * input, reasoning and audio tokens part of the output. Realtime says how much of the cached input was audio.
 */
export const openaiResponses: UsageDialect = {
  name: 'openai-responses/1',
  provider: null,
  known,
  unfinished: (response) => {
    const { object, status } = response
    const isResponse = object === 'response' || object === 'realtime.response'
    return isResponse && (status === 'in_progress' || status === 'queued')
      ? unfinished(`a response that is ${status}`, 'send it when it is completed')
      : unfinishedType(response['type'])
  },
  read: (usage, counts) => {
    const input = counts.count(usage['input_tokens'], 'input_tokens')
    const output = counts.count(usage['output_tokens'], 'output_tokens')
    const total = counts.count(usage['total_tokens'], 'total_tokens')
    const inputDetails = counts.group(usage['input_tokens_details'], 'input_tokens_details')
    const cached = counts.count(inputDetails['cached_tokens'], 'cached_tokens')
    const cacheCreation = counts.count(inputDetails['cache_write_tokens'], 'cache_write_tokens')
    const outputDetails = counts.group(usage['output_tokens_details'], 'output_tokens_details')
    const reasoning = counts.count(outputDetails['reasoning_tokens'], 'reasoning_tokens')
    const spoken = counts.group(usage['input_token_details'], 'input_token_details')
    const spokenCached = counts.count(spoken['cached_tokens'], 'cached_tokens')
    const audioInput = counts.count(spoken['audio_tokens'], 'audio_tokens of the input')
    const cachedDetails = counts.group(spoken['cached_tokens_details'], 'cached_tokens_details')
    const cachedAudio = counts.count(cachedDetails['audio_tokens'], 'audio_tokens of the cached input')
    const answer = counts.group(usage['output_token_details'], 'output_token_details')
    const audioOutput = counts.count(answer['audio_tokens'], 'audio_tokens of the output')
    if (counts.problem !== null) return counts.problem
    const problem = totalFault('total_tokens', total, (input ?? 0) + (output ?? 0))
    if (problem !== null) return problem
    return splitTokens({
      input,
      output,
      cached: cached ?? spokenCached,
      cacheCreation,
      audioInput,
      cachedAudio,
      reasoning,
      audioOutput,
    })
  },
  operation: ({ object }) => (object === 'response' || object === 'realtime.response' ? 'chat' : null),
}
