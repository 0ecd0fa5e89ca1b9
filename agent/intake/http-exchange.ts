import type { IncomingMessage, ServerResponse } from 'node:http'
import { originText } from '../flow/origin.ts'
import type { RequestDelivery, RequestOutcome, RequestSubmissions } from '../flow/submit-request.ts'
import type { HeldBodies } from './http-held.ts'
import { cutBody, type BodyPiece } from './http-pieces.ts'
import { answerProblem, problem, type HttpProblem } from './http-problem.ts'
import { isProblem, tooLarge, type AskedFor } from './http-request.ts'

/** What an exchange needs of the door it came through. */
export interface ExchangeSide {
  readonly submissions: RequestSubmissions
  readonly held: HeldBodies
  readonly limits: { readonly bodyBytes: number; readonly events: number }
  /** Told once, with the status that was answered. */
  onAnswered(status: number): void
}

const retryAfterSeconds = '1'

/**
 * One request whose head is in order: reads its body under the caps, submits it, and answers when the journal has
 * settled all of it. A client that leaves is not waited for; what it had sent whole is stored all the same.
 */
export class HttpExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #asked: AskedFor
  readonly #side: ExchangeSide
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #isHeld = true
  #state: 'reading' | 'submitted' | 'ended' = 'reading'

  constructor(request: IncomingMessage, response: ServerResponse, asked: AskedFor, side: ExchangeSide) {
    this.#request = request
    this.#response = response
    this.#asked = asked
    this.#side = side
  }

  start(): void {
    const refusal = this.#side.held.begin(this.#asked.source)
    if (refusal !== null) return this.#refuse(refusal)
    this.#request.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#request.on('end', () => this.#onEnd())
    // A request that breaks off shows in the close of its response, which always follows.
    this.#request.on('error', () => undefined)
    this.#response.on('close', () => {
      if (this.#state === 'reading') this.#end()
    })
  }

  #onData(chunk: Buffer): void {
    if (this.#state !== 'reading') return
    this.#bytes += chunk.length
    const refusal = this.#side.held.add(this.#asked.source, chunk.length)
    if (refusal !== null) return this.#refuse(refusal)
    if (this.#bytes > this.#side.limits.bodyBytes) return this.#refuse(tooLarge(this.#side.limits.bodyBytes))
    this.#chunks.push(chunk)
  }

  #onEnd(): void {
    if (this.#state !== 'reading') return
    const [only] = this.#chunks
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
    this.#chunks.length = 0
    const pieces = cutBody(body, this.#asked.form, this.#side.limits.events)
    if (isProblem(pieces)) return this.#refuse(pieces)
    this.#state = 'submitted'
    this.#side.submissions.submit(this.#asked.kind, this.#deliveries(pieces), (outcome) => this.#onOutcome(outcome))
  }

  #deliveries(pieces: readonly BodyPiece[]): RequestDelivery[] {
    const { source: device, rule, topic, idempotencyKey } = this.#asked
    return pieces.map((piece, index) => ({
      ...piece,
      origin: originText({ device, rule, topic, idempotencyKey: pieceKey(idempotencyKey, index) }),
    }))
  }

  #onOutcome({ outcome, rejected, rejectedEvents, storedEvents }: RequestOutcome): void {
    const list = rejected.map(({ index, eventId: id, code, message }) => ({ index, id, code, message }))
    // More events than are listed: their number says so.
    const rest = rejectedEvents > list.length ? { rejectedEvents } : {}
    if (outcome === 'unavailable') {
      const detail =
        'not all of it could be stored: post it again later; what is stored already is recognised by its ids'
      const headers = { 'Retry-After': retryAfterSeconds }
      const members = list.length > 0 ? { rejected: list, ...rest } : {}
      return this.#refuse(problem(503, 'intake_unavailable', detail, { headers, members }))
    }
    if (rejectedEvents === 0) return this.#answer(204, null)
    if (storedEvents > 0) return this.#answer(200, { stored: storedEvents, rejected: list, ...rest })
    const detail = 'nothing of it can be used as it is: it is kept in suspense with its reasons; do not post it again'
    this.#refuse(problem(400, 'nothing_accepted', detail, { members: { stored: 0, rejected: list, ...rest } }))
  }

  #answer(status: 200 | 204, value: object | null): void {
    this.#end()
    this.#side.onAnswered(status)
    if (this.#response.destroyed) return
    if (value === null) {
      this.#response.writeHead(status)
      this.#response.end()
      return
    }
    const body = Buffer.from(JSON.stringify(value), 'utf8')
    this.#response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length })
    this.#response.end(body)
  }

  #refuse(given: HttpProblem): void {
    this.#end()
    this.#side.onAnswered(given.status)
    if (!this.#response.destroyed) answerProblem(this.#response, given)
  }

  /** Nothing is kept of the body any more. */
  #end(): void {
    this.#state = 'ended'
    this.#chunks.length = 0
    if (this.#isHeld) this.#side.held.end(this.#asked.source, this.#bytes)
    this.#isHeld = false
  }
}

/**
 * The key of each delivery of a request that had to be cut: positions count within a delivery. A client's key is ASCII,
 * so none can be taken for one made here.
 */
function pieceKey(key: string | null, index: number): string | null {
  return key === null || index === 0 ? key : `${key}·${index}`
}
