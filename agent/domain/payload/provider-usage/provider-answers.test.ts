import { describe, expect, test } from 'vitest'
import { normalise } from '../../normalise.ts'

const received = 1_790_000_000_000
const read = (body: unknown) => normalise('ai', 'llm-1', Buffer.from(JSON.stringify(body)), received)
const eventOf = (body: unknown) => {
  const { events, rejected } = read(body)
  expect(rejected.map(({ message }) => message)).toEqual([])
  return events[0]
}
const classesOf = (body: unknown) =>
  Object.fromEntries((eventOf(body)?.measured ?? []).map(({ meter, quantity }) => [meter, Number(quantity)]))
const labelsOf = (body: unknown) => Object.fromEntries(eventOf(body)?.labels ?? [])
const codeOf = (body: unknown) => read(body).rejected.map(({ code }) => code)

const chat = {
  id: 'chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG',
  object: 'chat.completion',
  created: 1_741_570_283,
  model: 'gpt-4.1-2025-04-14',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1117,
    completion_tokens: 146,
    total_tokens: 1263,
    prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 100,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_44709d6fcb',
}

describe('OpenAI chat completions', () => {
  test('as they come: id, time, labels, facts and classes', () => {
    expect(eventOf(chat)).toEqual({
      id: chat.id,
      source: 'llm-1',
      subject: 'llm-1',
      timeMs: 1_741_570_283_000,
      labels: [
        ['+dialect', 'openai-chat/1'],
        ['+service_tier', 'default'],
        ['model', 'gpt-4.1-2025-04-14'],
        ['operation', 'chat'],
      ],
      facts: [['ai.total_input_tokens', 1117n]],
      measured: [
        { meter: 'ai.input_tokens', quantity: 93n },
        { meter: 'ai.cached_input_tokens', quantity: 1024n },
        { meter: 'ai.output_tokens', quantity: 46n },
        { meter: 'ai.reasoning_tokens', quantity: 100n },
      ],
    })
  })

  const usages: readonly [string, object, object][] = [
    ['without details', { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 }, { input: 9, output: 12 }],
    [
      'details that are null, as vLLM writes them',
      { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21, prompt_tokens_details: null },
      { input: 9, output: 12 },
    ],
    ['an explicit zero', { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 }, { input: 9, output: 0 }],
    ['zero for everything', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, { input: 0, output: 0 }],
    ['an embedding: no output at all', { prompt_tokens: 8, total_tokens: 8 }, { input: 8 }],
    [
      'everything from the cache',
      { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
      { input: 0, cached_input: 9, output: 1 },
    ],
    [
      'written to the cache',
      { prompt_tokens: 4995, completion_tokens: 19, prompt_tokens_details: { cache_write_tokens: 4993 } },
      { input: 2, cache_creation: 4993, output: 19 },
    ],
    [
      'audio both ways',
      {
        prompt_tokens: 100,
        completion_tokens: 200,
        prompt_tokens_details: { audio_tokens: 70, cached_tokens: 0, text_tokens: 30 },
        completion_tokens_details: { audio_tokens: 150, text_tokens: 50 },
      },
      { input: 30, audio_input: 70, output: 50, audio_output: 150 },
    ],
    [
      'audio and cache that must overlap: what is over counts as cached',
      { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: { audio_tokens: 70, cached_tokens: 64 } },
      { input: 0, cached_input: 64, audio_input: 36, output: 1 },
    ],
    [
      'reasoning on top of the completion, where the total says so',
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        completion_tokens_details: { reasoning_tokens: 94 },
      },
      { input: 32, output: 9, reasoning: 94 },
    ],
    ['counts in texts', { prompt_tokens: '9', completion_tokens: '12' }, { input: 9, output: 12 }],
  ]
  test.each(usages)('%s', (_name, usage, classes) => {
    expect(classesOf({ ...chat, usage })).toEqual(
      Object.fromEntries(Object.entries(classes).map(([name, count]) => [`ai.${name}_tokens`, count])),
    )
  })

  test('embeddings have no id: each counts when it arrives', () => {
    const embedding = {
      object: 'list',
      data: [],
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }
    expect(eventOf(embedding)).toMatchObject({ id: null, timeMs: received })
    expect(labelsOf(embedding)).toMatchObject({ operation: 'embeddings', model: 'text-embedding-3-small' })
  })

  test('the last chunk of a stream, however the server ends it', () => {
    const chunk = { ...chat, object: 'chat.completion.chunk', choices: [] }
    expect(classesOf(chunk)).toEqual(classesOf(chat))
    expect(labelsOf(chunk)['operation']).toBe('chat')
    expect(codeOf({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })).toEqual([])
  })

  test('completions of the older kind', () => {
    const completion = { ...chat, object: 'text_completion', choices: [{ text: 'x', finish_reason: 'length' }] }
    expect(labelsOf(completion)['operation']).toBe('text_completion')
  })
})

