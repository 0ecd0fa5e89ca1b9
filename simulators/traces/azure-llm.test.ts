import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { azurePayload, readAzureTrace, type LlmRequest } from './azure-llm.ts'

const TRACES = process.env['METERLINE_TRACES']

async function rowsOf(text: string): Promise<LlmRequest[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'meterline-trace-')), 'trace.csv')
  writeFileSync(file, text)
  const rows = []
  for await (const row of readAzureTrace(file)) rows.push(row)
  return rows
}

describe('the Azure LLM trace', () => {
  test('reads rows as UTC milliseconds with stable positions', async () => {
    const rows = await rowsOf(
      'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n',
    )
    expect(rows).toEqual([
      { row: 0, timeMs: Date.UTC(2023, 10, 16, 18, 15, 46, 680), inputTokens: 374, outputTokens: 44 },
      { row: 1, timeMs: Date.UTC(2023, 10, 16, 18, 15, 50, 995), inputTokens: 396, outputTokens: 109 },
    ])
  })

  test('names the line that is not of the form', async () => {
    await expect(rowsOf('TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16,1,2\n')).rejects.toThrow(/trace\.csv:2:/)
    await expect(rowsOf('a,b\n')).rejects.toThrow(/:1: expected the header/)
  })

  test('the same request always has the same id and bytes', () => {
    const request = { row: 7, timeMs: 1_700_000_000_000, inputTokens: 1, outputTokens: 2 }
    expect(azurePayload(request, 'm').toString()).toBe(azurePayload(request, 'm').toString())
    expect(JSON.parse(azurePayload(request, 'm').toString())).toMatchObject({
      'gen_ai.response.id': 'azure-conv-000007',
    })
  })

  test.skipIf(TRACES === undefined)(
    'the real file holds what its source counted (needs METERLINE_TRACES)',
    async () => {
      let calls = 0
      let input = 0
      let output = 0
      for await (const row of readAzureTrace(join(TRACES ?? '', 'ai/AzureLLMInferenceTrace_conv.csv'))) {
        calls += 1
        input += row.inputTokens
        output += row.outputTokens
      }
      expect({ calls, input, output }).toEqual({ calls: 19_366, input: 22_361_870, output: 4_088_665 })
    },
  )
})
