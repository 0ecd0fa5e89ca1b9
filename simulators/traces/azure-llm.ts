import { llmRow, type LlmCall, type LlmPublishing } from './llm-call.ts'
import { readTextLines } from './text-lines.ts'
import type { Trace } from './trace-row.ts'

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens'
const ROW = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:\+00:00)?,(\d{1,15}),(\d{1,15})$/

/** The Azure LLM inference traces (Azure/AzurePublicDataset: conversations and code of 2023, the weeks of 2024). */
export function azureTrace(file: string, how: LlmPublishing): Trace {
  return {
    file,
    name: 'azure-llm',
    events: 'calls',
    httpPath: '/v1/ai',
    async *rows() {
      for await (const call of readAzureTrace(file)) yield llmRow(call, how)
    },
  }
}

/**
 * Reads the trace row by row. The timestamps of 2023 carry no zone, those of 2024 say UTC; all are taken as UTC and cut
 * to milliseconds. Throws with file, line and what was expected when a row is not of the trace's form.
 */
export async function* readAzureTrace(file: string): AsyncGenerator<LlmCall> {
  let row = 0
  for await (const { number, bytes } of readTextLines(file)) {
    const line = bytes.toString('utf8').trim()
    if (number === 1) {
      if (line.replace(/^\uFEFF/, '') !== HEADER) {
        throw new Error(`${file}:1: expected the header '${HEADER}', found '${line}'`)
      }
      continue
    }
    if (line === '') continue
    const match = ROW.exec(line)
    const timeMs = Date.parse(`${match?.[1]}T${match?.[2]}.${(match?.[3] ?? '').padEnd(3, '0').slice(0, 3)}Z`)
    if (match === null || Number.isNaN(timeMs)) {
      throw new Error(`${file}:${number}: expected 'YYYY-MM-DD HH:MM:SS.fffffff,input,output', found '${line}'`)
    }
    yield { row, timeMs, inputTokens: Number(match[4]), cachedInputTokens: null, outputTokens: Number(match[5]) }
    row += 1
  }
}
