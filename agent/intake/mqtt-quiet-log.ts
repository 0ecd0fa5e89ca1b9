import type { Log } from '@meterline/shared/base/log.ts'

const linesPerWindow = 20

/**
 * Warnings that strangers can cause at will: the first few of each kind in a window are written, the others counted.
 * Events come from a closed set of the caller, so the counts are bounded.
 */
export class QuietLog {
  readonly #log: Log
  readonly #counts = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  warn(event: string, fields: object): void {
    const count = (this.#counts.get(event) ?? 0) + 1
    this.#counts.set(event, count)
    if (count <= linesPerWindow) this.#log.warn(event, fields)
  }

  /** Ends a window: says how many lines were left out. */
  endWindow(): void {
    for (const [event, count] of this.#counts) {
      if (count > linesPerWindow) this.#log.warn(event, { leftOut: count - linesPerWindow })
    }
    this.#counts.clear()
  }
}
