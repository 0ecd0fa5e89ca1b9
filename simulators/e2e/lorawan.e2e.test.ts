import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { mqttCarrier } from '../traces/carrier.ts'
import { lorawanTrace } from '../traces/lorawan.ts'
import { replayTrace } from '../traces/replay.ts'

const TRACES = process.env['METERLINE_TRACES']
const UPLINKS = 13_352n
const DATA_CREDITS = 13_365n
/** Helium's price of a data credit, 0.00001 USD, in micros. */
const CREDIT_MICROS = 10n
/** The months the trace runs through. */
const MONTHS = [
  ...Array.from({ length: 10 }, (_, index) => `2022-${String(index + 3).padStart(2, '0')}`),
  '2023-01',
  '2023-02',
]

const TENANT = `
tenant: lorawan
currency: USD
operator: { id: lorawan, name: LoRaWAN trace }
meters:
  - { id: lorawan.uplinks, unit: uplink }
  - { id: lorawan.data_credits, unit: credit }
prices:
  - { id: uplink, meter: lorawan.uplinks, model: per-unit, amount: '0.0000007', per: 1 }
  - { id: credit, meter: lorawan.data_credits, model: per-unit, amount: '0.00001', per: 1 }
offerings:
  - { id: network, name: LoRaWAN network, prices: [uplink, credit] }
accounts:
  - { id: customer, kind: customer, parent: lorawan, name: Customer, payer: self }
subscriptions:
  - { id: customer-network, account: customer, offering: network, from: 2022-01-01, subjects: [33323431007C727B] }
`

describe('the LoRaWAN trace, through a mapping rule, real MQTT, agents, gRPC and ledger', () => {
  let folder = ''
  let stack: Stack
  beforeAll(async () => {
    if (TRACES === undefined) return
    folder = mkdtempSync(join(tmpdir(), 'meterline-lorawan-'))
    const mappings = [{ name: 'helium', profile: 'helium-v1', topics: ['helium/+/up'] }]
    stack = await startStack({ folder, tenant: 'lorawan', agents: ['gw-1', 'gw-2'], agentSettings: { mappings } })
    const tenantFile = join(folder, 'lorawan.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
  })
  afterAll(async () => {
    if (TRACES === undefined) return
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.skipIf(TRACES === undefined)(
    'twice over and interleaved on two gateways, every uplink is billed once by started 24 bytes (needs METERLINE_TRACES)',
    async () => {
      const file = join(TRACES ?? '', 'iot/lorawan-uplinks.ndjson.gz')
      const carriers = await Promise.all(
        [0, 1].map(async (agent) => {
          const url = stack.mqttUrl(agent)
          return await mqttCarrier({ url, device: 'network-server', window: 500 })
        }),
      )
      const trace = lorawanTrace(file, { topic: 'helium/{dev_eui}/up', rule: 'helium' })
      const summary = await replayTrace({ trace, carriers, times: 2, quiet: true })
      expect(summary.published).toBe(2 * Number(UPLINKS))
      expect(summary.expected).toEqual({
        events: Number(UPLINKS),
        malformed: 0,
        quantities: { 'lorawan.uplinks': String(UPLINKS), 'lorawan.data_credits': String(DATA_CREDITS) },
      })
      await stack.drained()
      for (const month of MONTHS) await stack.closePeriod(month)

      const lines = (await stack.invoices()).flatMap(({ invoice }) =>
        invoice.sections.flatMap((section) => section.lines),
      )
      const total = (meter: string, field: 'quantity' | 'amountMicros'): bigint =>
        lines.filter((line) => line.meter === meter).reduce((sum, line) => sum + BigInt(line[field]), 0n)
      expect(total('lorawan.uplinks', 'quantity')).toBe(UPLINKS)
      expect(total('lorawan.data_credits', 'quantity')).toBe(DATA_CREDITS)
      expect(total('lorawan.data_credits', 'amountMicros')).toBe(DATA_CREDITS * CREDIT_MICROS)
      expect(await stack.verify()).toEqual([])
    },
    120_000,
  )
})
