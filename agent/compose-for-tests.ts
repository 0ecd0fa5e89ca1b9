import { afterEach } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { composeAgent, type RunningAgent } from './compose.ts'
import { agentConfig, type AgentConfigInput } from './config.ts'
import type { AgentStatus } from './flow/agent-status.ts'
import { ScriptedAggregator } from './flow/testing/scripted-aggregator.ts'
import { TestDisk } from './flow/testing/test-disk.ts'
import { TestDoor } from './flow/testing/test-door.ts'
import { VirtualClock } from './flow/testing/virtual-clock.ts'

/** The keys of the agent and of the aggregator of every story. */
export const agentKey = generateSigningKey()
export const aggregatorKey = generateSigningKey()
const disks: TestDisk[] = []

afterEach(() => {
  for (const disk of disks.splice(0)) disk.remove()
})

/** One agent on one machine with its door and its aggregator. */
export class Story {
  readonly clock = new VirtualClock()
  readonly aggregator = new ScriptedAggregator(agentKey.publicKeyBase64)
  readonly door = new TestDoor()
  readonly disk = new TestDisk()
  readonly #settings: Partial<AgentConfigInput>
  agent!: RunningAgent

  constructor(settings: Partial<AgentConfigInput> = {}) {
    this.#settings = settings
    disks.push(this.disk)
  }

  async start(settings: Partial<AgentConfigInput> = {}): Promise<this> {
    const config = agentConfig({
      tenant: 'acme',
      agent: 'gw-1',
      dataDirectory: this.disk.folder,
      uplink: { address: 'localhost:1', aggregatorKey: aggregatorKey.publicKeyBase64 },
      ...this.#settings,
      ...settings,
    })
    this.agent = await composeAgent({
      config,
      clock: this.clock,
      random: seededRandom('agent'),
      log: silentLog(),
      openUplink: this.aggregator.open,
      writer: 'inline',
      journalFile: this.disk.journalFile,
      signingKeyPem: agentKey.privatePem,
    })
    this.door.attach(this.agent.intake)
    return this
  }

  /** A crash, and a start from what was on the disk. */
  async crash(): Promise<this> {
    this.disk.crash()
    this.agent.kill()
    return await this.start()
  }

  /** Lets time pass and everything under way arrive. */
  run(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left))
      this.aggregator.deliver()
    }
  }

  publish(id: string | null, quantity = 5): number | null {
    const event = { ...(id === null ? {} : { id }), meter: 'data.bytes', quantity, time: 1_760_000_000_000 }
    return this.door.submit('dev-1', event)
  }

  get received(): (string | null)[] {
    return this.aggregator.units.map((unit) => unit.eventId)
  }
}

/** What an entry of the suspense holds, as text. */
export async function payloadOf(story: Story, entry: { readonly number: number } | undefined): Promise<string> {
  const shown = await story.agent.suspense.show(entry?.number ?? 0)
  return shown?.state === 'suspended' ? Buffer.from(shown.payload).toString() : 'not in suspense'
}

/** Publishes and lets everything settle: a batch for each event. */
export function publishAll(story: Story, ids: readonly string[]): void {
  for (const id of ids) {
    story.publish(id)
    story.run(300)
  }
}

/** A story whose agent has had receipts for batches 1 to 5, each with one event. */
export async function settledStory(settings: ConstructorParameters<typeof Story>[0] = {}): Promise<Story> {
  const story = await new Story(settings).start()
  publishAll(story, ['e1', 'e2', 'e3', 'e4', 'e5'])
  return story
}

/** What is kept of batches that had their receipts. */
export async function retainedOf(story: Story): Promise<AgentStatus['retained']> {
  return (await story.agent.status()).retained
}

/** State of the uplink, and the code of what is wrong with it. */
export async function uplinkOf(story: Story): Promise<string> {
  const { state, fault } = (await story.agent.status()).uplink
  return fault === null ? state : `${state}: ${fault.code}`
}
