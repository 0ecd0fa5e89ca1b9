import { setTimeout as pause } from 'node:timers/promises'
import type { Carrier } from './carrier.ts'
import type { TraceRow } from './trace-row.ts'

const ROWS_A_REQUEST = 100
const REQUESTS_AT_ONCE = 4
/** A row waits this long at most for others to go with it. */
const LINGER_MS = 20
const ATTEMPTS = 10
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

interface Waiting {
  readonly row: TraceRow
  readonly onAcknowledged: () => void
}

/**
 * Over the agent's HTTP door, as newline-delimited JSON. A request that the agent cannot take at the moment (503, 429,
 * no connection) is sent again with growing pauses, ten times at most; what it refuses for good ends the replay, except
 * for single rows, which lie in the agent's suspense then as they do when they come over MQTT.
 */
export class HttpCarrier implements Carrier {
  readonly #url: string
  readonly #token: string | null
  #gathering: Waiting[] = []
  #linger: NodeJS.Timeout | null = null
  #underWay = 0
  #failure: Error | null = null
  readonly #waiters: (() => void)[] = []
  repeats = 0

  /**
   * `path` is the door's, with its query; `source` says whose usage it is where no token does. What a mapping rule reads
   * is the rule's then, as it is over MQTT: under another name the same rows would be charged again.
   */
  constructor(options: {
    readonly url: string
    readonly path: string
    readonly source: string
    readonly token?: string
  }) {
    const url = new URL(options.path, options.url)
    if (options.token === undefined && !url.searchParams.has('rule')) url.searchParams.set('source', options.source)
    this.#url = url.href
    this.#token = options.token ?? null
  }

  async carry(row: TraceRow, onAcknowledged: () => void): Promise<void> {
    while (this.#failure === null && this.#underWay >= REQUESTS_AT_ONCE) await this.#change()
    if (this.#failure !== null) throw this.#failure
    this.#gathering.push({ row, onAcknowledged })
    if (this.#gathering.length >= ROWS_A_REQUEST) this.#send()
    else this.#linger ??= setTimeout(() => this.#send(), LINGER_MS)
  }

  async drained(): Promise<void> {
    if (this.#gathering.length > 0) this.#send()
    while (this.#failure === null && this.#underWay > 0) await this.#change()
    if (this.#failure !== null) throw this.#failure
  }

  async close(): Promise<void> {
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#gathering = []
    while (this.#underWay > 0) await this.#change()
  }

  #send(): void {
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#linger = null
    const rows = this.#gathering
    this.#gathering = []
    if (rows.length === 0) return
    this.#underWay += 1
    this.#post(rows)
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error))
      })
      .finally(() => {
        this.#underWay -= 1
        for (const wake of this.#waiters.splice(0)) wake()
      })
      // Both outcomes are taken care of above; nothing is left to fail.
      .catch(() => undefined)
  }

  async #post(rows: readonly Waiting[]): Promise<void> {
    const body = Buffer.concat(rows.flatMap(({ row }) => [row.payload, Buffer.from('\n')]))
    for (let attempt = 1; ; attempt += 1) {
      const refusal = await this.#attempt(body)
      if (refusal === null) break
      if (!refusal.passing || attempt === ATTEMPTS) throw new Error(`${this.#url}: ${refusal.reason}`)
      this.repeats += rows.length
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS))
    }
    for (const { onAcknowledged } of rows) onAcknowledged()
  }

  /** Null once the agent has stored the rows, the bad ones among them in suspense. */
  async #attempt(body: Buffer): Promise<{ readonly reason: string; readonly passing: boolean } | null> {
    let answer: Response
    try {
      answer = await fetch(this.#url, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: {
          'content-type': 'application/x-ndjson',
          ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        },
      })
    } catch (error) {
      return { reason: error instanceof Error ? describeCause(error) : String(error), passing: true }
    }
    const text = await answer.text()
    // All rows rejected is answered with 400 and their list: they are stored in suspense all the same.
    if (answer.ok || (answer.status === 400 && text.includes('"rejected"'))) return null
    return { reason: `${answer.status} ${text.slice(0, 300)}`, passing: answer.status === 503 || answer.status === 429 }
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }
}

function describeCause(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
