import type { Findings } from '../oracle/findings.ts'
import type { Oracle } from '../oracle/oracle.ts'
import type { EventQueue } from './event-queue.ts'
import type { WorldCounts } from './surroundings.ts'
import type { Trace } from './trace.ts'
import { settleMicrotasks } from './turn.ts'

/** More steps in one millisecond than this mean that something calls itself for ever. */
const mostStepsPerInstant = 100_000
/** The runtime may need some turns of its own to load what a process starts with. */
const mostTurns = 1_000

/** Agents and devices reach the aggregator through links alone: what they do in a step of theirs commits nothing there. */
function isOfAgentSide(owner: string): boolean {
  return owner.startsWith('gw-') || owner.startsWith('device ')
}

/** Makes the world go round: one event, then everything it has set off, then a look by the oracle. */
export class Stepper {
  readonly #queue: EventQueue
  readonly #trace: Trace
  readonly #findings: Findings
  readonly #oracle: Oracle
  readonly #counts: WorldCounts
  readonly #afterStep: (() => void)[] = []
  readonly #starting: Promise<void>[] = []
  #stepsInInstant = 0
  #instantMs = 0

  constructor(parts: { queue: EventQueue; trace: Trace; findings: Findings; oracle: Oracle; counts: WorldCounts }) {
    this.#queue = parts.queue
    this.#trace = parts.trace
    this.#findings = parts.findings
    this.#oracle = parts.oracle
    this.#counts = parts.counts
  }

  /** Runs `work` when the step at hand is over. */
  afterStep(work: () => void): void {
    this.#afterStep.push(work)
  }

  /** Holds the world until this is done. */
  starting(process: Promise<void>): void {
    this.#starting.push(process)
  }

  /** Runs every event up to true time `limitMs`, or until the run has seen enough. */
  async runUntil(limitMs: number): Promise<void> {
    await this.settle()
    while (!this.#findings.full) {
      const event = this.#queue.take(limitMs)
      if (event === undefined) break
      const { atMs, owner, what } = event
      this.#counts.steps += 1
      this.#stepsInInstant = atMs === this.#instantMs ? this.#stepsInInstant + 1 : 0
      this.#instantMs = atMs
      if (this.#stepsInInstant > mostStepsPerInstant) {
        this.#findings.add('world', `time stands still: ${owner} ${what} again and again`)
        break
      }
      this.#trace.mark(atMs, owner, what)
      try {
        event.run()
      } catch (error) {
        const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.#findings.add('world', `${owner} ${what} threw, which ends the process: ${told}`)
      }
      await this.settle()
      if (!isOfAgentSide(owner)) this.#oracle.afterStep()
    }
    this.#queue.passTo(limitMs)
  }

  /** Waits for what was set off, which takes no time in the world. */
  async settle(): Promise<void> {
    await settleMicrotasks()
    for (const starting of this.#starting.splice(0)) {
      let done = false
      const end = (): void => {
        done = true
      }
      starting.then(end, end)
      for (let turns = 0; !done && turns < mostTurns; turns++) await settleMicrotasks()
      this.#findings.demand(done, 'world', () => 'a process does not finish starting without time passing')
    }
    // What that work asks to be done after the step belongs to this step as well: the next one may be hours away.
    for (let work = this.#afterStep.shift(); work !== undefined; work = this.#afterStep.shift()) work()
  }
}
