import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { azureTrace, readAzureTrace } from './azure-llm.ts'
import { collect, totalsOf, traceFile } from './trace-file-for-tests.ts'

const TRACES = process.env['METERLINE_TRACES']
const how = { device: 'llm-1', model: 'm', idPrefix: 'azure-conv', prefix: 'meter/v1' }
const header = 'TIMESTAMP,ContextTokens,GeneratedTokens\n'

describe('the Azure LLM trace', () => {
  test('reads rows as UTC milliseconds with stable positions', async () => {
    const file = traceFile(`${header}2023-11-16 18:15:46.6805900,374,44\r\n\n2024-05-10 00:00:00.009930+00:00,396,109`)
    expect(await collect(readAzureTrace(file))).toEqual([
      {
        row: 0,
        timeMs: Date.UTC(2023, 10, 16, 18, 15, 46, 680),
        inputTokens: 374,
        cachedInputTokens: null,
        outputTokens: 44,
      },
      {
        row: 1,
        timeMs: Date.UTC(2024, 4, 10, 0, 0, 0, 9),
        inputTokens: 396,
        cachedInputTokens: null,
        outputTokens: 109,
      },
    ])
  })

  test.each([
    ['a row that lacks something', `${header}2023-11-16,1,2\n`, /:2: expected/],
    ['a time that is none', `${header}2023-13-45 18:15:46.0,1,2\n`, /:2: expected/],
    ['another zone', `${header}2024-05-10 00:00:00.1+02:00,1,2\n`, /:2: expected/],
    ['another header', 'a,b\n', /:1: expected the header/],
  ])('%s is named with its line', async (_name, text, message) => {
    await expect(collect(readAzureTrace(traceFile(text)))).rejects.toThrow(message)
  })

  test('the same call always has the same id and bytes', async () => {
    const file = traceFile(`${header}2023-11-16 18:15:46.6805900,374,44\n`)
    const [first, again] = [await collect(azureTrace(file, how).rows()), await collect(azureTrace(file, how).rows())]
    expect(first).toEqual(again)
    expect(first[0]?.topic).toBe('meter/v1/llm-1/ai')
    expect(JSON.parse(String(first[0]?.payload))).toMatchObject({ 'gen_ai.response.id': 'azure-conv-000000' })
  })

  test.skipIf(TRACES === undefined)(
    'the real file holds what its source counted (needs METERLINE_TRACES)',
    async () => {
      const trace = azureTrace(join(TRACES ?? '', 'ai/AzureLLMInferenceTrace_conv.csv'), how)
      expect(await totalsOf(trace)).toEqual({
        events: 19_366,
        malformed: 0,
        quantities: { 'ai.input_tokens': '22361870', 'ai.output_tokens': '4088665' },
      })
    },
  )
})
