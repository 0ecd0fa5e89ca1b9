import type { Acknowledger, Intake } from '@meterline/agent/flow/ports.ts'
import type { Publish } from '../oracle/published.ts'
import type { DoorClient, DoorConnection } from './device.ts'
import type { ProcessLife } from './process-life.ts'
import type { Surroundings } from './surroundings.ts'

/** One device's connection: what arrives is submitted in order, and PUBACKs go out when the agent says flush. */
export class IntakeConnection implements DoorConnection, Acknowledger {
  readonly #world: Surroundings
  readonly #agent: string
  readonly #device: string
  readonly #client: DoorClient
  readonly #intake: Intake
  readonly #life: ProcessLife
  readonly #unread: { readonly publish: Publish; readonly token: number }[] = []
  readonly #submitted = new Map<number, Publish>()
  #settled: number[] = []
  #open = true

  constructor(
    world: Surroundings,
    agent: string,
    device: string,
    client: DoorClient,
    intake: Intake,
    life: ProcessLife,
  ) {
    this.#world = world
    this.#agent = agent
    this.#device = device
    this.#client = client
    this.#intake = intake
    this.#life = life
  }

  publish(publish: Publish, token: number): void {
    if (!this.#open || !this.#life.alive) return
    this.#unread.push({ publish, token })
    this.pump()
  }

  /** Submits what was read until the intake takes no more. */
  pump(): void {
    const { counts, published, trace, queue } = this.#world
    while (this.#open && this.#life.alive) {
      const next = this.#unread[0]
      if (next === undefined) return
      const { publish, token } = next
      this.#submitted.set(token, publish)
      if (!this.#intake.submit(publish.origin, publish.kind, publish.payload, this, token)) {
        this.#submitted.delete(token)
        counts.notTaken += 1
        return
      }
      this.#unread.shift()
      counts.submissions += 1
      published.submitted(publish.index, this.#agent)
      trace.note(queue.nowMs, this.#agent, `takes publish ${publish.index} of ${this.#device}`)
    }
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    this.#life.called('settles a publish')
    if (!this.#life.alive) return
    const publish = this.#submitted.get(token)
    if (publish === undefined)
      return this.#world.findings.add('world', `${this.#agent} settles what was not submitted to it`)
    this.#submitted.delete(token)
    const { counts, published, trace, queue } = this.#world
    trace.note(queue.nowMs, this.#agent, `says ${outcome} to publish ${publish.index} of ${this.#device}`)
    if (outcome === 'stored') {
      counts.acknowledgements += 1
      published.acknowledged(publish.index, this.#agent)
      this.#settled.push(token)
      return
    }
    counts.unavailable += 1
    this.end()
  }

  flush(): void {
    this.#life.called('acknowledges')
    if (!this.#life.alive || !this.#open) return
    for (const token of this.#settled.splice(0)) this.#client.puback(token)
  }

  /** The device leaves; what it submitted is still taken in. */
  close(): void {
    this.#open = false
    this.#unread.length = 0
  }

  /** The connection is gone, and the device hears of it. */
  end(): void {
    if (!this.#open) return
    this.close()
    this.#client.closed()
  }
}
