import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'yaml'
import { grpcUplink, type UplinkOptions } from '@meterline/agent/uplink/grpc-uplink.ts'
import { SealingAgent } from '@meterline/aggregator/flow/fixtures/sealing-agent.ts'
import type { TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { BatchMessage } from '@meterline/shared/wire/messages.ts'
import type { Stack } from '../scenarios/stack.ts'

const eventsPerBatch = 300
const longMs = 120_000

/**
 * An agent whose batches are sealed once, so that the same bytes can be brought to several copies of the books. It brings
 * them through the real door, each after the one before was rated: where entries stand in the log does not hang on chance.
 */
export class ClosingAgent {
  readonly sealing: SealingAgent
  readonly #uplink: UplinkOptions
  readonly #stack: Stack
  readonly #sealed: BatchMessage[] = []

  /** `stack` has to have one agent that is not started. */
  constructor(stack: Stack) {
    const [agent] = stack.deployment.agents
    if (agent === undefined) throw new Error('the stack has no agent whose place could be taken')
    this.#stack = stack
    this.#uplink = (parse(readFileSync(agent.configFile, 'utf8')) as { readonly uplink: UplinkOptions }).uplink
    this.sealing = new SealingAgent(stack.tenant, agent.id)
  }

  /** Seals events; answers how many batches there are with them. */
  seal(events: Iterable<UsageEvent>): number {
    const all = [...events]
    for (let from = 0; from < all.length; from += eventsPerBatch) {
      this.#sealed.push(this.sealing.seal(all.slice(from, from + eventsPerBatch)))
    }
    return this.#sealed.length
  }

  /** Brings what the books do not have of the first so many batches, over any number of restarts of the aggregator. */
  async bring(batches: number): Promise<void> {
    const deadlineMs = performance.now() + longMs
    let last: unknown = null
    while (performance.now() < deadlineMs) {
      try {
        if (await this.#bringNext(batches)) return
      } catch (error) {
        // The aggregator was ended: what it had taken is asked for anew.
        last = error
        await pause(50)
      }
    }
    throw new Error(`the batches were not taken within ${longMs} ms`, { cause: last })
  }

  /** One session: brings one batch and waits until it is rated. True when there is nothing left to bring. */
  async #bringNext(batches: number): Promise<boolean> {
    await this.#rated()
    const isDone = await new Promise<boolean>((resolve, reject) => {
      const link = grpcUplink(this.#uplink)({
        onRoom: () => undefined,
        onClosed: (fault) => reject(new Error(fault.message)),
        onMessage: (message) => {
          const next = message.kind === 'welcome' ? this.#sealed[message.receivedSeq] : undefined
          if (message.kind === 'refusal') reject(new Error(message.message))
          if (message.kind === 'welcome' && message.receivedSeq < batches && next !== undefined) link.send(next)
          else if (message.kind === 'welcome' || message.kind === 'receipt') {
            link.close()
            resolve(message.kind === 'welcome')
          }
        },
      })
      link.send(this.sealing.hello({ lastSealedSeq: this.#sealed.length }))
    })
    await this.#rated()
    return isDone
  }

  async #rated(): Promise<void> {
    for (;;) {
      const status = (await this.#stack.command('status', { tenant: this.#stack.tenant })) as TenantStatus
      if (status.suspended > 0) throw new Error(`${status.suspended} events were suspended`)
      if (status.unratedBatches === 0) return
      await pause(10)
    }
  }
}