describe('OpenAI responses', () => {
  const response = {
    id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
    object: 'response',
    created_at: 1_741_476_542,
    status: 'completed',
    model: 'gpt-4.1-2025-04-14',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Once upon a time' }] }],
    usage: {
      input_tokens: 328,
      input_tokens_details: { cached_tokens: 300, cache_write_tokens: 20 },
      output_tokens: 52,
      output_tokens_details: { reasoning_tokens: 32 },
      total_tokens: 380,
    },
    metadata: {},
  }
  const classes = {
    'ai.input_tokens': 8,
    'ai.cached_input_tokens': 300,
    'ai.cache_creation_tokens': 20,
    'ai.output_tokens': 20,
    'ai.reasoning_tokens': 32,
  }

  test('as they come', () => {
    expect(eventOf(response)).toMatchObject({ id: response.id, timeMs: 1_741_476_542_000 })
    expect(classesOf(response)).toEqual(classes)
    expect(labelsOf(response)).toEqual({
      '+dialect': 'openai-responses/1',
      model: 'gpt-4.1-2025-04-14',
      operation: 'chat',
    })
  })

  test('inside the event that ends a stream', () => {
    const event = { type: 'response.completed', sequence_number: 7, response }
    expect(eventOf(event)?.id).toBe(response.id)
    expect(classesOf(event)).toEqual(classes)
    expect(
      classesOf({ ...event, type: 'response.incomplete', response: { ...response, status: 'incomplete' } }),
    ).toEqual(classes)
  })

  test('Realtime, which says how much of the cached input was audio', () => {
    const usage = {
      total_tokens: 253,
      input_tokens: 132,
      output_tokens: 121,
      input_token_details: {
        text_tokens: 119,
        audio_tokens: 13,
        image_tokens: 0,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 54, audio_tokens: 10, image_tokens: 0 },
      },
      output_token_details: { text_tokens: 30, audio_tokens: 91 },
    }
    const event = {
      type: 'response.done',
      event_id: 'event_1',
      response: { object: 'realtime.response', id: 'resp_1', usage },
    }
    expect(eventOf(event)?.id).toBe('resp_1')
    expect(classesOf(event)).toEqual({
      'ai.input_tokens': 65,
      'ai.cached_input_tokens': 64,
      'ai.audio_input_tokens': 3,
      'ai.output_tokens': 30,
      'ai.audio_output_tokens': 91,
    })
  })
})

