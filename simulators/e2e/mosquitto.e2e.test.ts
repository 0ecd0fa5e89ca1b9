import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Disposition } from '@meterline/aggregator/flow/commands.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'

const missing = spawnSync('mosquitto_pub', ['--help']).error !== undefined

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
      const usage = await subscriber(port, 'meter/v1/+/usage')
      const rejects = await subscriber(port, 'meter/v1/dev-1/reject')
      const good = '{"id":"m-1","time":"2025-03-01T00:00:00Z","meter":"data.bytes","quantity":1500}'
      expect(publish(port, good)).toBe(0)
      expect(publish(port, '{"id":"m-2","meter":"data.bytes","quantity":-1}')).toBe(0)
      expect(await usage.line()).toBe(good)
      expect(JSON.parse(await rejects.line())).toMatchObject({ code: 'quantity_negative', id: 'm-2' })
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

/** A running mosquitto_sub that has its subscription; its lines are read in order. */
async function subscriber(port: string, topic: string): Promise<{ line(): Promise<string>; stop(): void }> {
  const child = spawn('mosquitto_sub', ['-h', '127.0.0.1', '-p', port, '-q', '1', '-d', '-t', topic])
  const lines: string[] = []
  let wake: () => void = () => undefined
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const next = async (wanted: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const line = lines.shift()
      if (line === undefined) {
        await arrival(child, (run) => {
          wake = run
        })
      } else if (wanted(line)) return line
    }
  }
  await next((line) => line.startsWith('Subscribed'))
  return { line: async () => await next((line) => line.startsWith('{')), stop: () => void child.kill() }
}

async function arrival(child: ChildProcess, listen: (run: () => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    listen(resolve)
    child.once('exit', () => reject(new Error('mosquitto_sub ended')))
  })
}
