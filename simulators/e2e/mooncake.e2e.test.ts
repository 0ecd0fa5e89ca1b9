import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { mqttCarrier } from '../traces/carrier.ts'
import { mooncakeTrace } from '../traces/mooncake.ts'
import { replayTrace } from '../traces/replay.ts'
import { fromDecimal, multiply, rational, roundToParts } from './rational.ts'

const TRACES = process.env['METERLINE_TRACES']
const CALLS = 3_993
const INPUT_TOKENS = 61_194_628n
const CACHED_TOKENS = 39_852_661n
const OUTPUT_TOKENS = 595_432n

const PRICES = { 'ai.input_tokens': '2.7183', 'ai.cached_input_tokens': '0.31416', 'ai.output_tokens': '15.0000007' }
const TENANT = `
tenant: mooncake
currency: USD
operator: { id: mooncake, name: Mooncake trace }
meters:
${Object.keys(PRICES)
  .map((meter) => `  - { id: ${meter}, unit: token }`)
  .join('\n')}
prices:
${Object.entries(PRICES)
  .map(([meter, amount]) => `  - { id: ${meter}, meter: ${meter}, model: per-unit, amount: "${amount}", per: 1000000 }`)
  .join('\n')}
offerings:
  - { id: ai, name: AI tokens, prices: [${Object.keys(PRICES).join(', ')}] }
accounts:
  - { id: customer, kind: customer, parent: mooncake, name: Customer, payer: self }
subscriptions:
  - { id: customer-ai, account: customer, offering: ai, from: 2023-01-01, subjects: [llm-1] }
`

describe('the Mooncake trace, through real MQTT, agents, gRPC and ledger', () => {
  let folder = ''
  let stack: Stack
  beforeAll(async () => {
    if (TRACES === undefined) return
    folder = mkdtempSync(join(tmpdir(), 'meterline-mooncake-'))
    stack = await startStack({ folder, tenant: 'mooncake', agents: ['gw-1', 'gw-2'] })
    const tenantFile = join(folder, 'mooncake.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
  })
  afterAll(async () => {
    if (TRACES === undefined) return
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.skipIf(TRACES === undefined)(
    'twice over and interleaved on two gateways, every token stands once in its own class (needs METERLINE_TRACES)',
    async () => {
      const file = join(TRACES ?? '', 'ai/mooncake-synthetic_trace.jsonl')
      const device = 'llm-1'
      const carriers = await Promise.all(
        [0, 1].map(async (agent) => await mqttCarrier({ url: stack.mqttUrl(agent), device, window: 500 })),
      )
      const startMs = Date.UTC(2025, 1, 25)
      const how = { device, model: 'kimi', idPrefix: 'mooncake', prefix: 'meter/v1', startMs }
      const summary = await replayTrace({ trace: mooncakeTrace(file, how), carriers, times: 2, quiet: true })
      const uncached = INPUT_TOKENS - CACHED_TOKENS
      expect(summary.published).toBe(2 * CALLS)
      expect(summary.expected).toEqual({
        events: CALLS,
        malformed: 0,
        quantities: {
          'ai.input_tokens': String(uncached),
          'ai.cached_input_tokens': String(CACHED_TOKENS),
          'ai.output_tokens': String(OUTPUT_TOKENS),
        },
      })
      await stack.drained()
      await stack.closePeriod('2025-02')

      const invoices = await stack.invoices()
      expect(invoices).toHaveLength(1)
      const lines = invoices[0]?.invoice.sections.flatMap((section) => section.lines) ?? []
      expect(Object.fromEntries(lines.map(({ meter, quantity }) => [meter, quantity]))).toEqual(
        summary.expected.quantities,
      )
      for (const { meter, quantity, amountMicros } of lines) {
        const price = PRICES[meter as keyof typeof PRICES]
        const exact = multiply(fromDecimal(price), rational(BigInt(quantity), 1_000_000n))
        expect(amountMicros).toBe(String(roundToParts(exact, 1_000_000n)))
      }
      expect(lines.find((line) => line.meter === 'ai.input_tokens')?.events).toBe(CALLS)
      expect(await stack.verify()).toEqual([])
    },
    120_000,
  )
})