describe('Anthropic messages', () => {
  const message = {
    id: 'msg_013Zva2CMHLNnXjNJJKqJ2EF',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-4-6',
    content: [{ type: 'text', text: 'Hi! My name is Claude.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 21,
      cache_creation_input_tokens: 556,
      cache_read_input_tokens: 1800,
      cache_creation: { ephemeral_5m_input_tokens: 456, ephemeral_1h_input_tokens: 100 },
      output_tokens: 393,
      service_tier: 'standard',
    },
  }

  test('as they come: the input excludes the cache, the whole input is the sum of the three', () => {
    expect(eventOf(message)).toMatchObject({
      id: message.id,
      timeMs: received,
      facts: [['ai.total_input_tokens', 2377n]],
    })
    expect(classesOf(message)).toEqual({
      'ai.input_tokens': 21,
      'ai.cached_input_tokens': 1800,
      'ai.cache_creation_tokens': 456,
      'ai.cache_creation_1h_tokens': 100,
      'ai.output_tokens': 393,
    })
    expect(labelsOf(message)).toEqual({
      '+dialect': 'anthropic/1',
      '+service_tier': 'standard',
      model: 'claude-opus-4-6',
      operation: 'chat',
      provider: 'anthropic',
    })
  })

  const usages: readonly [string, object, object][] = [
    ['nothing cached', { input_tokens: 10, output_tokens: 5 }, { 'ai.input_tokens': 10, 'ai.output_tokens': 5 }],
    [
      'counts that are null',
      { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: null, cache_creation: null },
      { 'ai.input_tokens': 10, 'ai.output_tokens': 5 },
    ],
    [
      'zero input beside the cache',
      { input_tokens: 0, output_tokens: 5, cache_read_input_tokens: 7 },
      { 'ai.input_tokens': 0, 'ai.cached_input_tokens': 7, 'ai.output_tokens': 5 },
    ],
    [
      'cache writes without lifetimes',
      { input_tokens: 1, output_tokens: 5, cache_creation_input_tokens: 7 },
      { 'ai.input_tokens': 1, 'ai.cache_creation_tokens': 7, 'ai.output_tokens': 5 },
    ],
    [
      'thinking',
      { input_tokens: 1, output_tokens: 50, output_tokens_details: { thinking_tokens: 30 } },
      { 'ai.input_tokens': 1, 'ai.output_tokens': 20, 'ai.reasoning_tokens': 30 },
    ],
  ]
  test.each(usages)('%s', (_name, usage, classes) => {
    expect(classesOf({ ...message, usage })).toEqual(classes)
  })

  test('requests to tools are no tokens, and kept', () => {
    const usage = {
      input_tokens: 1,
      output_tokens: 2,
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 0 },
    }
    expect(labelsOf({ ...message, usage })).toMatchObject({
      '+usage.server_tool_use.web_search_requests': '3',
      '+usage.server_tool_use.web_fetch_requests': '0',
    })
  })
})

describe('Ollama', () => {
  const answer = {
    model: 'llama3.2',
    created_at: '2023-08-04T19:22:45.499127Z',
    message: { role: 'assistant', content: 'Because of scattering.' },
    done: true,
    done_reason: 'stop',
    total_duration: 4_883_583_458,
    prompt_eval_count: 26,
    prompt_eval_duration: 342_546_000,
    eval_count: 282,
    eval_duration: 4_535_599_000,
  }

  test('/api/chat as it comes: no id, so it counts each time it arrives', () => {
    expect(eventOf(answer)).toMatchObject({ id: null, timeMs: Date.UTC(2023, 7, 4, 19, 22, 45, 499) })
    expect(classesOf(answer)).toEqual({ 'ai.input_tokens': 26, 'ai.output_tokens': 282 })
    expect(labelsOf(answer)).toEqual({
      '+dialect': 'ollama/1',
      model: 'llama3.2',
      operation: 'chat',
      provider: 'ollama',
    })
  })

  test('/api/generate, whose answer is a text called response', () => {
    const generated = {
      ...answer,
      message: undefined,
      response: 'Because.',
      context: [1, 2, 3],
      prompt_eval_cached_count: 20,
    }
    expect(classesOf(generated)).toEqual({
      'ai.input_tokens': 6,
      'ai.cached_input_tokens': 20,
      'ai.output_tokens': 282,
    })
    expect(labelsOf(generated)['operation']).toBe('text_completion')
  })

  test('a prompt whose count was left out stays unstated', () => {
    const rest = { ...answer, prompt_eval_count: undefined }
    expect(classesOf(rest)).toEqual({ 'ai.output_tokens': 282 })
    expect(eventOf(rest)?.facts).toEqual([])
  })

  test('/api/embed', () => {
    const embedded = { model: 'all-minilm', embeddings: [[0.01]], total_duration: 14_143_917, prompt_eval_count: 8 }
    expect(classesOf(embedded)).toEqual({ 'ai.input_tokens': 8 })
    expect(labelsOf(embedded)['operation']).toBe('embeddings')
  })
})

