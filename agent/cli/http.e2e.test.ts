import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { encode } from 'cbor-x'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { StatusJson } from '../control/serve-commands.ts'

const program = fileURLToPath(new URL('../bin/meterline-agent.mjs', import.meta.url))
let folder = ''
let config = ''
let token = ''
let url = ''
let mqttUrl = ''
let running: ChildProcess | null = null

interface Ready {
  readonly http: readonly { readonly port: number }[]
  readonly mqtt: readonly { readonly port: number }[]
}

async function agent(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${out}`)
  return out
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-http-'))
  config = join(folder, 'agent.yaml')
  const made = JSON.parse(await agent('token', 'new', '--source', 'shop', '--json')) as {
    token: string
    tokenHash: string
  }
  token = made.token
  const lines = [
    'tenant: acme',
    'agent: gw-1',
    `dataDirectory: ${join(folder, 'data')}`,
    'mqtt: { listeners: [{ host: 127.0.0.1, port: 0 }], anonymous: loopback }',
    'http:',
    '  listeners: [{ host: 127.0.0.1, port: 0 }]',
    `  sources: [{ source: shop, tokenHash: "${made.tokenHash}" }]`,
    'mappings:',
    '  - name: boxes',
    '    topics: ["plant/+/boxes"]',
    '    id: /serial',
    '    subject: [topic/1, device]',
    '    meters: [{ meter: plant.boxes, quantity: { at: /count, ceilingDivide: 12 } }]',
    `uplink: { address: "localhost:1", aggregatorKey: "${generateSigningKey().publicKeyBase64}" }`,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  await agent('init', '--config', config)
  const readyFile = join(folder, 'ready.json')
  running = spawn(process.execPath, [program, 'run', '--config', config, '--ready-file', readyFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; tries < 600 && !existsSync(readyFile); tries++) await pause(50)
  const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as Ready
  mqttUrl = `mqtt://127.0.0.1:${ready.mqtt[0]?.port}`
  url = `http://127.0.0.1:${ready.http[0]?.port}`
})

afterAll(() => {
  running?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly body: {
    readonly stored?: number
    readonly rejected?: readonly { readonly index: number; readonly id: string | null; readonly code: string }[]
    readonly rejectedEvents?: number
    readonly code?: string
  } | null
}

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as Answer['body']) }
}

async function status(): Promise<StatusJson> {
  return JSON.parse(await agent('status', '--config', config, '--json')) as StatusJson
}

/** What the journal counted between two looks. */
async function counted(work: () => Promise<void>): Promise<Partial<StatusJson['counters']>> {
  const before = (await status()).counters
  await work()
  const after = (await status()).counters
  const { deliveries, events, duplicates, suspended } = after
  return {
    deliveries: deliveries - before.deliveries,
    events: events - before.events,
    duplicates: duplicates - before.duplicates,
    suspended: suspended - before.suspended,
  }
}

const ndjson = { 'content-type': 'application/x-ndjson' }
const event = (id: string, quantity: unknown = 1): object => ({ id, meter: 'data.bytes', quantity })

