import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@meterline/shared/base/random.ts'
import { callControl } from '@meterline/shared/wire/control.ts'
import type { Stack } from '../scenarios/stack.ts'

/** The latest that a kill comes, after the command began or after its first word of progress. */
const latestMs = { begun: 400, progress: 60 } as const

/** Ends the aggregator with SIGKILL at random moments while it works, and asks it for the same again. */
export class RandomKills {
  kills = 0
  readonly #stack: Stack
  readonly #random: Random | null
  readonly #mostPerStep: number

  /** `random` null: nothing is killed. */
  constructor(stack: Stack, random: Random | null, mostPerStep: number) {
    this.#stack = stack
    this.#random = random
    this.#mostPerStep = random === null ? 0 : mostPerStep
  }

  /** Runs a command of the aggregator until it is answered. */
  async command(command: string, input: object): Promise<void> {
    const { deployment, tenant } = this.#stack
    const socketFile = join(deployment.folder, 'aggregator.sock')
    for (let kills = 0; ; kills++) {
      let progressed: () => void = () => undefined
      const firstProgress = new Promise<void>((resolve) => (progressed = resolve))
      const onProgress = (): void => progressed()
      const answer = callControl({ socketFile, command, input: { tenant, ...input }, onProgress })
      const killed = kills < this.#mostPerStep && (await this.#killBefore(answer, firstProgress))
      const answered = await answer
      if (answered.ok) return
      if (!killed) throw new Error(`${command}: ${answered.fault.code}: ${answered.fault.message}`)
    }
  }

  /** Does something that gets over an end of the aggregator by itself. */
  async during(work: Promise<void>): Promise<void> {
    for (let kills = 0; kills < this.#mostPerStep; kills++) {
      if (!(await this.#killBefore(work, null))) break
    }
    await work
  }

  /** Kills and starts again at some moment; false when the work was done before. */
  async #killBefore(work: Promise<unknown>, progress: Promise<void> | null): Promise<boolean> {
    const random = this.#random
    if (random === null) return false
    const waits = progress !== null && random.below(3) > 0
    const delayMs = random.below(waits ? latestMs.progress : latestMs.begun)
    const moment = (waits ? progress : Promise.resolve()).then(async () => await pause(delayMs))
    const done = work.then(
      () => true,
      () => true,
    )
    if (await Promise.race([done, moment.then(() => false)])) return false
    await this.#stack.killAggregator()
    this.kills += 1
    await this.#stack.startAggregator()
    return true
  }
}