describe('Gemini', () => {
  const answer = {
    candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 600,
      candidatesTokenCount: 200,
      thoughtsTokenCount: 300,
      toolUsePromptTokenCount: 50,
      totalTokenCount: 1550,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 900 },
        { modality: 'AUDIO', tokenCount: 80 },
        { modality: 'IMAGE', tokenCount: 20 },
      ],
      cacheTokensDetails: [
        { modality: 'TEXT', tokenCount: 570 },
        { modality: 'AUDIO', tokenCount: 30 },
      ],
      candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 200 }],
    },
    modelVersion: 'gemini-2.5-flash',
    createTime: '2026-11-05T10:00:00.5Z',
    responseId: 'mMlqaM7vGNGKm9IPzb-1',
  }

  test('as it comes: tool results are input, thoughts are output on top of the candidates', () => {
    expect(eventOf(answer)).toMatchObject({
      id: 'mMlqaM7vGNGKm9IPzb-1',
      timeMs: Date.UTC(2026, 10, 5, 10, 0, 0, 500),
      facts: [['ai.total_input_tokens', 1050n]],
    })
    expect(classesOf(answer)).toEqual({
      'ai.input_tokens': 400,
      'ai.cached_input_tokens': 600,
      'ai.audio_input_tokens': 50,
      'ai.output_tokens': 200,
      'ai.reasoning_tokens': 300,
    })
    expect(labelsOf(answer)).toEqual({
      '+dialect': 'gemini/1',
      '+usage.promptTokensDetails.IMAGE': '20',
      model: 'gemini-2.5-flash',
      operation: 'generate_content',
      provider: 'gcp.gemini',
    })
  })

  const usages: readonly [string, object, object][] = [
    [
      'thoughts alone: the output stays unstated',
      { promptTokenCount: 8, thoughtsTokenCount: 90, totalTokenCount: 98 },
      { 'ai.input_tokens': 8, 'ai.reasoning_tokens': 90 },
    ],
    [
      'the Live API',
      { promptTokenCount: 8, responseTokenCount: 9, responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 9 }] },
      { 'ai.input_tokens': 8, 'ai.output_tokens': 0, 'ai.audio_output_tokens': 9 },
    ],
    ['a prompt that was blocked', { promptTokenCount: 8, totalTokenCount: 8 }, { 'ai.input_tokens': 8 }],
  ]
  test.each(usages)('%s', (_name, usageMetadata, classes) => {
    expect(classesOf({ ...answer, candidates: undefined, usageMetadata })).toEqual(classes)
  })
})

describe('Amazon Bedrock', () => {
  const converse = {
    ResponseMetadata: { RequestId: 'a1b2c3d4-5678', HTTPStatusCode: 200 },
    output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } },
    stopReason: 'end_turn',
    usage: {
      inputTokens: 25,
      outputTokens: 60,
      totalTokens: 85,
      cacheReadInputTokens: 1200,
      cacheWriteInputTokens: 400,
      cacheDetails: [
        { ttl: '1h', inputTokens: 300 },
        { ttl: '5m', inputTokens: 100 },
      ],
    },
    metrics: { latencyMs: 1275 },
  }
  const classes = {
    'ai.input_tokens': 25,
    'ai.cached_input_tokens': 1200,
    'ai.cache_creation_tokens': 100,
    'ai.cache_creation_1h_tokens': 300,
    'ai.output_tokens': 60,
  }

  test('Converse as boto3 and the JavaScript client return it', () => {
    expect(eventOf(converse)?.id).toBe('a1b2c3d4-5678')
    expect(classesOf(converse)).toEqual(classes)
    const rest = { ...converse, ResponseMetadata: undefined }
    expect(eventOf({ ...rest, $metadata: { requestId: 'r-2' } })?.id).toBe('r-2')
    expect(eventOf(rest)?.id).toBeNull()
    expect(labelsOf(converse)).toEqual({ '+dialect': 'bedrock/1', operation: 'chat', provider: 'aws.bedrock' })
  })

  test('with cached tokens in the total, and under the names that have Count', () => {
    expect(classesOf({ ...converse, usage: { ...converse.usage, totalTokens: 1685 } })).toEqual(classes)
    const {
      cacheReadInputTokens: cacheReadInputTokenCount,
      cacheWriteInputTokens: cacheWriteInputTokenCount,
      ...rest
    } = converse.usage
    expect(classesOf({ ...converse, usage: { ...rest, cacheReadInputTokenCount, cacheWriteInputTokenCount } })).toEqual(
      classes,
    )
  })

  test('the event that ends a ConverseStream', () => {
    expect(classesOf({ metadata: { usage: converse.usage, metrics: { latencyMs: 1 } } })).toEqual(classes)
    expect(classesOf({ usage: converse.usage, metrics: { latencyMs: 1 } })).toEqual(classes)
  })

  test('native answers of Titan and Llama', () => {
    const titan = { inputTextTokenCount: 5, results: [{ tokenCount: 30, outputText: 'x', completionReason: 'FINISH' }] }
    expect(classesOf(titan)).toEqual({ 'ai.input_tokens': 5, 'ai.output_tokens': 30 })
    expect(classesOf({ embedding: [0.1], inputTextTokenCount: 5 })).toEqual({ 'ai.input_tokens': 5 })
    const llama = { generation: 'x', prompt_token_count: 5, generation_token_count: 30, stop_reason: 'stop' }
    expect(classesOf(llama)).toEqual({ 'ai.input_tokens': 5, 'ai.output_tokens': 30 })
  })
})