describe('usage over HTTP', () => {
  test('is stored once, however often it is sent', async () => {
    const body = JSON.stringify([event('a-1'), event('a-2')])
    const counts = await counted(async () => {
      expect(await post('/v1/events', body)).toEqual({ status: 204, body: null })
      expect(await post('/v1/events', body)).toEqual({ status: 204, body: null })
    })
    expect(counts).toEqual({ deliveries: 2, events: 2, duplicates: 2, suspended: 0 })
  })

  test('is told part by part where some of it cannot be used', async () => {
    const counts = await counted(async () => {
      const mixed = JSON.stringify([event('b-1'), event('b-2', -1), event('b-3'), { id: 'b-4' }])
      const answer = await post('/v1/events', mixed)
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({
        stored: 2,
        rejected: [
          { index: 1, id: 'b-2', code: 'quantity_negative' },
          { index: 3, id: 'b-4' },
        ],
      })
      expect(await post('/v1/events', 'no json')).toMatchObject({
        status: 400,
        body: { code: 'nothing_accepted', rejected: [{ index: 0, code: 'payload_not_json' }] },
      })
      // The same id with other content is refused where it stands in the body.
      const conflict = await post('/v1/events', JSON.stringify([event('b-9', -1), event('b-1', 7)]))
      expect(conflict.body).toMatchObject({ stored: 0, rejected: [{ index: 0 }, { index: 1, code: 'event_conflict' }] })
    })
    expect(counts).toMatchObject({ events: 2, suspended: 5 })
  })

  test('has exact counts, also where more is rejected than is told one by one', async () => {
    const events = Array.from({ length: 3000 }, (_, index) => event(`c-${index}`, index % 2 === 0 ? 1 : -1))
    const { status, body } = await post('/v1/events', events.map((one) => JSON.stringify(one)).join('\n'), ndjson)
    expect(status).toBe(200)
    expect(body?.stored).toBe(1500)
    expect(body?.rejectedEvents ?? body?.rejected?.length).toBe(1500)
    for (const { index, id } of body?.rejected ?? []) expect(id).toBe(`c-${index}`)
  })

  test('without ids is stored once under an Idempotency-Key, also when the body had to be cut', async () => {
    const lines = Array.from({ length: 2500 }, (_, index) => JSON.stringify({ meter: 'data.bytes', quantity: index }))
    lines[7] = '{"meter":"data.bytes","quantity":-1}'
    const counts = await counted(async () => {
      for (const key of ['k-1', 'k-1', 'k-2']) {
        const { status, body } = await post('/v1/events', lines.join('\n'), { ...ndjson, 'idempotency-key': key })
        expect([status, body?.stored]).toEqual([200, 2499])
      }
    })
    expect(counts).toMatchObject({ events: 2 * 2499, duplicates: 2499 })
  })

  test('may be CBOR, CloudEvents, AI calls, and longer than one delivery', async () => {
    const cloudEvent = (id: string): object => ({
      specversion: '1.0',
      id,
      source: '/shop',
      type: 'sale',
      data: { ...event(id), note: 'x'.repeat(900) },
    })
    const batch = JSON.stringify(Array.from({ length: 300 }, (_, index) => cloudEvent(`e-${index}`)))
    expect(batch.length).toBeGreaterThan(4 * 65_536)
    const counts = await counted(async () => {
      const cbor = encode([event('d-1'), event('d-2')])
      expect(await post('/v1/events', cbor, { 'content-type': 'application/cbor' })).toMatchObject({ status: 204 })
      const batchType = { 'content-type': 'application/cloudevents-batch+json' }
      expect(await post('/v1/events', batch, batchType)).toMatchObject({ status: 204 })
      const call = { id: 'call-1', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 3 }
      expect(await post('/v1/ai', JSON.stringify(call))).toMatchObject({ status: 204 })
    })
    expect(counts).toMatchObject({ events: 303, suspended: 0 })
  })

  test('is read by a mapping rule, posted or published to its topic', async () => {
    const counts = await counted(async () => {
      const boxes = [
        { serial: 'box-1', count: 25 },
        { serial: 'box-2', count: 'many' },
      ]
      expect(await post('/v1/events?rule=boxes', JSON.stringify(boxes))).toMatchObject({
        status: 200,
        body: { stored: 1, rejected: [{ index: 1 }] },
      })
      const device = await connectAsync(mqttUrl, { clientId: 'press-1', protocolVersion: 4 })
      await device.publishAsync('plant/line-7/boxes', JSON.stringify(boxes[0]), { qos: 1 })
      await device.publishAsync('plant/line-7/boxes', JSON.stringify(boxes[0]), { qos: 1 })
      await device.endAsync()
    })
    // The same serial number of another source is another event.
    expect(counts).toMatchObject({ deliveries: 3, events: 2, duplicates: 1, suspended: 1 })
  })

  test('shows in the status of the agent', async () => {
    const { http, httpDoor } = await status()
    expect(http).toEqual([{ host: '127.0.0.1', port: Number(url.split(':').at(-1)), tls: false }])
    expect(httpDoor).toMatchObject({ heldBytes: 0 })
    expect(httpDoor?.answers['204']).toBeGreaterThan(0)
    expect(await agent('status', '--config', config)).toContain('answered 200: ')
  })
})
