import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  TestPrograms,
  type EndedProgram,
  type StartedProgram,
} from '@meterline/shared/command-line/testing/test-programs.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'

const program = fileURLToPath(new URL('../bin/meterline-agent.mjs', import.meta.url))
const aggregatorKey = generateSigningKey().publicKeyBase64
const programs = new TestPrograms()
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-cli-'))
})

afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function agent(args: readonly string[], input?: string): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args], input).ended
}

function writeConfig(extra = ''): string {
  const file = join(folder, 'agent.yaml')
  const lines = [
    'tenant: acme',
    'agent: gw-1',
    `dataDirectory: ${join(folder, 'data')}`,
    'mqtt: { listeners: [{ host: 127.0.0.1, port: 0 }], anonymous: loopback }',
    `uplink: { address: "localhost:1", aggregatorKey: "${aggregatorKey}" }`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n${extra}`)
  return file
}

interface Ready {
  readonly pid: number
  readonly mqtt: readonly { readonly port: number }[]
}

async function run(config: string, wrap: readonly string[] = []): Promise<StartedProgram & { readonly ready: Ready }> {
  const readyFile = join(folder, 'ready.json')
  const commandLine = [...wrap, process.execPath, program, 'run', '--config', config]
  const started = await programs.startUntilReady(commandLine, readyFile)
  return { ...started, ready: JSON.parse(readFileSync(readyFile, 'utf8')) as Ready }
}

describe('init', () => {
  test('makes a key of mode 0600 once, and prints its public part each time', async () => {
    const config = writeConfig()
    const first = await agent(['init', '--config', config, '--json'])
    expect(first.code).toBe(0)
    const { publicKey, keyFile, created } = JSON.parse(first.out) as {
      publicKey: string
      keyFile: string
      created: boolean
    }
    expect(created).toBe(true)
    expect(Buffer.from(publicKey, 'base64')).toHaveLength(32)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    const second = await agent(['init', '--config', config, '--json'])
    expect(JSON.parse(second.out)).toEqual({ ...(JSON.parse(first.out) as object), created: false })
  })
})

describe('a running agent', () => {
  test('tells where it listens, answers status and suspense, and ends cleanly', async () => {
    const config = writeConfig()
    await agent(['init', '--config', config])
    const { child, ended, ready } = await run(config)
    const device = await connectAsync(`mqtt://127.0.0.1:${ready.mqtt[0]?.port}`, { clientId: 'dev-1' })
    await device.publishAsync('meter/v1/dev-1/usage', '{"id":"e1","meter":"data.bytes","quantity":5}', { qos: 1 })
    await device.publishAsync('meter/v1/dev-1/usage', '{"id":"e2","meter":"data.bytes","quantity":0.5}', { qos: 1 })
    await device.endAsync()

    const status = await agent(['status', '--config', config, '--json'])
    expect(JSON.parse(status.out)).toMatchObject({
      pid: ready.pid,
      agent: 'gw-1',
      mqtt: [{ port: ready.mqtt[0]?.port }],
      counters: { deliveries: 2, events: 1, suspended: 1 },
      suspense: { rows: 1, byCode: [{ code: 'quantity_not_integer', rows: 1, times: 1 }] },
    })
    expect((await agent(['status', '--config', config])).out).toContain('2 deliveries, 1 event')
    const suspense = await agent(['suspense', 'list', '--config', config, '--json'])
    expect(JSON.parse(suspense.out)).toMatchObject([{ device: 'dev-1', eventId: 'e2', code: 'quantity_not_integer' }])
    expect((await agent(['suspense', 'list', '--config', config, '--device', 'dev-9'])).out).toBe(
      'Nothing is in suspense.\n',
    )

    const shown = await agent(['suspense', 'show', '1', '--config', config])
    expect(shown.out).toContain('"quantity":0.5')
    const replayed = await agent(['suspense', 'replay', '--all', '--json', '--config', config])
    expect(JSON.parse(replayed.out)).toMatchObject({ entries: 1, replayed: 0, stay: 1 })
    const nameless = await agent(['suspense', 'discard', '1', '--reason', 'a bench device', '--config', config])
    expect(nameless.code).toBe(2)
    const decided = ['--reason', 'a bench device', '--by', 'Ada']
    const discarded = await agent(['suspense', 'discard', '1', ...decided, '--config', config])
    expect(discarded).toMatchObject({ code: 0, out: '1: discarded\n' })
    expect((await agent(['suspense', 'discard', '1', ...decided, '--config', config])).code).toBe(6)
    const closed = await agent(['suspense', 'list', '--closed', '--config', config])
    expect(closed.out).toContain('discarded by Ada: a bench device')

    const second = await agent(['run', '--config', config])
    expect(second.code).toBe(4)
    expect(second.out).toContain('journal_in_use')

    child.kill('SIGTERM')
    const end = await ended
    expect(end.code).toBe(0)
    expect(end.err).toBe('')
    for (const line of end.out.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event')
  })

  test('stops for good when the disk fails it, and never acknowledges what it could not store', async () => {
    const config = writeConfig()
    await agent(['init', '--config', config])
    // Writes above this size fail with an error that is not a full disk; the signal for it is ignored.
    const limited = ['/bin/sh', '-c', `trap '' XFSZ; ulimit -f 600; exec "$@"`, 'sh']
    const { ended, ready } = await run(config, limited)
    const device = await connectAsync(`mqtt://127.0.0.1:${ready.mqtt[0]?.port}`, {
      clientId: 'dev-1',
      reconnectPeriod: 0,
    })
    device.on('error', () => undefined)
    let acknowledged = 0
    for (let number = 0; number < 3000 && device.connected; number++) {
      const event = { id: `e${number}-${'x'.repeat(90)}`, meter: 'data.bytes', quantity: 1 }
      device.publish('meter/v1/dev-1/usage', JSON.stringify(event), { qos: 1 }, (error) => {
        if (error === undefined || error === null) acknowledged += 1
      })
      if (number % 20 === 0) await pause(2)
    }
    const end = await ended
    await device.endAsync(true)
    expect(end.code).toBe(7)
    expect(end.out).toContain('journal_failed')
    expect(acknowledged).toBeGreaterThan(0)

    const again = await run(config)
    const status = await agent(['status', '--config', config, '--json'])
    const { counters } = JSON.parse(status.out) as { counters: { events: number } }
    expect(counters.events).toBeGreaterThanOrEqual(acknowledged)
    again.child.kill('SIGINT')
    expect((await again.ended).code).toBe(0)
  })
})

