import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Publisher } from '../fleets/publisher.ts'
import { freePort } from '../scenarios/free-port.ts'
import { Mosquitto } from '../scenarios/mosquitto.ts'
import type { Stack, StackPlan } from '../scenarios/stack.ts'
import type { LoadEvent, LoadSender } from './kill-load.ts'

/** The ways into an agent that are tried. */
export type DoorName = 'mqtt' | 'bridge' | 'http'

/** A way in, as the kill suite uses it. */
export interface KillDoor {
  /** What the agent has to be told. */
  readonly settings: Partial<StackPlan>
  /** Whose events those of a device are at the aggregator. */
  sourceOf(device: string): string
  connect(stack: Stack, device: string): Promise<LoadSender>
  /** What the agent has taken in by this door since its last start, by its own account; null where it keeps none. */
  takenIn(stack: Stack): Promise<number | null>
  /** The foreign broker, where there is one. */
  readonly broker: Mosquitto | null
  close(): Promise<void>
}

const BRIDGE = 'plant'

/** Opens what a door needs outside of the agent. `protocolVersion` is what a bridge speaks. */
export async function killDoor(name: DoorName, folder: string, protocolVersion: 4 | 5): Promise<KillDoor> {
  switch (name) {
    case 'mqtt':
      return mqttDoor()
    case 'http':
      return httpDoor(await freePort())
    case 'bridge': {
      const broker = await Mosquitto.started({ folder: join(folder, 'mosquitto'), port: await freePort() })
      return bridgeDoor(broker, protocolVersion)
    }
  }
}

function mqttDoor(): KillDoor {
  return {
    settings: {},
    sourceOf: (device) => device,
    connect: async (stack, device) => await mqttSender(stack.mqttUrl(0), device, `meter/v1/${device}/usage`),
    takenIn: () => Promise.resolve(null),
    broker: null,
    close: () => Promise.resolve(),
  }
}

function bridgeDoor(broker: Mosquitto, protocolVersion: 4 | 5): KillDoor {
  const subscriptions = [{ topic: 'plant/+/usage', kind: 'usage' }]
  return {
    settings: { agentSettings: { bridges: [{ name: BRIDGE, url: broker.url, protocolVersion, subscriptions }] } },
    sourceOf: () => BRIDGE,
    connect: async (_stack, device) => await mqttSender(broker.url, device, `plant/${device}/usage`),
    takenIn: async (stack) => (await stack.agentStatus(0)).bridges[0]?.acknowledged ?? 0,
    broker,
    close: () => broker.stop(),
  }
}

function httpDoor(port: number): KillDoor {
  return {
    settings: { httpPorts: [port] },
    sourceOf: (device) => device,
    connect: (_stack, device) => Promise.resolve(new HttpSender(`http://127.0.0.1:${port}/v1/events?source=${device}`)),
    takenIn: () => Promise.resolve(null),
    broker: null,
    close: () => Promise.resolve(),
  }
}

async function mqttSender(url: string, device: string, topic: string): Promise<LoadSender> {
  const publisher = await Publisher.connect({ url, clientId: device, window: 50, retryMs: 1500 })
  return {
    publish: async (event, onAcknowledged) => {
      await publisher.publish({ topic, payload: Buffer.from(JSON.stringify(event)) }, onAcknowledged)
    },
    drained: async () => await publisher.drained(),
    close: async () => await publisher.close(),
  }
}

interface Queued {
  readonly event: LoadEvent
  readonly onAcknowledged: () => void
}

/** Posts batches of ten, five under way at most, each until it was answered with success. */
class HttpSender implements LoadSender {
  readonly #url: string
  readonly #underWay: Promise<void>[] = []
  #queued: Queued[] = []

  constructor(url: string) {
    this.#url = url
  }

  async publish(event: LoadEvent, onAcknowledged: () => void): Promise<void> {
    this.#queued.push({ event, onAcknowledged })
    if (this.#queued.length >= 10) await this.#postQueued()
  }

  async drained(): Promise<void> {
    await this.#postQueued()
    await Promise.all(this.#underWay.splice(0))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #postQueued(): Promise<void> {
    if (this.#queued.length === 0) return
    const batch = this.#queued
    this.#queued = []
    if (this.#underWay.length >= 5) await this.#underWay.shift()
    this.#underWay.push(this.#post(batch))
  }

  async #post(batch: readonly Queued[]): Promise<void> {
    const body = JSON.stringify(batch.map(({ event }) => event))
    while (!(await this.#accepted(body))) await pause(100)
    for (const { onAcknowledged } of batch) onAcknowledged()
  }

  async #accepted(body: string): Promise<boolean> {
    try {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(this.#url, { method: 'POST', headers, body })
      if (answer.status === 204) return true
      if (answer.status === 503 || answer.status === 429) return false
      throw new Error(`the door answered ${answer.status}: ${await answer.text()}`)
    } catch (error) {
      // The connection broke, which says nothing about the batch: it is posted again.
      if (error instanceof TypeError) return false
      throw error
    }
  }
}
