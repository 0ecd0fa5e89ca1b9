import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from './processes.ts'

const program = fileURLToPath(new URL('../bin/meterline-sim.mjs', import.meta.url))
const payload = JSON.stringify({ box: 'b-17', boot: 3, channels: [{ no: 1, seq: 4711, kwh: 1.25, at: 1_793_872_800 }] })
const rule = `
mappings:
  - name: boxes
    topics: ['boxes/+/readings']
    records: /channels
    id: [topic/1, $/boot, /seq]
    subject: $/box
    time: /at
    timeUnit: s
    meters:
      - meter: energy.wh
        quantity: { at: /kwh, unit: { from: kWh, to: Wh } }
`

interface Bench {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  output(): string
}

let folder = ''
const running: Bench[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-workbench-'))
})

afterAll(async () => {
  for (const bench of running) {
    bench.child.kill('SIGINT')
    await bench.ended
  }
  rmSync(folder, { recursive: true, force: true })
})

function start(): Bench {
  const child = spawn(process.execPath, [program, 'workbench', '--folder', join(folder, 'bench')], { cwd: folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const bench = { child, ended, output: () => output }
  running.push(bench)
  return bench
}

/** Resolves when the workbench has said what can be done with it. Rejects with what it said when it ends before. */
async function ready(bench: Bench): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = (): void => (bench.output().includes('Ctrl-C stops both') ? resolve() : undefined)
    bench.child.stdout?.on('data', look)
    bench.ended.then(() => reject(new Error(bench.output())), reject)
    look()
  })
}

async function agentStatus(): Promise<{ counters: object; suspense: { rows: number } }> {
  const { stdout } = await runCommand('agent', ['status', '--json', '--config', join(folder, 'bench/gw-1.yaml')])
  return JSON.parse(stdout) as { counters: object; suspense: { rows: number } }
}

describe('the workbench', () => {
  test('tells lines that work, and what is published over both doors and by any client is one usage', async () => {
    const first = start()
    await ready(first)
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    appendFileSync(join(folder, 'bench/gw-1.yaml'), rule)
    const bench = start()
    await ready(bench)
    const shown = bench.output()
    const posts = [...shown.matchAll(/(?:-d '([^']*)'|--data-binary @sample\.json) '(http:[^']*)'/g)]
    const port = /mosquitto_pub -q 1 -p (\d+) -t boxes\/device-1\/readings -f sample\.json/.exec(shown)?.[1]
    expect(posts).toHaveLength(2)
    for (const [, body = payload, url = ''] of posts) {
      const headers = { 'content-type': 'application/json' }
      expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(204)
    }
    for (const clientId of ['one', 'another']) {
      const device = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, protocolVersion: 4 })
      await device.publishAsync('boxes/device-1/readings', payload, { qos: 1 })
      const plain = /-m '([^']*)'/.exec(shown)?.[1] ?? ''
      await device.publishAsync('meter/v1/device-1/usage', plain, { qos: 1 })
      await device.endAsync()
    }
    expect(await agentStatus()).toMatchObject({ counters: { events: 2, duplicates: 4 }, suspense: { rows: 0 } })
  })

  test('is not started twice on one folder, and says so at once', async () => {
    const second = start()
    expect(await second.ended).toBe(1)
    expect(second.output()).toMatch(/aggregator ended with exit code \d+ before it was ready \(data_in_use\)/)
    expect(second.output()).toContain('Another workbench runs in bench')
  })

  test('says which file names a port that somebody else has taken', async () => {
    const bench = running.at(-2)
    bench?.child.kill('SIGINT')
    await bench?.ended
    const file = join(folder, 'bench/gw-1.yaml')
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const taken = typeof address === 'object' ? address?.port : 0
    const written = readFileSync(file, 'utf8')
    writeFileSync(file, written.replace(/(mqtt:\s+listeners:\s+- host: \S+\s+port: )\d+/, `$1${taken}`))
    const failing = start()
    expect(await failing.ended).toBe(1)
    expect(failing.output()).toMatch(/gw-1 ended with exit code 4 before it was ready \(mqtt_listen_failed\)/)
    expect(failing.output()).toContain('Change the port under mqtt: listeners: in bench/gw-1.yaml')
    other.close()
  })
})