describe('what it says when something is wrong', () => {
  test.each([
    ['no agent runs', ['status'], '', 5, 'control_unreachable'],
    ['the key is missing', ['run'], '', 4, 'signing_key_missing'],
    ['a key of the config is mistyped', ['config', 'check'], 'seel: { lingerMs: 5 }\n', 3, 'did you mean seal?'],
    ['a value is out of range', ['run'], 'seal: { lingerMs: 0 }\n', 3, 'seal.lingerMs'],
    ['an option is unknown', ['status', '--verbose'], '', 2, 'unknown option'],
  ])('%s', async (_name, args, extra, code, text) => {
    const ended = await agent([...args, '--config', writeConfig(extra)])
    expect(ended.code).toBe(code)
    expect(ended.err + ended.out).toContain(text)
  })

  test('an uplink without certificates leads to this machine only', async () => {
    const config = writeConfig()
    await agent(['init', '--config', config])
    const ended = await agent(['run', '--config', config, '--uplink-address', 'aggregator.example:7443'])
    expect(ended.code).toBe(4)
    expect(ended.out).toContain('uplink_plaintext_refused')
  })

  test('faults are JSON when JSON was asked for', async () => {
    const ended = await agent(['status', '--json', '--config', writeConfig()])
    expect(JSON.parse(ended.err)).toMatchObject({ fault: { code: 'control_unreachable' } })
    expect(ended.out).toBe('')
  })
})

describe('smaller commands', () => {
  test('device hash reads the secret from standard input', async () => {
    const { code, out } = await agent(['device', 'hash', '--json'], 'hunter2\n')
    expect(code).toBe(0)
    const { secretHash } = JSON.parse(out) as { secretHash: string }
    expect(secretHash).toMatch(/^scrypt\$/)
    const config = writeConfig()
    const devices = join(folder, 'devices.yaml')
    writeFileSync(devices, `- { id: dev-1, secretHash: "${secretHash}" }\n`)
    expect((await agent(['config', 'check', '--config', config, '--mqtt-devices-file', devices])).code).toBe(0)
    expect((await agent(['device', 'hash'], '')).code).toBe(2)
  })

  test('version, help and the reference of the configuration', async () => {
    expect(JSON.parse((await agent(['version', '--json'])).out)).toMatchObject({
      protocolVersion: 1,
      ratingVersion: 'm2',
    })
    const help = await agent(['--help'])
    expect(help.code).toBe(0)
    for (const name of ['run', 'init', 'status', 'suspense', 'device', 'config', 'version'])
      expect(help.out).toContain(name)
    expect((await agent(['config', 'reference'])).out).toContain('METERLINE_AGENT__SEAL__LINGER_MS')
    expect((await agent(['run', '--help'])).out).toContain('--seal-linger-ms')
  })
})
