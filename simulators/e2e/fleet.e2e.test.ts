import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fleetMappings } from '../fleets/fleet-mappings.ts'
import { fleetTenantFile } from '../fleets/fleet-tenant.ts'
import { planFleet, type FleetPlan } from '../fleets/fleet-timeline.ts'
import { publishFleet } from '../fleets/publish-fleet.ts'
import { readFleetFile } from '../fleets/read-fleet-file.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const FLEET = `
fleet: crowd
seed: crowd
start: 2025-11-03T18:00:00Z
duration: 1h
groups:
  - name: trackers
    count: 1000
    device: trk-{n:4}
    subject: sim-{n:4}
    account: customer-{n/250}
    dialect: usage
    messagesPerHour: 6
    night: { from: 18, to: 19, factor: 0.5 }
    bursts: { perDay: 1, messages: 10, within: 1m }
    meters: { data.bytes: { from: 180, to: 1400 }, messages: 1 }
    roaming: { share: 0.02, repeat: 0.05 }
    failures: { drop: 0.02, malformed: 0.01, duplicate: 0.05, silent: 0.02 }
  - name: parking
    count: 60
    device: park-{n:3}
    account: customer-1
    dialect: cbor
    messagesPerHour: 10
    meters: { data.bytes: { oneOf: [24, 48] } }
    sequence: true
    failures: { wrongUnit: 0.05 }
  - name: meters
    count: 20
    device: emeter-{n}
    account: power
    dialect: usage
    messagesPerHour: 12
    meters:
      energy: { from: 0, to: 9000, kind: counter, firstReading: fromZero }
      since: { from: 0, to: 9000, kind: counter }
      peak: { from: 0, to: 9000, kind: maximum }
      active: { always: 1, kind: distinct }
      load: { from: 0, to: 9000, kind: gauge, reading: W, unit: Wh, longestGap: 10m }
    failures: { drop: 0.1, duplicate: 0.1, reset: 0.1 }
  - name: runs
    count: 10
    device: run-{n}
    account: power
    dialect: cloudevent
    messagesPerHour: 12
    resetId: true
    meters: { energy: { from: 0, to: 9000, kind: counter, firstReading: fromZero } }
    roaming: { share: 0.2, repeat: 0.1 }
    failures: { drop: 0.1, reset: 0.1 }
  - { name: sensors, count: 10, device: '70b3d57ed000{n:4}', account: lora, dialect: chirpstack, messagesPerHour: 12, meters: { lorawan.payload_bytes: { from: 0, to: 51 } }, roaming: { share: 0.2, repeat: 0.2 } }
  - { name: things, count: 10, device: '70B3D57ED001{n:4}', account: lora, dialect: the-things-stack, messagesPerHour: 12, meters: { lorawan.payload_bytes: { from: 0, to: 51 } }, failures: { duplicate: 0.2 } }
  - { name: helium, count: 10, device: '32333431007C{n:4}', account: lora, dialect: helium, messagesPerHour: 12, meters: { lorawan.payload_bytes: { from: 0, to: 51 } }, roaming: { share: 0.2, repeat: 0.2 } }
  - { name: presses, count: 10, device: 'press-{n}', account: factory, dialect: sparkplug-b, messagesPerHour: 12, meters: { strokes: { from: 0, to: 9 }, turns: { from: 0, to: 9, kind: counter } }, roaming: { share: 0.2, repeat: 0.2 }, failures: { malformed: 0.1, drop: 0.1 } }
  - { name: tanks, count: 10, device: 'tank-{n}', account: factory, dialect: telemetry-array, messagesPerHour: 12, meters: { litres: { from: 0, to: 9 }, doses: 2 }, failures: { malformed: 0.1, duplicate: 0.1 } }
  - { name: signs, count: 20, device: 'sign-{n}', account: customer-2, dialect: cloudevent, messagesPerHour: 10, meters: { messages: 2 } }
  - { name: otel, count: 4, device: 'otel-{n}', account: ai, dialect: otel, messagesPerHour: 60, meters: &classes { ai.input_tokens: { from: 0, to: 6000 }, ai.cached_input_tokens: { oneOf: [0, 1024] }, ai.output_tokens: { from: 0, to: 900 }, ai.reasoning_tokens: { oneOf: [0, 64] } } }
  - { name: chat, count: 4, device: 'chat-{n}', account: ai, dialect: openai-chat, messagesPerHour: 60, meters: *classes }
  - { name: responses, count: 4, device: 'resp-{n}', account: ai, dialect: openai-responses, messagesPerHour: 60, meters: *classes }
  - { name: gemini, count: 4, device: 'gem-{n}', account: ai, dialect: gemini, messagesPerHour: 60, meters: *classes }
  - { name: ollama, count: 4, device: 'oll-{n}', account: ai, dialect: ollama, messagesPerHour: 60, meters: { ai.input_tokens: { from: 1, to: 99 }, ai.output_tokens: 7 } }
  - { name: anthropic, count: 4, device: 'anth-{n}', account: ai, dialect: anthropic, messagesPerHour: 60, meters: { ai.input_tokens: { from: 1, to: 99 }, ai.cached_input_tokens: { oneOf: [0, 900] }, ai.cache_creation_tokens: { oneOf: [0, 300] }, ai.cache_creation_1h_tokens: { oneOf: [0, 100] }, ai.output_tokens: 7 } }
  - { name: bedrock, count: 4, device: 'bed-{n}', account: ai, dialect: bedrock, messagesPerHour: 60, meters: { ai.input_tokens: { from: 1, to: 99 }, ai.cached_input_tokens: { oneOf: [0, 900] }, ai.cache_creation_tokens: { oneOf: [0, 300] }, ai.output_tokens: 7 } }
