import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync, type IClientOptions } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BridgeJson } from '@meterline/agent/control/serve-commands.ts'
import { createAuthority, issueCertificate, writeCertificate } from '../pki/certificates.ts'
import { freePort } from '../scenarios/free-port.ts'
import { Mosquitto, mosquittoMissing } from '../scenarios/mosquitto.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const TENANT = `
tenant: bridged
currency: EUR
operator: { id: bridged, name: Bridged }
meters:
  - { id: data.bytes, unit: byte }
  - { id: ai.input_tokens, unit: token }
  - { id: ai.output_tokens, unit: token }
  - { id: water.litres, unit: litre }
prices:
  - { id: data, meter: data.bytes, model: per-unit, amount: "1", per: 1000 }
  - { id: input, meter: ai.input_tokens, model: per-unit, amount: "2", per: 1000 }
  - { id: output, meter: ai.output_tokens, model: per-unit, amount: "3", per: 1000 }
  - { id: water, meter: water.litres, model: per-unit, amount: "4", per: 1000 }
offerings: [{ id: all, name: All, prices: [data, input, output, water] }]
accounts: [{ id: customer, kind: customer, parent: bridged, name: Customer, payer: self }]
subscriptions: [{ id: customer-all, account: customer, offering: all, from: 2025-01-01, subjects: [pump-7, llm-1] }]
`

const RULE = {
  name: 'pumps',
  id: ['topic/1', '/n'],
  subject: 'topic/1',
  time: '/at',
  meters: [{ meter: 'water.litres', quantity: { at: '/m3', scale: 1000 } }],
}
const TIME = '2025-03-01T00:00:00Z'

const usage = JSON.stringify({ id: 'u-1', time: TIME, subject: 'pump-7', meter: 'data.bytes', quantity: 1500 })
const water = JSON.stringify({ n: 41, at: TIME, m3: '0.25' })
const attributes = { 'gen_ai.usage.input_tokens': 700, 'gen_ai.usage.output_tokens': 30 }
const call = JSON.stringify({ id: 'c-1', time: TIME, subject: 'llm-1', ...attributes })

describe.skipIf(mosquittoMissing)('a bridge to a real broker, from its topics to the invoice', () => {
  let folder = ''
  let broker: Mosquitto
  let stack: Stack
  let tls: { ca: string; cert: string; key: string }
  let client: IClientOptions
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterline-bridge-'))
    const authority = await createAuthority('Bridge test authority')
    const ca = join(folder, 'ca.crt')
    writeFileSync(ca, authority.certificatePem)
    const files = async (commonName: string): Promise<{ ca: string; cert: string; key: string }> => {
      const names = commonName === 'broker' ? { serverNames: ['broker.test'] } : {}
      const issued = await issueCertificate(authority, { commonName, organisation: 'bridged', ...names })
      return { ca, ...writeCertificate(join(folder, 'pki'), commonName, issued) }
    }
    tls = await files('agent')
    const users = { reader: 'reader-password', pump: 'pump-password' }
    const settings = ['acl_file ' + join(folder, 'acl')]
    writeFileSync(join(folder, 'acl'), 'user pump\ntopic write #\n\nuser reader\ntopic read plant/#\ntopic read ai/#\n')
    const port = await freePort()
    broker = await Mosquitto.started({
      folder: join(folder, 'broker'),
      port,
      tls: await files('broker'),
      users,
      settings,
    })
    const publisher = await issueCertificate(authority, { commonName: 'pump', organisation: 'bridged' })
    client = {
      ca: [authority.certificatePem],
      cert: publisher.certificatePem,
      key: publisher.keyPem,
      servername: 'broker.test',
      username: 'pump',
      password: users.pump,
    }
    writeFileSync(join(folder, 'reader'), users.reader)
    const bridge = (name: string, protocolVersion: 4 | 5): object => ({
      name,
      url: broker.url,
      protocolVersion,
      username: 'reader',
      passwordFile: join(folder, 'reader'),
      tls: { ...tls, serverName: 'broker.test' },
      subscriptions: [
        { topic: 'plant/+/usage', kind: 'usage' },
        { topic: 'ai/#', kind: 'ai' },
        { topic: 'plant/+/water', rule: 'pumps' },
      ],
    })
    const agentSettings = { mappings: [RULE], bridges: [bridge('new', 5), bridge('old', 4)] }
    stack = await startStack({ folder, tenant: 'bridged', agents: ['gw-1'], agentSettings })
    writeFileSync(join(folder, 'bridged.yaml'), stack.withAgents(TENANT))
    await stack.apply(join(folder, 'bridged.yaml'))
    await bridgesWhen(stack, (bridges) => bridges.every(({ state }) => state === 'open'))
  })
  afterAll(async () => {
    await stack.stop()
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('TLS, a password, several topics with their own rules, MQTT 5 and 3.1.1 (needs mosquitto)', async () => {
    await publishAll(broker.url, client, [
      ['plant/pump-7/usage', usage],
      ['plant/pump-7/water', water],
      ['ai/llm-1', call],
      ['plant/pump-7/usage', 'no usage at all'],
    ])
    await bridgesWhen(stack, (bridges) => bridges.every(({ acknowledged }) => acknowledged === 4))
    await stack.drained()
    for (const source of ['new', 'old']) {
      const ids = ['u-1', 'c-1', waterId]
      const became = await stack.dispositions(ids.map((id) => ({ source, id })))
      expect(became.map(({ kind }) => kind)).toEqual(['charged', 'charged', 'charged'])
    }
    const { suspense } = await stack.agentStatus(0)
    expect(suspense.byCode.map(({ code, rows }) => ({ code, rows }))).toEqual([{ code: 'payload_not_json', rows: 2 }])
    await stack.closePeriod('2025-03')
    const [invoice] = await stack.invoices()
    const lines = invoice?.invoice.sections.flatMap((section) => section.lines) ?? []
    expect(Object.fromEntries(lines.map(({ meter, quantity }) => [meter, quantity]))).toEqual({
      'data.bytes': '3000',
      'ai.input_tokens': '1400',
      'ai.output_tokens': '60',
      'water.litres': '500',
    })
    expect(await stack.verify()).toEqual([])
  }, 60_000)

  test('what a broker holds while the agent is away comes when it is back (needs mosquitto)', async () => {
    await stack.killAgent(0)
    const ids = Array.from({ length: 300 }, (_, number) => `away-${number}`)
    const event = { time: '2025-04-01T00:00:00Z', subject: 'pump-7', meter: 'data.bytes', quantity: 1 }
    await publishAll(
      broker.url,
      client,
      ids.map((id) => ['plant/pump-7/usage', JSON.stringify({ id, ...event })]),
    )
    await stack.startAgent(0)
    await bridgesWhen(stack, (bridges) => bridges.every(({ acknowledged }) => acknowledged === ids.length))
    await stack.drained()
    for (const source of ['new', 'old']) {
      const became = await stack.dispositions(ids.map((id) => ({ source, id })))
      expect(became.filter(({ kind }) => kind === 'charged')).toHaveLength(ids.length)
    }
  }, 60_000)
})

/** The composite id that the rule makes of topic and number. */
const waterId = 'pump-7/41'

async function publishAll(
  url: string,
  options: IClientOptions,
  messages: readonly (readonly [topic: string, payload: string])[],
): Promise<void> {
  const client = await connectAsync(url, options)
  await Promise.all(messages.map(async ([topic, payload]) => await client.publishAsync(topic, payload, { qos: 1 })))
  await client.endAsync()
}

async function bridgesWhen(stack: Stack, reached: (bridges: readonly BridgeJson[]) => boolean): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const { bridges } = await stack.agentStatus(0)
    if (reached(bridges)) return
    if (performance.now() > deadlineMs) throw new Error(`the bridges are not so far: ${JSON.stringify(bridges)}`)
    await pause(20)
  }
}
