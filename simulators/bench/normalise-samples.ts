import { encode } from 'cbor-x'
import { mappedContents } from './mapped-samples.ts'

/** Payloads of one dialect, as devices and servers publish them. */
export interface PayloadSample {
  readonly dialect: string
  readonly kind: 'usage' | 'ai'
  /** The shipped profile of mapping rules that reads it; null: the agent's own shapes. */
  readonly profile: string | null
  readonly format: 'json' | 'cbor'
  /** One event after the other, all different. */
  readonly contents: readonly object[]
  readonly payloads: readonly Uint8Array[]
}

const startMs = Date.UTC(2026, 10, 5, 10)

/** `count` payloads of each dialect. */
export function payloadSamples(count: number): readonly PayloadSample[] {
  const json = (dialect: string, kind: 'usage' | 'ai', content: (index: number) => object): PayloadSample => {
    const contents = Array.from({ length: count }, (_, index) => content(index))
    return {
      dialect,
      kind,
      profile: null,
      format: 'json',
      contents,
      payloads: contents.map((each) => Buffer.from(JSON.stringify(each))),
    }
  }
  const plain = json('plain usage', 'usage', plainUsage)
  return [
    plain,
    { ...plain, dialect: 'plain usage, CBOR', format: 'cbor', payloads: plain.contents.map((each) => encode(each)) },
    json('CloudEvent', 'usage', cloudEvent),
    json('OpenTelemetry', 'ai', otelCall),
    json('OpenAI chat', 'ai', openaiChat),
    json('OpenAI responses', 'ai', openaiResponse),
    json('Anthropic', 'ai', anthropicMessage),
    json('Ollama', 'ai', ollamaChat),
    json('Gemini', 'ai', geminiContent),
    json('Bedrock', 'ai', bedrockConverse),
    ...mappedContents.map(({ profile, content }) => ({ ...json(`mapped, ${profile}`, 'usage', content), profile })),
  ]
}

function plainUsage(index: number): object {
  return {
    id: `0192f8a1-7c00-7000-8000-${String(index).padStart(12, '0')}`,
    time: new Date(startMs + index * 1000).toISOString(),
    subject: `sim-${index % 500}`,
    meter: 'data.bytes',
    quantity: 1000 + index,
    dimensions: { apn: 'iot.acme', roaming: false },
  }
}

function cloudEvent(index: number): object {
  return {
    specversion: '1.0',
    id: `${index}`,
    source: '/trackers/7',
    type: 'tracker.position',
    time: new Date(startMs + index * 1000).toISOString(),
    subject: `sim-${index % 500}`,
    data: { usage: { 'data.bytes': 820 + index, messages: 1 } },
  }
}

function otelCall(index: number): object {
  return {
    'gen_ai.response.id': `chatcmpl-${index}`,
    'gen_ai.response.model': 'bright-large-2',
    'gen_ai.provider.name': 'acme',
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 1374 + index,
    'gen_ai.usage.cache_read.input_tokens': 1000,
    'gen_ai.usage.output_tokens': 131,
    'gen_ai.usage.reasoning.output_tokens': 40,
    subject: 'key-77',
    time: new Date(startMs + index * 1000).toISOString(),
  }
}

const answer =
  'The sky is blue because molecules of the air scatter short waves of light more than long ones (Rayleigh scattering).'

function openaiChat(index: number): object {
  return {
    id: `chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ${index}`,
    object: 'chat.completion',
    created: 1_741_569_952 + index,
    model: 'gpt-5.4-2026-04-14',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 1419 + index,
      completion_tokens: 110,
      total_tokens: 1529 + index,
      prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 64,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: 'default',
  }
}

function openaiResponse(index: number): object {
  return {
    id: `resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b${index}`,
    object: 'response',
    created_at: 1_741_476_542 + index,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: 'gpt-5.4-2026-04-14',
    output: [
      {
        type: 'message',
        id: `msg_67ccd2bf17f0819081ff3bb2cf6508e6${index}`,
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: answer, annotations: [] }],
      },
    ],
    parallel_tool_calls: true,
    temperature: 1,
    tools: [],
    usage: {
      input_tokens: 36 + index,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 87,
      output_tokens_details: { reasoning_tokens: 20 },
      total_tokens: 123 + index,
    },
  }
}

function anthropicMessage(index: number): object {
  return {
    id: `msg_013Zva2CMHLNnXjNJJKqJ2EF${index}`,
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-6',
    content: [{ type: 'text', text: answer }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 2095 + index,
      cache_creation_input_tokens: 2051,
      cache_read_input_tokens: 2051,
      cache_creation: { ephemeral_5m_input_tokens: 51, ephemeral_1h_input_tokens: 2000 },
      output_tokens: 503,
      service_tier: 'standard',
    },
  }
}

function ollamaChat(index: number): object {
  return {
    model: 'llama3.2',
    created_at: new Date(startMs + index * 1000).toISOString(),
    message: { role: 'assistant', content: answer },
    done: true,
    done_reason: 'stop',
    total_duration: 4_883_583_458,
    load_duration: 1_334_875,
    prompt_eval_count: 26 + index,
    prompt_eval_cached_count: 8,
    prompt_eval_duration: 342_546_000,
    eval_count: 282,
    eval_duration: 4_535_599_000,
  }
}

function geminiContent(index: number): object {
  return {
    candidates: [
      { content: { parts: [{ text: answer }], role: 'model' }, finishReason: 'STOP', avgLogprobs: -0.1, index: 0 },
    ],
    usageMetadata: {
      promptTokenCount: 1000 + index,
      candidatesTokenCount: 200,
      totalTokenCount: 1500 + index,
      cachedContentTokenCount: 300,
      thoughtsTokenCount: 300,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1000 + index }],
      candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 200 }],
    },
    modelVersion: 'gemini-3-pro',
    responseId: `mMlqaM7vGNGKm9IPzb-${index}`,
  }
}

function bedrockConverse(index: number): object {
  return {
    ResponseMetadata: { RequestId: `a1b2c3d4-0000-4000-8000-${index}`, HTTPStatusCode: 200, RetryAttempts: 0 },
    output: { message: { role: 'assistant', content: [{ text: answer }] } },
    stopReason: 'end_turn',
    usage: {
      inputTokens: 125 + index,
      outputTokens: 60,
      totalTokens: 1385 + index,
      cacheReadInputTokens: 1200,
      cacheWriteInputTokens: 0,
    },
    metrics: { latencyMs: 1275 },
  }
}
