import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { composeAgent, type RunningAgent } from './compose.ts'
import { agentConfig, type AgentConfigInput } from './config.ts'
import type { Acknowledger, DeliveryKind } from './flow/ports.ts'
import { ScriptedAggregator } from './flow/testing/scripted-aggregator.ts'
import { VirtualClock } from './flow/testing/virtual-clock.ts'

const key = generateSigningKey()
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** One agent on one machine, its aggregator, and a door that writes down what it is told. */
class Bench implements Acknowledger {
  readonly clock = new VirtualClock()
  readonly aggregator = new ScriptedAggregator(key.publicKeyBase64)
  readonly told: string[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'meterline-agent-'))
  readonly #overrides: Partial<AgentConfigInput>
  #agent: RunningAgent | null = null
  #token = 0

  constructor(overrides: Partial<AgentConfigInput> = {}) {
    this.#overrides = overrides
    folders.push(this.folder)
  }

  get agent(): RunningAgent {
    if (this.#agent === null) throw new Error('the agent has not been started')
    return this.#agent
  }

  async start(): Promise<RunningAgent> {
    const config = agentConfig({
      tenant: 'acme',
      agent: 'gw-1',
      dataDirectory: this.folder,
      uplink: { address: 'localhost:1', aggregatorKey: key.publicKeyBase64 },
      ...this.#overrides,
    })
    this.#agent = await composeAgent({
      config,
      clock: this.clock,
      random: seededRandom('agent'),
      log: silentLog(),
      openUplink: this.aggregator.open,
      writer: 'inline',
      journalFile: join(this.folder, 'journal.db'),
      signingKeyPem: key.privatePem,
    })
    return this.#agent
  }

  submit(device: string, payload: object | string, kind: DeliveryKind = 'usage'): number {
    const token = this.#token++
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    expect(this.agent.intake.submit(device, kind, Buffer.from(text), this, token)).toBe(true)
    return token
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    this.told.push(`${token} ${outcome}`)
  }

  flush(): void {
    this.told.push('flush')
  }

  /** Lets time pass and everything under way arrive. */
  run(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left))
      this.aggregator.deliver()
    }
  }
}

test('a delivery is acknowledged after its commit and reaches the aggregator', async () => {
  const bench = new Bench()
  await bench.start()
  bench.submit('dev-1', { id: 'e1', meter: 'data.bytes', quantity: 5, time: 1_760_000_000_000 })
  bench.submit('dev-1', { id: 'e2', meter: 'data.bytes', quantity: 6, time: 1_760_000_000_000 })
  expect(bench.told).toEqual([])
  bench.run(500)
  expect(bench.told).toEqual(['0 stored', '1 stored', 'flush'])
  expect(bench.aggregator.complaints).toEqual([])
  expect(bench.aggregator.units.map((unit) => unit.eventId)).toEqual(['e1', 'e2'])
  const status = await bench.agent.status()
  expect(status.outbox.batches).toBe(0)
  expect(status.open.units).toBe(0)
  expect(status.chain).toMatchObject({ sealedSeq: 1, settledSeq: 1, lastLogIndex: 101 })
  await bench.agent.close()
  expect(bench.clock.pending).toBe(0)
})
