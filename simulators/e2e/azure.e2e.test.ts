import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { azureTrace } from '../traces/azure-llm.ts'
import { mqttCarrier } from '../traces/carrier.ts'
import { replayTrace } from '../traces/replay.ts'
import { fromDecimal, graduated, multiply, rational, roundToParts } from './rational.ts'

const TRACES = process.env['METERLINE_TRACES']
const CALLS = 19_366
const INPUT_TOKENS = 22_361_870n
const OUTPUT_TOKENS = 4_088_665n

// Prices no tidy number of micros comes out of: 2.7183 per million, and tiers whose bounds the trace crosses.
const INPUT_AMOUNT = '2.7183'
const OUTPUT_TIERS = [
  { upTo: 1_000_000n, amount: '15.0000007' },
  { upTo: 2_500_001n, amount: '11.3' },
  { upTo: null, amount: '7.77777' },
]

const TENANT = `
tenant: azure
currency: USD
operator: { id: azure, name: Azure trace }
meters:
  - { id: ai.input_tokens, unit: token }
  - { id: ai.output_tokens, unit: token }
prices:
  - { id: input, meter: ai.input_tokens, model: per-unit, amount: "${INPUT_AMOUNT}", per: 1000000 }
  - id: output
    meter: ai.output_tokens
    model: graduated
    per: 1000000
    tiers: [${OUTPUT_TIERS.map((tier) => `{ ${tier.upTo === null ? '' : `upTo: ${tier.upTo}, `}amount: "${tier.amount}" }`).join(', ')}]
offerings:
  - { id: ai, name: AI tokens, prices: [input, output] }
accounts:
  - { id: customer, kind: customer, parent: azure, name: Customer, payer: self }
subscriptions:
  - { id: customer-ai, account: customer, offering: ai, from: 2023-01-01, subjects: [llm-1] }
`

describe('the Azure LLM trace, through real MQTT, agents, gRPC and ledger', () => {
  let folder = ''
  let stack: Stack
  beforeAll(async () => {
    if (TRACES === undefined) return
    folder = mkdtempSync(join(tmpdir(), 'meterline-azure-'))
    stack = await startStack({ folder, tenant: 'azure', agents: ['gw-1', 'gw-2'] })
    const tenantFile = join(folder, 'azure.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
  })
  afterAll(async () => {
    if (TRACES === undefined) return
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.skipIf(TRACES === undefined)(
    'twice over and split over two agents with an overlap, the invoice shows every token once (needs METERLINE_TRACES)',
    async () => {
      const stretch = async (agent: number, from: number, to: number): Promise<number> => {
        const device = 'llm-1'
        const file = join(TRACES ?? '', 'ai/AzureLLMInferenceTrace_conv.csv')
        const trace = azureTrace(file, { device, model: 'gpt-4', idPrefix: 'azure-conv', prefix: 'meter/v1' })
        const carriers = [await mqttCarrier({ url: stack.mqttUrl(agent), device, window: 500 })]
        const summary = await replayTrace({ trace, carriers, from, to, quiet: true })
        return summary.published
      }
      // Both agents take half and more of the trace at the same time, and then once again: rows 8,000 to 12,000
      // arrive four times in all, the others twice.
      const published = [
        ...(await Promise.all([stretch(0, 0, 12_000), stretch(1, 8_000, CALLS)])),
        ...(await Promise.all([stretch(0, 0, 12_000), stretch(1, 8_000, CALLS)])),
      ]
      expect(published.reduce((sum, calls) => sum + calls, 0)).toBe(2 * (CALLS + 4_000))
      await stack.drained()
      await stack.closePeriod('2023-11')

      const invoices = await stack.invoices()
      expect(invoices).toHaveLength(1)
      const lines = invoices[0]?.invoice.sections.flatMap((section) => section.lines) ?? []
      const line = (meter: string): (typeof lines)[number] | undefined => lines.find((each) => each.meter === meter)
      expect(line('ai.input_tokens')?.quantity).toBe(String(INPUT_TOKENS))
      expect(line('ai.output_tokens')?.quantity).toBe(String(OUTPUT_TOKENS))
      expect(line('ai.input_tokens')?.events).toBe(CALLS)
      expect(line('ai.output_tokens')?.events).toBe(CALLS)

      const inputAmount = multiply(fromDecimal(INPUT_AMOUNT), rational(INPUT_TOKENS, 1_000_000n))
      const outputAmount = graduated(OUTPUT_TIERS, 1_000_000n, OUTPUT_TOKENS)
      expect(line('ai.input_tokens')?.amountMicros).toBe(String(roundToParts(inputAmount, 1_000_000n)))
      expect(line('ai.output_tokens')?.amountMicros).toBe(String(roundToParts(outputAmount, 1_000_000n)))
      expect(await stack.verify()).toEqual([])
    },
    120_000,
  )
})