`

function planned(): FleetPlan {
  const read = readFleetFile('crowd.yaml', FLEET)
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes))
  return planFleet(read.value, 0)
}

describe('a fleet of more than a thousand connections, through two gateways', () => {
  let folder = ''
  let stack: Stack
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterline-fleet-'))
    stack = await startStack({
      folder,
      tenant: 'crowd',
      agents: ['gw-1', 'gw-2'],
      agentSettings: { mappings: fleetMappings(planned()) },
    })
    const tenantFile = join(folder, 'crowd.yaml')
    writeFileSync(tenantFile, stack.withAgents(fleetTenantFile(planned())))
    await stack.apply(tenantFile)
  })
  afterAll(async () => {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('what its summary expects is what the invoices show', async () => {
    const summary = await publishFleet({
      plan: planned(),
      urls: [stack.mqttUrl(0), stack.mqttUrl(1)],
      passwords: {},
      speed: Number.POSITIVE_INFINITY,
      window: 2000,
      quiet: true,
    })
    expect(summary.connections).toBeGreaterThan(1100)
    // Every kind of fate comes about, or the comparison below would prove little.
    expect(Object.entries(summary.fates).filter(([, messages]) => messages === 0)).toEqual([])
    expect(summary.silentDevices).toBeGreaterThan(0)
    await stack.drained()
    await stack.closePeriod('2025-11')

    const invoiced = (await stack.invoices()).map(({ invoice }) => ({
      account: invoice.buyer.id,
      quantities: Object.fromEntries(
        invoice.sections.flatMap((section) => section.lines.map((line) => [line.meter, line.quantity])),
      ),
    }))
    invoiced.sort((one, other) => (one.account < other.account ? -1 : 1))
    expect(invoiced).toEqual(summary.accounts)
    expect(await stack.verify()).toEqual([])
    const suspended = (await Promise.all([0, 1].map(async (agent) => await stack.agentStatus(agent)))).reduce(
      (sum, status) => sum + status.suspense.rows,
      0,
    )
    expect(suspended).toBe(summary.fates.malformed + summary.fates['wrong-unit'])
  }, 120_000)
})
