import { createHash } from 'node:crypto'

/**
 * What happened, line by line. Every line goes into one hash, so that two runs of a seed can be compared as a whole;
 * only the last lines are kept unless all are asked for.
 */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #startMs: number
  readonly #keep: number
  #lines: string[] = []
  #count = 0

  constructor(startMs: number, keep: number) {
    this.#startMs = startMs
    this.#keep = keep
  }

  /** Lines so far. */
  get count(): number {
    return this.#count
  }

  /** Notes that at true time `atMs` the named part of the world did or saw something. */
  note(atMs: number, who: string, what: string): void {
    const line = `${elapsed(atMs - this.#startMs)} ${who.padEnd(12)} ${what}`
    this.#hash.update(line).update('\n')
    this.#count += 1
    this.#lines.push(line)
    if (this.#lines.length >= this.#keep * 2) this.#lines = this.#lines.slice(-this.#keep)
  }

  /** Takes a step into the hash without a line of its own. */
  mark(atMs: number, who: string, what: string): void {
    this.#hash.update(`${atMs} ${who} ${what}\n`)
  }

  /** The last lines, oldest first. */
  lastLines(): readonly string[] {
    return this.#lines.slice(-this.#keep)
  }

  /** SHA-256 over all lines so far, hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** `+01:02:03.456` since the start of the run. */
function elapsed(ms: number): string {
  const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')
  const seconds = Math.floor(ms / 1000)
  return `+${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}.${pad(ms % 1000, 3)}`
}

/** The first bytes of a hash, enough to tell values apart in a trace. */
export function shortHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 4)).toString('hex')
}
