import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Disposition } from '@meterline/aggregator/flow/commands.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const missing = spawnSync('mosquitto_pub', ['--help']).error !== undefined

const good = '{"id":"m-1","time":"2025-03-01T00:00:00Z","meter":"data.bytes","quantity":1500}'

const TENANT = `
tenant: plain
currency: EUR
operator: { id: plain, name: Plain }
meters: [{ id: data.bytes, unit: byte }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1", per: 1000 }]
offerings: [{ id: data, name: Data, prices: [data] }]
accounts: [{ id: customer, kind: customer, parent: plain, name: Customer, payer: self }]
subscriptions: [{ id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [dev-1] }]
`

describe('Mosquitto clients, as they are', () => {
  let folder = ''
  let stack: Stack
  beforeAll(async () => {
    if (missing) return
    folder = mkdtempSync(join(tmpdir(), 'meterline-mosquitto-'))
    stack = await startStack({ folder, tenant: 'plain', agents: ['gw-1'] })
    writeFileSync(join(folder, 'plain.yaml'), stack.withAgents(TENANT))
    await stack.apply(join(folder, 'plain.yaml'))
  })
  afterAll(async () => {
    if (missing) return
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.skipIf(missing)(
    'publish, subscribe and hear of rejects (needs mosquitto_pub and mosquitto_sub)',
    async () => {
      const port = new URL(stack.mqttUrl(0)).port
      const usage = subscriber(port, 'meter/v1/+/usage')
      const rejects = subscriber(port, 'meter/v1/dev-1/reject')
      // A subscription is live some time after its process was started: messages are repeated until the first is heard.
      const heard = await untilHeard(usage, () => publish(port, good))
      expect(heard).toBe(good)
      const reject = await untilHeard(rejects, () => publish(port, '{"id":"m-2","meter":"data.bytes","quantity":-1}'))
      expect(JSON.parse(reject)).toMatchObject({ code: 'quantity_negative', id: 'm-2' })
      usage.stop()
      rejects.stop()
      await stack.drained()
      const charged: Disposition[] = await stack.dispositions([{ source: 'dev-1', id: 'm-1' }])
      expect(charged[0]).toMatchObject({ kind: 'charged', amountMicros: '1500000' })
    },
    60_000,
  )
})

function publish(port: string, payload: string): number | null {
  const args = ['-h', '127.0.0.1', '-p', port, '-q', '1', '-t', 'meter/v1/dev-1/usage', '-m', payload]
  return spawnSync('mosquitto_pub', args, { timeout: 10_000 }).status
}

interface Subscriber {
  readonly lines: string[]
  /** Resolves at the next line, or after the given time. */
  lineWithin(milliseconds: number): Promise<void>
  stop(): void
}

function subscriber(port: string, topic: string): Subscriber {
  const child = spawn('mosquitto_sub', ['-h', '127.0.0.1', '-p', port, '-q', '1', '-t', topic])
  const lines: string[] = []
  let wake: () => void = () => undefined
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const lineWithin = async (milliseconds: number): Promise<void> =>
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  return { lines, lineWithin, stop: () => void child.kill() }
}

async function untilHeard(listener: Subscriber, send: () => number | null): Promise<string> {
  const deadlineMs = performance.now() + 20_000
  while (performance.now() < deadlineMs) {
    expect(send()).toBe(0)
    if (listener.lines.length === 0) await listener.lineWithin(250)
    const line = listener.lines.shift()
    if (line !== undefined) return line
  }
  throw new Error('mosquitto_sub heard nothing in 20 s')
}
