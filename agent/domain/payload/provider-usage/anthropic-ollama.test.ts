import { describe, expect, test } from 'vitest'
import { classesOf, eventOf, labelsOf, receivedMs } from './testing/published-answers.ts'

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
      timeMs: receivedMs,
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
