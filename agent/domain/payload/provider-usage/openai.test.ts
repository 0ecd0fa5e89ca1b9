import { describe, expect, test } from 'vitest'
import { chatAnswer, classesOf, codesOf, eventOf, labelsOf, receivedMs } from './testing/published-answers.ts'

describe('OpenAI chat completions', () => {
  test('as they come: id, time, labels, facts and classes', () => {
    expect(eventOf(chatAnswer)).toEqual({
      id: chatAnswer.id,
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
    expect(classesOf({ ...chatAnswer, usage })).toEqual(
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
    expect(eventOf(embedding)).toMatchObject({ id: null, timeMs: receivedMs })
    expect(labelsOf(embedding)).toMatchObject({ operation: 'embeddings', model: 'text-embedding-3-small' })
  })

  test('the last chunk of a stream, however the server ends it', () => {
    const chunk = { ...chatAnswer, object: 'chat.completion.chunk', choices: [] }
    expect(classesOf(chunk)).toEqual(classesOf(chatAnswer))
    expect(labelsOf(chunk)['operation']).toBe('chat')
    expect(codesOf({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })).toEqual([])
  })

  test('completions of the older kind', () => {
    const completion = { ...chatAnswer, object: 'text_completion', choices: [{ text: 'x', finish_reason: 'length' }] }
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
