import { z } from 'zod'
import { llmRow, type LlmCall, type LlmPublishing } from './llm-call.ts'
import { readTextLines } from './text-lines.ts'
import type { Trace } from './trace-row.ts'

/** Tokens in one block of the prefix cache, as the trace's authors cut prompts (kvcache-ai/Mooncake, FAST '25). */
const BLOCK_TOKENS = 512
/** Blocks remembered at most; a week of the published traces has fewer than a hundredth of it. */
const MOST_BLOCKS = 10_000_000

const count = z.int().min(0)
const rowSchema = z.object({ timestamp: count, input_length: count, output_length: count, hash_ids: z.array(count) })

/** The Mooncake traces; they say milliseconds since their own beginning, which is put at `startMs`. */
export function mooncakeTrace(file: string, how: LlmPublishing & { readonly startMs: number }): Trace {
  return {
    file,
    name: 'mooncake',
    events: 'calls',
    httpPath: '/v1/ai',
    async *rows() {
      for await (const call of readMooncakeTrace(file, how.startMs)) yield llmRow(call, how)
    },
  }
}

/**
 * Reads the trace row by row, with the tokens an endless prefix cache would have had: the leading blocks of a prompt
 * that were seen before, without a gap, at 512 tokens each and at most the prompt itself. Rows are read from the first
 * one in any case, since what is cached depends on all that came before. Throws with file, line and what was expected
 * when a row is not of the trace's form.
 */
export async function* readMooncakeTrace(file: string, startMs: number): AsyncGenerator<LlmCall> {
  const seen = new Set<number>()
  let row = 0
  for await (const { number, bytes } of readTextLines(file)) {
    if (bytes.length === 0) continue
    const call = parseRow(file, number, bytes)
    let leading = 0
    for (const block of call.hash_ids) {
      if (!seen.has(block)) break
      leading += 1
    }
    for (const block of call.hash_ids) seen.add(block)
    if (seen.size > MOST_BLOCKS) throw new Error(`${file}:${number}: more than ${MOST_BLOCKS} different blocks`)
    yield {
      row,
      timeMs: startMs + call.timestamp,
      inputTokens: call.input_length,
      cachedInputTokens: Math.min(leading * BLOCK_TOKENS, call.input_length),
      outputTokens: call.output_length,
    }
    row += 1
  }
}

function parseRow(file: string, line: number, bytes: Buffer): z.output<typeof rowSchema> {
  const expected = 'an object with timestamp, input_length, output_length and hash_ids in whole numbers'
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Error(`${file}:${line}: expected ${expected}, found no JSON: '${bytes.toString('utf8').slice(0, 80)}'`)
  }
  const parsed = rowSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`${file}:${line}: expected ${expected}; ${issue?.path.join('.')}: ${issue?.message}`)
}
