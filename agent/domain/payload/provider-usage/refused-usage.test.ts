import { describe, expect, test } from 'vitest'
import { chatAnswer, codesOf } from './testing/published-answers.ts'

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
    [
      'more cached audio than cached',
      {
        input_tokens: 9,
        input_token_details: { audio_tokens: 5, cached_tokens: 2, cached_tokens_details: { audio_tokens: 3 } },
      },
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
    expect(codesOf({ id: 'e-1', usage: stated })).toEqual([code])
  })

  test.each([
    ['a model that is a number', { model: 5 }, 'dimension_invalid'],
    ['an id that is a number', { id: 5 }, 'event_id_invalid'],
    ['a time nobody can read', { created: 'soon' }, 'time_invalid'],
  ])('%s', (_name, change, code) => {
    expect(codesOf({ ...chatAnswer, ...change })).toEqual([code])
  })
})
