import type { FleetEvent } from '../fleet-event.ts'

const secondMs = 1000

/** Token counts of one call by class: each token in one class. */
interface Tokens {
  readonly input: number
  readonly cached: number
  readonly creation: number
  readonly creation1h: number
  readonly output: number
  readonly reasoning: number
}

function tokensOf(event: FleetEvent): Tokens {
  const of = (name: string): number => Number(event.quantities.get(`ai.${name}`) ?? 0n)
  return {
    input: of('input_tokens'),
    cached: of('cached_input_tokens'),
    creation: of('cache_creation_tokens'),
    creation1h: of('cache_creation_1h_tokens'),
    output: of('output_tokens'),
    reasoning: of('reasoning_tokens'),
  }
}

/** The attributes of OpenTelemetry's generative-AI conventions: special classes are parts of input and output. */
export function otelCall(event: FleetEvent): object {
  const { input, cached, creation, output, reasoning } = tokensOf(event)
  return {
    'gen_ai.response.id': event.id,
    'gen_ai.response.model': event.model,
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': input + cached + creation,
    'gen_ai.usage.cache_read.input_tokens': cached,
    'gen_ai.usage.cache_creation.input_tokens': creation,
    'gen_ai.usage.output_tokens': output + reasoning,
    'gen_ai.usage.reasoning.output_tokens': reasoning,
    subject: event.subject,
    time: event.timeMs,
  }
}

/** OpenAI's chat completion: cached tokens are a part of the prompt, reasoning a part of the completion. */
export function openaiChatCall(event: FleetEvent): object {
  const { input, cached, output, reasoning } = tokensOf(event)
  return around(event, {
    id: event.id,
    object: 'chat.completion',
    created: Math.floor(event.timeMs / secondMs),
    model: event.model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Certainly.' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: input + cached,
      completion_tokens: output + reasoning,
      total_tokens: input + cached + output + reasoning,
      prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
    },
  })
}

/** OpenAI's response object: the same classes under other names. */
export function openaiResponsesCall(event: FleetEvent): object {
  const { input, cached, output, reasoning } = tokensOf(event)
  return around(event, {
    id: event.id,
    object: 'response',
    created_at: Math.floor(event.timeMs / secondMs),
    status: 'completed',
    model: event.model,
    output: [],
    usage: {
      input_tokens: input + cached,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output + reasoning,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + cached + output + reasoning,
    },
  })
}

/** Anthropic's message: its input does not include what was read from or written to the cache. */
export function anthropicCall(event: FleetEvent): object {
  const { input, cached, creation, creation1h, output } = tokensOf(event)
  return around(event, {
    id: event.id,
    type: 'message',
    role: 'assistant',
    model: event.model,
    content: [{ type: 'text', text: 'Certainly.' }],
    stop_reason: 'end_turn',
    usage: {
      input_tokens: input,
      cache_creation_input_tokens: creation + creation1h,
      cache_read_input_tokens: cached,
      cache_creation: { ephemeral_5m_input_tokens: creation, ephemeral_1h_input_tokens: creation1h },
      output_tokens: output,
    },
  })
}

/** Gemini's answer: cached content is a part of the prompt, thoughts stand beside the candidates. */
export function geminiCall(event: FleetEvent): object {
  const { input, cached, output, reasoning } = tokensOf(event)
  return around(event, {
    candidates: [{ content: { parts: [{ text: 'Certainly.' }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: {
      promptTokenCount: input + cached,
      cachedContentTokenCount: cached,
      candidatesTokenCount: output,
      thoughtsTokenCount: reasoning,
      totalTokenCount: input + cached + output + reasoning,
    },
    modelVersion: event.model,
    responseId: event.id,
  })
}

/** Ollama's own answer has no id, so that the one who reports it gives one. */
export function ollamaCall(event: FleetEvent): object {
  const { input, output } = tokensOf(event)
  return around(event, {
    model: event.model,
    created_at: new Date(event.timeMs).toISOString(),
    message: { role: 'assistant', content: 'Certainly.' },
    done_reason: 'stop',
    done: true,
    total_duration: 1_868_236_000,
    prompt_eval_count: input,
    eval_count: output,
  })
}

/**
 * The answer of Bedrock's Converse: its input does not include what was read from or written to the cache. It does not
 * name the model that was asked for, so that whoever reports it does.
 */
export function bedrockCall(event: FleetEvent): object {
  const { input, cached, creation, output } = tokensOf(event)
  const answer = {
    output: { message: { role: 'assistant', content: [{ text: 'Certainly.' }] } },
    stopReason: 'end_turn',
    usage: {
      inputTokens: input,
      outputTokens: output,
      totalTokens: input + cached + creation + output,
      cacheReadInputTokens: cached,
      cacheWriteInputTokens: creation,
    },
    metrics: { latencyMs: 551 },
  }
  return { ...around(event, answer), model: event.model }
}

/** A provider's answer as an application passes it on: whole, in an envelope that says whose call it was and when. */
function around(event: FleetEvent, response: object): object {
  return { id: event.id, subject: event.subject, time: event.timeMs, response }
}
