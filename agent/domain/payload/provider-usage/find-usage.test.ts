import { describe, expect, test } from 'vitest'
import { chatAnswer, classesOf, codesOf, eventOf, labelsOf, publish } from './testing/published-answers.ts'

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
    ['inside "response"', { ...envelope, response: chatAnswer }],
    ['inside "body"', { ...envelope, body: chatAnswer }],
    ['inside the body of a line of a batch file', { ...envelope, response: { status_code: 200, body: chatAnswer } }],
    ['as bare usage', { ...envelope, usage: chatAnswer.usage }],
  ]
  test.each(places)('%s: what the event states goes before what the answer states', (_name, event) => {
    expect(eventOf(event)).toMatchObject(expected)
    expect(labelsOf(event)).toMatchObject(labels)
    expect(classesOf(event)).toEqual(classesOf(chatAnswer))
  })

  test('in the data of a CloudEvent, whose extension attributes are kept', () => {
    const { subject, time, ...data } = envelope
    const cloud = { specversion: '1.0', id: 'ce-1', source: '/gw', type: 'ai', subject, time, traceparent: '00-1' }
    for (const inside of [chatAnswer, { ...data, response: chatAnswer }, { ...data, usage: chatAnswer.usage }]) {
      const event = { ...cloud, data: inside }
      expect(eventOf(event)).toMatchObject({ ...expected, id: 'ce-1', source: 'llm-1//gw' })
      expect(labelsOf(event)['+ce.traceparent']).toBe('00-1')
    }
  })

  test('an annotation gives way before a dimension is refused', () => {
    const dimensions = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`d${index}`, 'x']))
    const event = (count: number) => ({ ...envelope, dimensions: dimensions(count), usage: chatAnswer.usage })
    expect(Object.keys(labelsOf(event(12)))).toContain('+dialect')
    expect(Object.keys(labelsOf(event(13)))).not.toContain('+dialect')
    expect(eventOf(event(13))?.labels).toHaveLength(16)
    expect(codesOf(event(14))).toEqual(['dimensions_too_many'])
  })

  test('the id of the answer is used where the event has none', () => {
    expect(eventOf({ subject: 'key-7', response: chatAnswer })?.id).toBe(chatAnswer.id)
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
    ['a chunk whose usage is null', { ...chatAnswer, object: 'chat.completion.chunk', usage: null }],
    ['a chunk without usage', { ...chatAnswer, object: 'chat.completion.chunk', usage: undefined }],
    [
      'a chunk with running counts',
      {
        ...chatAnswer,
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
    expect(codesOf(piece)).toEqual(['response_unfinished'])
    expect(publish(piece).rejected[0]?.message).toMatch(/not final: (send|ask)/)
    expect(codesOf({ id: 'e-1', response: piece })).toEqual(['response_unfinished'])
  })
})
