import type { HttpConfig } from '../config/http.ts'
import { problem, type HttpProblem } from './http-problem.ts'

/** What a request counts beside its body, so that empty ones have a cap as well. */
const bytesPerRequest = 1024

const retryAfterSeconds = '1'

/** Counts the bodies of requests that are not answered yet, altogether and by source. */
export class HeldBodies {
  readonly #limits: HttpConfig['limits']
  readonly #bySource = new Map<string, number>()
  #bytes = 0

  constructor(limits: HttpConfig['limits']) {
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Counts a new request. */
  begin(source: string): HttpProblem | null {
    return this.add(source, bytesPerRequest)
  }

  /** Counts what has arrived of a body; says why it may not be held, in which case it is counted all the same. */
  add(source: string, bytes: number): HttpProblem | null {
    const ofSource = (this.#bySource.get(source) ?? 0) + bytes
    this.#bySource.set(source, ofSource)
    this.#bytes += bytes
    const headers = { 'Retry-After': retryAfterSeconds }
    if (ofSource > this.#limits.heldBytesPerSource) {
      const detail = `${source} has too much under way: wait for answers before posting more`
      return problem(429, 'source_busy', detail, { headers, closes: true })
    }
    if (this.#bytes <= this.#limits.heldBytes) return null
    return problem(503, 'door_busy', 'too much is under way: post again later', { headers, closes: true })
  }

  /** Forgets a request with so much of its body. */
  end(source: string, bodyBytes: number): void {
    const ofSource = (this.#bySource.get(source) ?? 0) - bodyBytes - bytesPerRequest
    this.#bytes -= bodyBytes + bytesPerRequest
    if (ofSource > 0) this.#bySource.set(source, ofSource)
    else this.#bySource.delete(source)
  }
}
