import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../scenarios/free-port.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { mqttCarrier } from '../traces/carrier.ts'
import { HttpCarrier } from '../traces/http-carrier.ts'
import { lorawanTrace } from '../traces/lorawan.ts'
import { mooncakeTrace } from '../traces/mooncake.ts'
import { replayTrace, type ReplaySummary } from '../traces/replay.ts'
import type { Trace } from '../traces/trace-row.ts'

const DEVICE = 'site-1'
const CALLS = 700
const UPLINKS = 900
const TENANT = `
tenant: site
currency: EUR
operator: { id: site, name: Site }
meters:
  - { id: ai.input_tokens, unit: token }
  - { id: ai.cached_input_tokens, unit: token }
  - { id: ai.output_tokens, unit: token }
  - { id: lorawan.uplinks, unit: uplink }
  - { id: lorawan.data_credits, unit: credit }
prices:
  - { id: input, meter: ai.input_tokens, model: per-unit, amount: '0.001', per: 1000 }
  - { id: cached, meter: ai.cached_input_tokens, model: per-unit, amount: '0.001', per: 1000 }
  - { id: output, meter: ai.output_tokens, model: per-unit, amount: '0.001', per: 1000 }
  - { id: uplink, meter: lorawan.uplinks, model: per-unit, amount: '0.001', per: 1000 }
  - { id: credit, meter: lorawan.data_credits, model: per-unit, amount: '0.001', per: 1000 }
offerings:
  - { id: everything, name: Everything, prices: [input, cached, output, uplink, credit] }
accounts:
  - { id: customer, kind: customer, parent: site, name: Customer, payer: self }
subscriptions:
  - { id: all, account: customer, offering: everything, from: 2025-01-01, subjects: [${DEVICE}, '0011223344556677'] }
`

/** Calls like those of the Mooncake trace: conversations that grow, so that their beginnings come again. */
function conversations(): string {
  const lines = Array.from({ length: CALLS }, (_, call) => {
    const [conversation, turn] = [call % 23, Math.floor(call / 23)]
    const hash_ids = Array.from({ length: turn + 2 }, (_each, block) => conversation * 1000 + block)
    const input_length = hash_ids.length * 512 - (call % 500)
    return JSON.stringify({ timestamp: call * 40, input_length, output_length: call % 97, hash_ids })
  })
  return lines.join('\n')
}

/** Uplinks like those of the LoRaWAN trace: the counter begins again now and then, and some rows are there twice. */
function uplinks(): string {
  const lines = Array.from({ length: UPLINKS }, (_, index) => {
    const uplink = index % 100 === 99 ? index - 1 : index
    return JSON.stringify({
      dev_eui: '0011223344556677',
      devaddr: '0A000048',
      fcnt: uplink % 250,
      port: 2,
      payload_size: uplink % 60,
      reported_at: Date.UTC(2025, 1, 26) + uplink * 1000,
    })
  })
  // A row that the rule cannot read is kept in suspense by both doors, and holds nothing up.
  return [...lines, '{"dev_eui":"0011223344556677","fcnt":1}'].join('\n')
}

describe('replays through the HTTP door of one gateway and the MQTT door of another', () => {
  let folder = ''
  let stack: Stack
  let httpUrl = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterline-replay-'))
    const port = await freePort()
    httpUrl = `http://127.0.0.1:${port}`
    const mappings = [{ name: 'helium', profile: 'helium-v1', topics: ['helium/+/up'] }]
    stack = await startStack({
      folder,
      tenant: 'site',
      agents: ['gw-1', 'gw-2'],
      httpPorts: [port, await freePort()],
      agentSettings: { mappings },
    })
    const tenantFile = join(folder, 'site.yaml')
    writeFileSync(tenantFile, stack.withAgents(TENANT))
    await stack.apply(tenantFile)
  })
  afterAll(async () => {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('twice over and interleaved, everything is billed once', async () => {
    const replay = async (trace: Trace): Promise<ReplaySummary> =>
      await replayTrace({
        trace,
        carriers: [
          new HttpCarrier({ url: httpUrl, path: trace.httpPath, source: DEVICE }),
          await mqttCarrier({ url: stack.mqttUrl(1), device: DEVICE, window: 500 }),
        ],
        times: 2,
        quiet: true,
      })
    const callsFile = join(folder, 'calls.jsonl')
    writeFileSync(callsFile, conversations())
    const how = { device: DEVICE, model: 'kimi', idPrefix: 'calls', prefix: 'meter/v1', startMs: Date.UTC(2025, 1, 25) }
    const calls = await replay(mooncakeTrace(callsFile, how))
    const uplinksFile = join(folder, 'uplinks.ndjson.gz')
    writeFileSync(uplinksFile, gzipSync(uplinks()))
    const frames = await replay(lorawanTrace(uplinksFile, { topic: 'helium/{dev_eui}/up', rule: 'helium' }))
    expect([calls.published, calls.expected.events]).toEqual([2 * CALLS, CALLS])
    expect(frames).toMatchObject({
      published: 2 * (UPLINKS + 1),
      expected: { events: UPLINKS - UPLINKS / 100, malformed: 1 },
    })
    expect(calls.expected.quantities['ai.cached_input_tokens']).toMatch(/^[1-9]\d{5,}$/)

    await stack.drained()
    await stack.closePeriod('2025-02')
    const lines = (await stack.invoices()).flatMap(({ invoice }) =>
      invoice.sections.flatMap((section) => section.lines),
    )
    expect(Object.fromEntries(lines.map(({ meter, quantity }) => [meter, quantity]))).toEqual({
      ...calls.expected.quantities,
      ...frames.expected.quantities,
    })
    expect(await stack.verify()).toEqual([])
    const kept = await Promise.all([0, 1].map(async (agent) => (await stack.agentStatus(agent)).suspense.rows))
    expect(kept).toEqual([1, 1])
  }, 120_000)
})
