import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mooncakeTrace, readMooncakeTrace } from './mooncake.ts'
import { collect, totalsOf, traceFile } from './trace-file-for-tests.ts'

const TRACES = process.env['METERLINE_TRACES']
const startMs = Date.UTC(2025, 1, 25)
const how = { device: 'llm-1', model: 'm', idPrefix: 'mooncake', prefix: 'meter/v1', startMs }

function row(timestamp: number, input: number, blocks: readonly number[]): string {
  return `${JSON.stringify({ timestamp, input_length: input, output_length: 7, hash_ids: blocks })}\n`
}

describe('the Mooncake trace', () => {
  test('cached are the leading blocks seen before, without a gap, and never more than the prompt', async () => {
    const file = traceFile(
      row(0, 1200, [1, 2, 3]) +
        row(5, 1200, [1, 2, 3]) +
        row(9, 2000, [1, 2, 9, 3]) +
        row(9, 900, [4, 2, 3]) +
        row(12, 1100, [1, 2, 3, 5]),
    )
    const calls = await collect(readMooncakeTrace(file, startMs))
    expect(calls.map((call) => call.cachedInputTokens)).toEqual([0, 1200, 1024, 0, 1100])
    expect(calls.map((call) => call.timeMs - startMs)).toEqual([0, 5, 9, 9, 12])
  })

  test('a call is published under the gen_ai names, and counted in disjoint classes', async () => {
    const file = traceFile(row(0, 600, [1, 2]) + row(1, 700, [1, 2]))
    const [fresh, repeated] = await collect(mooncakeTrace(file, how).rows())
    expect(fresh?.usage).toEqual({ 'ai.input_tokens': 600n, 'ai.output_tokens': 7n })
    expect(repeated?.usage).toEqual({ 'ai.input_tokens': 0n, 'ai.cached_input_tokens': 700n, 'ai.output_tokens': 7n })
    expect(JSON.parse(String(repeated?.payload))).toMatchObject({
      'gen_ai.response.id': 'mooncake-000001',
      'gen_ai.usage.input_tokens': 700,
      'gen_ai.usage.cache_read.input_tokens': 700,
      time: startMs + 1,
    })
  })

  test.each([
    ['no JSON', 'timestamp\n', /:1: expected .* found no JSON: 'timestamp'/],
    ['a member missing', '{"timestamp": 0}\n', /:1: expected .*; input_length/],
    [
      'a fraction',
      `${row(0, 1, [])}{"timestamp":0,"input_length":1.5,"output_length":1,"hash_ids":[]}`,
      /:2: expected .*; input_length/,
    ],
  ])('%s is named with its line', async (_name, text, message) => {
    await expect(collect(readMooncakeTrace(traceFile(text), 0))).rejects.toThrow(message)
  })

  test.skipIf(TRACES === undefined)(
    'the real file holds what its source counted (needs METERLINE_TRACES)',
    async () => {
      const trace = mooncakeTrace(join(TRACES ?? '', 'ai/mooncake-synthetic_trace.jsonl'), how)
      expect(await totalsOf(trace)).toEqual({
        events: 3_993,
        malformed: 0,
        quantities: {
          'ai.input_tokens': String(61_194_628 - 39_852_661),
          'ai.cached_input_tokens': '39852661',
          'ai.output_tokens': '595432',
        },
      })
    },
  )
})
