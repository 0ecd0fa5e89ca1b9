import type { Clock } from '@meterline/shared/base/clock.ts'
import { progressLine } from './progress-line.ts'
import type { WorldTally } from './world-tally.ts'

const progressEveryMs = 2_000

/** Says how the run stands, every two seconds, in one line where there is a terminal. */
export class Progress {
  readonly #clock: Clock
  readonly #run: { readonly seeds: number; readonly timeMs: number | null }
  readonly #startedMs: number
  readonly #print: (text: string) => void
  #tally: WorldTally | null = null
  #isLineOpen = false
  #ended = false
  #passedMs = 0
  #cancel: () => void = () => undefined

  /** `print` writes what is told of single worlds. */
  constructor(
    clock: Clock,
    run: { readonly seeds: number; readonly timeMs: number | null },
    print: (text: string) => void,
  ) {
    this.#print = print
    this.#clock = clock
    this.#run = run
    this.#startedMs = clock.monotonicMs()
    this.#sayAgain()
  }

  /** Real time since the beginning, up to the end. */
  get passedMs(): number {
    return this.#ended ? this.#passedMs : this.#clock.monotonicMs() - this.#startedMs
  }

  advance(tally: WorldTally): void {
    this.#tally = tally
  }

  /** Prints above the line that is written over again and again. */
  print(text: string): void {
    this.#closeLine()
    this.#print(text)
  }

  end(): void {
    if (this.#ended) return
    this.#passedMs = this.passedMs
    this.#ended = true
    this.#cancel()
    this.#closeLine()
  }

  #sayAgain(): void {
    const timer = this.#clock.after(progressEveryMs, () => {
      this.#say()
      this.#sayAgain()
    })
    this.#cancel = () => timer.cancel()
  }

  #say(): void {
    const line =
      this.#tally === null
        ? 'the first worlds begin'
        : progressLine(this.#tally, { ...this.#run, passedMs: this.passedMs })
    if (!process.stderr.isTTY) {
      console.error(line)
      return
    }
    process.stderr.write(`\r\u001B[K${line}`)
    this.#isLineOpen = true
  }

  #closeLine(): void {
    if (this.#isLineOpen) process.stderr.write('\r\u001B[K')
    this.#isLineOpen = false
  }
}
