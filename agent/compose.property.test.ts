import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { composeAgent, type RunningAgent } from './compose.ts'
import { agentConfig } from './config.ts'
import { ScriptedAggregator } from './flow/testing/scripted-aggregator.ts'
import { TestDisk } from './flow/testing/test-disk.ts'
import { TestDoor } from './flow/testing/test-door.ts'
import { VirtualClock } from './flow/testing/virtual-clock.ts'

const key = generateSigningKey()

/** One thing that happens. Events come from a small pool of ids, so that many are sent again. */
type Step =
  | { readonly kind: 'publish'; readonly ids: readonly number[] }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'turn' }
  | { readonly kind: 'message' }
  | { readonly kind: 'crash' }
  | { readonly kind: 'close' }
  | { readonly kind: 'break' }
  | { readonly kind: 'down'; readonly down: boolean }
  | { readonly kind: 'silent'; readonly silent: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('publish'), ids: fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('time'), ms: fc.nat(200) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn') }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('message') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('break') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('down'), down: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('silent'), silent: fc.boolean() }) },
)

test('whatever was acknowledged reaches the aggregator exactly once, through crashes, replays and broken links', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80 }), async (steps) => {
      const run = new Run()
      try {
        await run.start()
        for (const one of steps) await run.take(one)
        await run.settle()
        expect(run.problems()).toEqual([])
      } finally {
        run.end()
      }
    }),
    { numRuns: 60 },
  )
})

/** An agent under everything that a sequence of steps does to it, and what must hold afterwards. */
class Run {
  readonly #clock = new VirtualClock()
  readonly #aggregator = new ScriptedAggregator(key.publicKeyBase64)
  readonly #door = new TestDoor()
  readonly #disk = new TestDisk()
  readonly #published = new Map<number, string>()
  #agent: RunningAgent | null = null

  async start(): Promise<void> {
    this.#agent = await composeAgent({
      config: agentConfig({
        tenant: 'acme',
        agent: 'gw-1',
        dataDirectory: this.#disk.folder,
        uplink: { address: 'localhost:1', aggregatorKey: key.publicKeyBase64 },
        seal: { lingerMs: 40, maxUnits: 5 },
        limits: { groupDeliveries: 16 },
      }),
      clock: this.#clock,
      random: seededRandom('agent'),
      log: silentLog(),
      openUplink: this.#aggregator.open,
      writer: 'inline',
      journalFile: this.#disk.journalFile,
      disk: temporaryDisk,
      signingKeyPem: key.privatePem,
    })
    this.#door.attach(this.#agent.intake)
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'publish':
        return one.ids.forEach((id) => this.#publish(`e${id}`))
      case 'time':
        return this.#clock.advance(one.ms)
      case 'turn':
        return void this.#clock.step(0)
      case 'message':
        return void this.#aggregator.deliverOne()
      case 'crash':
        this.#disk.crash()
        this.#agent?.kill()
        return await this.start()
      case 'close':
        await this.#agent?.close()
        return await this.start()
      case 'break':
        return this.#aggregator.breakLink()
      case 'down':
        this.#aggregator.behaviour.down = one.down
        return this.#aggregator.breakLink()
      case 'silent':
        this.#aggregator.behaviour.silent = one.silent
    }
  }

  /** Everything that disturbs ends; whatever is under way arrives. */
  async settle(): Promise<void> {
    this.#aggregator.behaviour.down = false
    this.#aggregator.behaviour.silent = false
    for (let round = 0; round < 2000; round++) {
      this.#clock.advance(50)
      this.#aggregator.deliver()
      const status = await this.#agent?.status()
      if (status?.open.units === 0 && status.outbox.batches === 0 && status.intake.waitingDeliveries === 0) return
    }
    throw new Error('the outbox did not drain')
  }

  /** What is not as it must be, in words; empty is good. */
  problems(): string[] {
    const arrived = this.#aggregator.units.map((unit) => unit.eventId ?? '')
    const acknowledged = new Set([...this.#door.stored].map((token) => this.#published.get(token) ?? ''))
    const ever = new Set(this.#published.values())
    return [
      ...this.#aggregator.complaints,
      ...arrived.filter((id, index) => arrived.indexOf(id) !== index).map((id) => `${id} arrived twice`),
      ...[...acknowledged].filter((id) => !arrived.includes(id)).map((id) => `${id} was acknowledged and is lost`),
      ...arrived.filter((id) => !ever.has(id)).map((id) => `${id} was never published`),
      ...[...this.#door.unavailable].map((token) => `delivery ${token} was refused`),
      ...this.#door.rejects.map(({ code }) => `something was rejected: ${code}`),
    ]
  }

  end(): void {
    this.#agent?.kill()
    this.#disk.remove()
  }

  #publish(id: string): void {
    const token = this.#door.submit('dev-1', { id, meter: 'data.bytes', quantity: id.length, time: 1_760_000_000_000 })
    if (token !== null) this.#published.set(token, id)
  }
}