describe('where an answer may stand', () => {
  const envelope = {
    id: 'e-1',
    subject: 'key-7',
    time: '2026-11-05T10:00:00Z',
    model: 'gpt',
    provider: 'azure.ai.openai',
    operation: 'chat',
    dimensions: { project: 'p' },
  }
  const expected = {
    id: 'e-1',
    subject: 'key-7',
    timeMs: Date.UTC(2026, 10, 5, 10),
    facts: [['ai.total_input_tokens', 1117n]],
  }
  const labels = { model: 'gpt', operation: 'chat', project: 'p', provider: 'azure.ai.openai' }

  const places: readonly [string, object][] = [
    ['inside "response"', { ...envelope, response: chat }],
    ['inside "body"', { ...envelope, body: chat }],
    ['inside the body of a line of a batch file', { ...envelope, response: { status_code: 200, body: chat } }],
    ['as bare usage', { ...envelope, usage: chat.usage }],
  ]
  test.each(places)('%s: what the event states goes before what the answer states', (_name, event) => {
    expect(eventOf(event)).toMatchObject(expected)
    expect(labelsOf(event)).toMatchObject(labels)
    expect(classesOf(event)).toEqual(classesOf(chat))
  })

  test('in the data of a CloudEvent, whose extension attributes are kept', () => {
    const { subject, time, ...data } = envelope
    const cloud = { specversion: '1.0', id: 'ce-1', source: '/gw', type: 'ai', subject, time, traceparent: '00-1' }
    for (const inside of [chat, { ...data, response: chat }, { ...data, usage: chat.usage }]) {
      const event = { ...cloud, data: inside }
      expect(eventOf(event)).toMatchObject({ ...expected, id: 'ce-1', source: 'llm-1//gw' })
      expect(labelsOf(event)['+ce.traceparent']).toBe('00-1')
    }
  })

  test('the id of the answer is used where the event has none', () => {
    expect(eventOf({ subject: 'key-7', response: chat })?.id).toBe(chat.id)
  })

  test('bare usage of an API that excludes the cache', () => {
    const usage = { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 3 }
    expect(classesOf({ id: 'a', provider: 'anthropic', model: 'claude', usage })).toEqual({
      'ai.input_tokens': 1,
      'ai.cached_input_tokens': 3,
      'ai.output_tokens': 2,
    })
    expect(labelsOf({ id: 'a', provider: 'anthropic', usage: { input_tokens: 1 } })['+dialect']).toBe('anthropic/1')
  })
})

