import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** One request of the Azure LLM inference trace (Azure/AzurePublicDataset, 2023, CC-BY-4.0). */
export interface LlmRequest {
  /** Position in the file, from 0: what makes the request's id stable between replays. */
  readonly row: number
  readonly timeMs: number
  readonly inputTokens: number
  readonly outputTokens: number
}

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens'
const ROW = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})\.(\d{3})\d*,(\d+),(\d+)$/

/**
 * Reads the trace row by row. Its timestamps carry no zone; they are taken as UTC and cut to milliseconds.
 * Throws with file, line and what was expected when a row is not of the trace's form.
 */
export async function* readAzureTrace(file: string): AsyncGenerator<LlmRequest> {
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })
  let lineNumber = 0
  for await (const line of lines) {
    lineNumber += 1
    if (lineNumber === 1) {
      if (line.trim() !== HEADER) throw new Error(`${file}:1: expected the header '${HEADER}', found '${line}'`)
      continue
    }
    if (line.trim() === '') continue
    const match = ROW.exec(line.trim())
    if (match === null) {
      throw new Error(`${file}:${lineNumber}: expected 'YYYY-MM-DD HH:MM:SS.fffffff,input,output', found '${line}'`)
    }
    const [, day, time, fraction, input, output] = match
    yield {
      row: lineNumber - 2,
      timeMs: Date.parse(`${day}T${time}.${fraction}Z`),
      inputTokens: Number(input),
      outputTokens: Number(output),
    }
  }
}

/** The id under which a request is published: the same request always gets the same one. */
export function azureEventId(row: number): string {
  return `azure-conv-${String(row).padStart(6, '0')}`
}

/** The payload an AI gateway would publish for the request, under the OpenTelemetry gen_ai names. */
export function azurePayload(request: LlmRequest, model: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      'gen_ai.response.id': azureEventId(request.row),
      'gen_ai.response.model': model,
      'gen_ai.operation.name': 'chat',
      'gen_ai.usage.input_tokens': request.inputTokens,
      'gen_ai.usage.output_tokens': request.outputTokens,
      time: request.timeMs,
    }),
  )
}
