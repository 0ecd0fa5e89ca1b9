import { expect, test } from 'vitest'
import { azureTrace } from './azure-llm.ts'
import type { Carrier } from './carrier.ts'
import { replayTrace } from './replay.ts'
import { traceFile } from './trace-file-for-tests.ts'

const how = { device: 'llm-1', model: 'm', idPrefix: 'azure', prefix: 'meter/v1' }

function trace(rows: number): ReturnType<typeof azureTrace> {
  const lines = Array.from({ length: rows }, (_, row) => `2023-11-16 18:15:${10 + row}.0,${row + 1},1`)
  return azureTrace(traceFile(['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines].join('\n')), how)
}

interface Recorder extends Carrier {
  readonly rows: number[]
  closed: boolean
}

/** A gateway that acknowledges at once and remembers. */
function recorder(): Recorder {
  return {
    rows: [],
    repeats: 0,
    closed: false,
    async carry(row, onAcknowledged) {
      this.rows.push(row.row)
      onAcknowledged()
      await Promise.resolve()
    },
    drained: async () => await Promise.resolve(),
    async close() {
      this.closed = true
      await Promise.resolve()
    },
  }
}

test('rows go through the gateways in turn, and through the next one each time', async () => {
  const carriers = [recorder(), recorder(), recorder()]
  const summary = await replayTrace({ trace: trace(5), carriers, times: 2, quiet: true })
  expect(carriers.map((carrier) => carrier.rows)).toEqual([
    [0, 3, 2],
    [1, 4, 0, 3],
    [2, 1, 4],
  ])
  expect(carriers.map((carrier) => carrier.closed)).toEqual([true, true, true])
  expect(summary).toMatchObject({ published: 10, stoppedEarly: false })
  expect(summary.expected).toEqual({
    events: 5,
    malformed: 0,
    quantities: { 'ai.input_tokens': '15', 'ai.output_tokens': '5' },
  })
})

test('a stretch is published and expected, and nothing else', async () => {
  const carriers = [recorder()]
  const summary = await replayTrace({ trace: trace(5), carriers, from: 1, to: 3, quiet: true })
  expect(carriers[0]?.rows).toEqual([1, 2])
  expect(summary.expected.quantities).toEqual({ 'ai.input_tokens': '5', 'ai.output_tokens': '2' })
})

test('a replay that is stopped expects what it published', async () => {
  const controller = new AbortController()
  const carrier = recorder()
  const carriers = [
    {
      ...carrier,
      carry: async (...[row, onAcknowledged]: Parameters<Carrier['carry']>) => {
        await carrier.carry(row, onAcknowledged)
        if (row.row === 1) controller.abort()
      },
    },
  ]
  const summary = await replayTrace({ trace: trace(5), carriers, times: 3, quiet: true, signal: controller.signal })
  expect(summary).toMatchObject({ published: 2, stoppedEarly: true, expected: { events: 2 } })
})

test('a file that is not of the form ends the replay with its line, and closes the gateways', async () => {
  const carrier = recorder()
  const file = traceFile('TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.0,1,1\nnonsense\n')
  await expect(replayTrace({ trace: azureTrace(file, how), carriers: [carrier], quiet: true })).rejects.toThrow(/:3: /)
  expect(carrier.closed).toBe(true)
})
