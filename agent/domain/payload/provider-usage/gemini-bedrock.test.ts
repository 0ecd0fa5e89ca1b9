import { describe, expect, test } from 'vitest'
import { classesOf, eventOf, labelsOf } from './testing/published-answers.ts'

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
