import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { HttpConfig } from '../config/http.ts'
import type { Intake } from '../flow/ports.ts'
import { RequestSubmissions } from '../flow/submit-request.ts'
import type { DoorRule } from './door-rule.ts'
import { HttpExchange, type ExchangeSide } from './http-exchange.ts'
import { HeldBodies } from './http-held.ts'
import { openHttpListener, type HttpAddress } from './http-listeners.ts'
import { answerProblem, problem, rawProblem, type HttpProblem } from './http-problem.ts'
import { isProblem, readRequest, type RequestRules } from './http-request.ts'
import { SourceTokens } from './http-tokens.ts'
import { QuietLog } from './mqtt-quiet-log.ts'

/** What the HTTP door is opened with. */
export interface HttpDoorOptions {
  readonly config: HttpConfig
  /** The mapping rules that requests may name. */
  readonly rules: readonly DoorRule[]
  /** Names that belong to somebody at another door: devices with a secret, bridges. */
  readonly devices: readonly string[]
  readonly intake: Intake
  readonly clock: Clock
  readonly log: Log
}

/** Figures of the door for the status of the agent. */
export interface HttpDoorStatus {
  readonly connections: number
  /** Bodies of requests that are not answered yet. */
  readonly heldBytes: number
  /** How often which status was answered since the start. */
  readonly answers: Readonly<Record<string, number>>
}

/** The open door. */
export interface HttpDoor {
  readonly addresses: readonly HttpAddress[]
  status(): HttpDoorStatus
  /** Takes nothing more and ends when every answer is out; the intake is to be closed before. */
  close(): Promise<void>
}

/** Requests of one connection under way at once; who sends them without waiting gets no further. */
const mostPipelined = 16
const logWindowMs = 10_000
const drainMs = 2_000

/** Opens the HTTP door. Rejects with a `FaultError` when it cannot be opened as configured. */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const door = new Door(options)
  try {
    await door.open()
  } catch (error) {
    await door.close()
    throw error
  }
  return door
}

class Door implements HttpDoor, ExchangeSide {
  readonly addresses: HttpAddress[] = []
  readonly submissions: RequestSubmissions
  readonly held: HeldBodies
  readonly limits: HttpConfig['limits']
  readonly #options: HttpDoorOptions
  readonly #rules: RequestRules
  readonly #warnings: QuietLog
  readonly #servers: Server[] = []
  /** Open connections, with how many of their requests are under way. */
  readonly #connections = new Map<Duplex, number>()
  readonly #answers: Record<string, number> = {}
  #timer: Timer | null = null
  #isOpen = true

  constructor(options: HttpDoorOptions) {
    const { config, rules, devices, intake, log } = options
    const deviceIds = new Set(devices)
    this.#options = options
    this.limits = config.limits
    this.submissions = new RequestSubmissions(intake)
    this.held = new HeldBodies(config.limits)
    this.#warnings = new QuietLog(log)
    this.#rules = {
      tokens: new SourceTokens(config.sources),
      anonymous: config.anonymous,
      isDevice: (name) => deviceIds.has(name),
      mappings: new Map(rules.map((rule) => [rule.name, rule])),
      bodyBytes: config.limits.bodyBytes,
    }
  }

  async open(): Promise<void> {
    const { config, log } = this.#options
    for (const listener of config.listeners) {
      const opened = await openHttpListener(listener, config.limits, (request, response) => {
        this.#onRequest(request, response)
      })
      if (!opened.ok) throw new FaultError(opened.fault)
      const { server, address } = opened.value
      // Who asks whether to go on is told so only after the head was judged.
      server.on('checkContinue', (request, response) => this.#onRequest(request, response, true))
      server.on(address.tls ? 'secureConnection' : 'connection', (socket: Duplex) => this.#onConnection(socket))
      server.on('clientError', (error, socket) => this.#onBroken(error, socket))
      this.#servers.push(server)
      this.addresses.push(address)
      log.info('http listening', { ...address })
    }
    this.#endLogWindowLater()
  }

  status(): HttpDoorStatus {
    return { connections: this.#connections.size, heldBytes: this.held.bytes, answers: { ...this.#answers } }
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#timer?.cancel()
    this.submissions.close()
    const impatience = this.#options.clock.after(drainMs, () => {
      for (const server of this.#servers) server.closeAllConnections()
    })
    await Promise.all(this.#servers.map((server) => closed(server)))
    impatience.cancel()
  }

  onAnswered(status: number): void {
    this.#answers[status] = (this.#answers[status] ?? 0) + 1
  }

  #onConnection(socket: Duplex): void {
    this.#connections.set(socket, 0)
    socket.on('close', () => this.#connections.delete(socket))
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, asksToContinue = false): void {
    if (!this.#isOpen) return this.#refuse(request, response, closing())
    if (this.#answerHealth(request, response)) return
    const asked = this.#countPipelined(request, response) ? readRequest(request, this.#rules) : pipelinedTooMuch()
    if (isProblem(asked)) return this.#refuse(request, response, asked)
    if (asksToContinue) response.writeContinue()
    new HttpExchange(request, response, asked, this).start()
  }

  /** Whether the connection may have one more request under way. */
  #countPipelined({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const underWay = this.#connections.get(socket) ?? 0
    if (underWay >= mostPipelined) return false
    this.#connections.set(socket, underWay + 1)
    response.on('close', () => {
      const left = this.#connections.get(socket)
      if (left !== undefined) this.#connections.set(socket, left - 1)
    })
    return true
  }

  #answerHealth(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url !== '/healthz' || (request.method !== 'GET' && request.method !== 'HEAD')) return false
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end('{"status":"ok"}')
    return true
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: HttpProblem): void {
    this.onAnswered(refusal.status)
    const { status, code } = refusal
    this.#warnings.warn('http request refused', { status, code, address: request.socket.remoteAddress })
    // A short body that was announced is read past; anything else ends with the connection.
    const announced = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
    const isBodyless = request.method === 'GET' || request.method === 'HEAD'
    const closes = refusal.closes === true || !(isBodyless || announced <= this.limits.bodyBytes)
    answerProblem(response, { ...refusal, closes })
  }

  /** What could not be read as a request is answered as far as that is possible, and its connection ended. */
  #onBroken(error: Error, socket: Duplex): void {
    const code = 'code' in error ? String(error.code) : ''
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const refusal = brokenRequest(code)
    this.onAnswered(refusal.status)
    this.#warnings.warn('http request broken', { status: refusal.status, code })
    socket.end(rawProblem(refusal), () => socket.destroy())
  }

  #endLogWindowLater(): void {
    this.#timer = this.#options.clock.after(logWindowMs, () => {
      this.#warnings.endWindow()
      this.#endLogWindowLater()
    })
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

function closing(): HttpProblem {
  return problem(503, 'door_closing', 'the agent is stopping: post again later', {
    headers: { 'Retry-After': '5' },
    closes: true,
  })
}

function pipelinedTooMuch(): HttpProblem {
  const detail = `at most ${mostPipelined} requests of a connection may be under way: wait for answers`
  return problem(429, 'source_busy', detail, { closes: true })
}

function brokenRequest(code: string): HttpProblem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'request_too_late', 'the request took too long to arrive')
    case 'HPE_HEADER_OVERFLOW':
      return problem(431, 'header_too_large', 'the head of the request is over 8 KiB')
    default:
      return problem(400, 'request_malformed', 'this is no HTTP request')
  }
}