describe('pieces of streams are not charged', () => {
  const pieces: readonly [string, object][] = [
    [
      'message_start',
      { type: 'message_start', message: { id: 'm', type: 'message', usage: { input_tokens: 1, output_tokens: 1 } } },
    ],
    ['message_delta', { type: 'message_delta', delta: {}, usage: { output_tokens: 15 } }],
    [
      'message_delta with cumulative input',
      { type: 'message_delta', delta: {}, usage: { input_tokens: 5, output_tokens: 15, cache_read_input_tokens: 3 } },
    ],
    ['message_stop', { type: 'message_stop' }],
    [
      'a message without its end',
      { id: 'm', type: 'message', stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } },
    ],
    ['a chunk whose usage is null', { ...chat, object: 'chat.completion.chunk', usage: null }],
    ['a chunk without usage', { ...chat, object: 'chat.completion.chunk', usage: undefined }],
    [
      'a chunk with running counts',
      {
        ...chat,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content: 'H' }, finish_reason: null }],
      },
    ],
    [
      'response.created',
      { type: 'response.created', response: { object: 'response', id: 'r', status: 'in_progress', usage: null } },
    ],
    ['response.output_text.delta', { type: 'response.output_text.delta', delta: 'In' }],
    [
      'a response in progress',
      { object: 'response', id: 'r', status: 'in_progress', usage: { input_tokens: 1, output_tokens: 0 } },
    ],
    ['a part of an Ollama stream', { model: 'l', created_at: '2023-08-04T08:52:19Z', response: 'The', done: false }],
    [
      'a part of a Gemini stream',
      {
        candidates: [{ content: {}, index: 0 }],
        usageMetadata: { promptTokenCount: 5, totalTokenCount: 9 },
        responseId: 'r',
      },
    ],
    ['contentBlockDelta', { contentBlockDelta: { delta: { text: 'x' }, contentBlockIndex: 0 } }],
  ]
  test.each(pieces)('%s', (_name, piece) => {
    expect(codeOf(piece)).toEqual(['response_unfinished'])
    expect(read(piece).rejected[0]?.message).toMatch(/not final: (send|ask)/)
    expect(codeOf({ id: 'e-1', response: piece })).toEqual(['response_unfinished'])
  })
})

describe('what is refused', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5 }
  const broken: readonly [string, object, string][] = [
    ['a total that contradicts its parts', { ...usage, total_tokens: 16 }, 'token_classes_inconsistent'],
    [
      'more cached than prompt',
      { ...usage, prompt_tokens_details: { cached_tokens: 11 } },
      'token_classes_inconsistent',
    ],
    ['more audio than prompt', { ...usage, prompt_tokens_details: { audio_tokens: 11 } }, 'token_classes_inconsistent'],
    [
      'more reasoning than completion',
      { ...usage, completion_tokens_details: { reasoning_tokens: 6 } },
      'token_classes_inconsistent',
    ],
    ['a fraction', { ...usage, prompt_tokens: 1.5 }, 'quantity_not_integer'],
    ['a negative count', { ...usage, completion_tokens: -1 }, 'quantity_negative'],
    ['a count that is a list', { ...usage, completion_tokens: [] }, 'quantity_not_integer'],
    ['details that are a text', { ...usage, prompt_tokens_details: 'x' }, 'usage_invalid'],
    ['counts that are all null', { prompt_tokens: null, completion_tokens: null }, 'usage_missing'],
    ['an unknown kind of usage', { words: 5 }, 'usage_missing'],
    [
      'thinking beyond the output',
      { input_tokens: 1, output_tokens: 1, cache_creation: {}, output_tokens_details: { thinking_tokens: 2 } },
      'token_classes_inconsistent',
    ],
    [
      'lifetimes that contradict the sum',
      { input_tokens: 1, cache_creation_input_tokens: 5, cache_creation: { ephemeral_5m_input_tokens: 4 } },
      'token_classes_inconsistent',
    ],
    [
      'an excluded cache beside an inclusive total',
      { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: 5, total_tokens: 10 },
      'token_classes_inconsistent',
    ],
    [
      'an hour of more than was written',
      { inputTokens: 1, cacheWriteInputTokens: 2, cacheDetails: [{ ttl: '1h', inputTokens: 3 }] },
      'token_classes_inconsistent',
    ],
    [
      'a total of Bedrock that is neither',
      { inputTokens: 1, outputTokens: 1, totalTokens: 4, cacheReadInputTokens: 1 },
      'token_classes_inconsistent',
    ],
    [
      'a total of Gemini without its thoughts',
      { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 9 },
      'token_classes_inconsistent',
    ],
    [
      'input that adds up to more than a record holds',
      { input_tokens: '9223372036854775807', cache_read_input_tokens: '9223372036854775807' },
      'quantity_too_large',
    ],
  ]
  test.each(broken)('%s', (_name, stated, code) => {
    expect(codeOf({ id: 'e-1', usage: stated })).toEqual([code])
  })

  test.each([
    ['a model that is a number', { model: 5 }, 'dimension_invalid'],
    ['an id that is a number', { id: 5 }, 'event_id_invalid'],
    ['a time nobody can read', { created: 'soon' }, 'time_invalid'],
  ])('%s', (_name, change, code) => {
    expect(codeOf({ ...chat, ...change })).toEqual([code])
  })
})
