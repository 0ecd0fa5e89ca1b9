import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  TestPrograms,
  type EndedProgram,
  type StartedProgram,
} from '@meterline/shared/command-line/testing/test-programs.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'

const program = fileURLToPath(new URL('../bin/meterline-agent.mjs', import.meta.url))
const aggregatorKey = generateSigningKey().publicKeyBase64
const programs = new TestPrograms()
let folder = ''

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-recover-'))
  await agent(['init', '--config', configOf(1)])
  const { child, port, ended } = await run(configOf(1))
  const device = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'dev-1' })
  for (const id of ['e1', 'e2', 'e3']) {
    await device.publishAsync('meter/v1/dev-1/usage', `{"id":"${id}","meter":"data.bytes","quantity":5}`, { qos: 1 })
  }
  await device.endAsync()
  child.kill('SIGTERM')
  await ended
})

afterEach(() => {
  programs.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function agent(args: readonly string[]): Promise<EndedProgram> {
  return await programs.start([process.execPath, program, ...args]).ended
}

async function run(config: string): Promise<StartedProgram & { readonly port: number }> {
  const readyFile = join(folder, 'ready.json')
  const started = await programs.startUntilReady([process.execPath, program, 'run', '--config', config], readyFile)
  const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as { readonly mqtt: readonly { readonly port: number }[] }
  return { ...started, port: ready.mqtt[0]?.port ?? 0 }
}

function configOf(epoch: number): string {
  const file = join(folder, `agent-${epoch}.yaml`)
  const lines = [
    'tenant: acme',
    'agent: gw-1',
    `epoch: ${epoch}`,
    `dataDirectory: ${join(folder, 'data')}`,
    'mqtt: { listeners: [{ host: 127.0.0.1, port: 0 }], anonymous: loopback }',
    'seal: { maxUnits: 1 }',
    `uplink: { address: "localhost:1", aggregatorKey: "${aggregatorKey}" }`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** The row of the first batch is not what was stored any more; its chunks are. */
function damage(): void {
  const db = openDatabase({ file: join(folder, 'data', 'journal.db') })
  const { changes } = db.prepare('UPDATE batch SET secret = zeroblob(32) WHERE seq = 1').run()
  db.close()
  expect(changes).toBe(1)
}

const unsent = (): unknown => {
  const db = openDatabase({ file: join(folder, 'data', 'journal.db') })
  const row = db
    .prepare(
      `SELECT (SELECT epoch FROM chain) AS epoch, (SELECT ifnull(sum(unit_count), 0) FROM chunk) +
         (SELECT ifnull(sum(unit_count), 0) FROM salvaged_chunk) AS units`,
    )
    .get()
  db.close()
  return row
}

test('a whole journal has nothing to find; a damaged one is not started, checked, and recovered by name', async () => {
  const whole = await agent(['journal', 'check', '--config', configOf(1)])
  expect(whole).toMatchObject({ code: 0, err: '' })
  expect(whole.out).toContain('3 events not sent')
  expect(whole.out).toContain('Nothing is wrong with it.')

  damage()
  const refused = await agent(['run', '--config', configOf(1)])
  expect(refused.code).toBe(4)
  expect(refused.out).toContain('journal_damaged')
  const checked = await agent(['journal', 'check', '--json', '--config', configOf(1)])
  expect(checked.code).toBe(9)
  expect(JSON.parse(checked.out)).toMatchObject({ epoch: 1, unsentUnits: 3 })

  const sameEpoch = await agent(['recover', '--by', 'Ada', '--config', configOf(1)])
  expect(sameEpoch.code).toBe(6)
  expect(sameEpoch.err).toContain('write "epoch: 2" at this agent in the tenant file')
  expect((await agent(['recover', '--config', configOf(2)])).code).toBe(2)
  const rehearsed = await agent(['recover', '--by', 'Ada', '--dry-run', '--config', configOf(2)])
  expect(rehearsed.out).toContain('Nothing was changed.')
  const recovered = await agent(['recover', '--by', 'Ada', '--config', configOf(2)])
  expect(recovered).toMatchObject({ code: 0, err: '' })
  expect(recovered.out).toContain('The journal goes on in epoch 2.')
  expect(unsent()).toEqual({ epoch: 2, units: 3 })

  const { child, ended } = await run(configOf(2))
  const meanwhile = await agent(['recover', '--by', 'Ada', '--config', configOf(3)])
  expect(meanwhile.code).toBe(6)
  expect(meanwhile.err).toContain('recover_in_use')
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})

test('with the next epoch in the configuration the agent recovers by itself when it starts', async () => {
  // A whole journal that still has something to send stays in its own epoch.
  const unsentFirst = await agent(['run', '--config', configOf(2)])
  expect(unsentFirst.code).toBe(4)
  expect(unsentFirst.out).toContain('journal_epoch_unsent')

  damage()
  const { child, ended } = await run(configOf(2))
  child.kill('SIGTERM')
  const { code, out } = await ended
  expect(code).toBe(0)
  expect(out).toContain('the journal was damaged and is recovered')
  expect(unsent()).toEqual({ epoch: 2, units: 3 })
  expect(readdirSync(join(folder, 'data'))).toContain('journal.damaged-1-1.db')
})
