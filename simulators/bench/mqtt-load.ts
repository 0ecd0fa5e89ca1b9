import { connect, type Socket } from 'node:net'
import { LatencyHistogram } from './latency-histogram.ts'
import { readLoad, stop, type Load } from './mqtt-load-options.ts'
import { EventIds, publishTemplate, type IdOrder, type PublishTemplate } from './publish-template.ts'

/** What the run found. Seconds and rates are those of the measured part, after the warm-up. */
export interface LoadReport {
  readonly connections: number
  readonly window: number
  readonly ratePerSecond: number | null
  readonly ids: IdOrder
  readonly payloadBytes: number
  readonly acknowledged: number
  readonly seconds: number
  readonly acknowledgedPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly generatorCpuMicrosPerEvent: number
}

/**
 * One run of the load generator: cheap enough to stand beside what it measures, on raw sockets at QoS 1, with messages
 * copied from a template and their ids patched in. It is a process of its own and prints one JSON object.
 *
 * Closed loop: every connection keeps `window` messages unacknowledged. Open loop (`--rate`): messages are due at a
 * given rate over all connections, and latency counts from when a message was due, not from when it could be sent.
 */
class LoadRun {
  readonly load: Load
  readonly ids: EventIds
  readonly latencies = new LatencyHistogram()
  readonly total: number
  sent = 0
  acknowledged = 0
  startedMs = 0
  measuredFromMs = 0
  finishedMs = 0
  cpuAtStart = process.cpuUsage()
  readonly #finish: () => void
  readonly finished: Promise<void>

  constructor(load: Load) {
    this.load = load
    this.ids = new EventIds(load.ids, load.timeMs)
    this.total = load.warmUpEvents + load.events
    const { promise, resolve } = Promise.withResolvers<void>()
    this.finished = promise
    this.#finish = resolve
  }

  start(): void {
    this.startedMs = performance.now()
    if (this.load.warmUpEvents === 0) this.#beginMeasuring(this.startedMs)
  }

  /** How many of `wanted` messages may still be sent. */
  take(wanted: number): number {
    const granted = Math.min(wanted, this.total - this.sent)
    this.sent += granted
    return granted
  }

  onAcknowledged(dueMs: number, nowMs: number): void {
    this.acknowledged++
    if (this.acknowledged > this.load.warmUpEvents) this.latencies.record((nowMs - dueMs) * 1000)
    else if (this.acknowledged === this.load.warmUpEvents) this.#beginMeasuring(nowMs)
    if (this.acknowledged === this.total) {
      this.finishedMs = nowMs
      this.#finish()
    }
  }

  #beginMeasuring(nowMs: number): void {
    this.measuredFromMs = nowMs
    this.cpuAtStart = process.cpuUsage()
  }
}

/** One connection. Packet ids are the window's slots, so that an acknowledgement finds its message without a search. */
class LoadConnection {
  readonly #run: LoadRun
  readonly #socket: Socket
  readonly #template: PublishTemplate
  readonly #dueMs: Float64Array
  readonly #freeSlots: Uint16Array
  #free: number
  #rest: Buffer = Buffer.alloc(0)
  #isAccepted = false
  readonly accepted: Promise<void>
  readonly #accept: () => void
  readonly #fail: (error: Error) => void

  constructor(run: LoadRun, index: number) {
    const { load } = run
    this.#run = run
    const device = `${load.devicePrefix}${index}`
    this.#template = publishTemplate(`${load.topicPrefix}/${device}/${load.kind}`, (id) => payloadOf(load, id))
    const slots = load.ratePerSecond === null ? load.window : 65_535
    this.#dueMs = new Float64Array(slots + 1)
    this.#freeSlots = Uint16Array.from({ length: slots }, (_, slot) => slots - slot)
    this.#free = slots
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.accepted = promise
    this.#accept = resolve
    this.#fail = reject
    this.#socket = connect({ host: load.host, port: load.port, noDelay: true })
    this.#socket.on('connect', () => this.#socket.write(connectPacket(device, load.password)))
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => {
      if (run.acknowledged < run.total) stop(`the broker closed connection ${index}`)
    })
  }

  get hasRoom(): boolean {
    return this.#free > 0
  }

  /** Sends up to `count` messages in one piece; `dueMs` is when they ought to have been sent. */
  send(count: number, dueMs: number): number {
    const sending = this.#run.take(Math.min(count, this.#free))
    if (sending === 0) return 0
    const { bytes, packetIdAt, eventIdAt } = this.#template
    const chunk = Buffer.allocUnsafe(bytes.length * sending)
    for (let index = 0, at = 0; index < sending; index++, at += bytes.length) {
      chunk.set(bytes, at)
      const slot = this.#freeSlots[--this.#free] ?? 0
      this.#dueMs[slot] = dueMs
      chunk[at + packetIdAt] = slot >>> 8
      chunk[at + packetIdAt + 1] = slot & 255
      this.#run.ids.write(chunk, at + eventIdAt)
    }
    this.#socket.write(chunk)
    return sending
  }

  close(): void {
    this.#socket.destroy()
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const nowMs = performance.now()
    let at = 0
    // Every packet a broker sends to a publisher at QoS 1 has four bytes: CONNACK and PUBACK.
    for (; at + 4 <= bytes.length; at += 4) {
      if (bytes[at] === 0x40) {
        const slot = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
        this.#freeSlots[this.#free++] = slot
        this.#run.onAcknowledged(this.#dueMs[slot] ?? 0, nowMs)
      } else if (bytes[at] === 0x20 && bytes[at + 3] === 0 && !this.#isAccepted) {
        this.#isAccepted = true
        this.#accept()
      } else {
        this.#fail(new Error(`an unexpected packet from the broker: ${bytes.subarray(at, at + 4).toString('hex')}`))
      }
    }
    this.#rest = bytes.subarray(at)
    if (this.#run.load.ratePerSecond === null && this.#run.startedMs > 0) this.send(this.#free, nowMs)
  }
}

function connectPacket(device: string, password: string | null): Buffer {
  const field = (text: string): Buffer => {
    const bytes = Buffer.from(text)
    return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes])
  }
  const credentials = password === null ? [] : [field(device), field(password)]
  const flags = password === null ? 0x02 : 0xc2
  const body = Buffer.concat([field('MQTT'), Buffer.of(4, flags, 0, 0), field(device), ...credentials])
  if (body.length > 127) throw new Error('device name and password are too long for this generator')
  return Buffer.concat([Buffer.of(0x10, body.length), body])
}

function payloadOf(load: Load, id: string): string {
  if (load.kind === 'usage') {
    return JSON.stringify({
      id,
      time: load.timeMs,
      meter: 'data.bytes',
      quantity: 1250,
      dimensions: { apn: 'iot.acme' },
    })
  }
  return JSON.stringify({
    'gen_ai.response.id': id,
    'gen_ai.response.model': 'bright-large-2',
    'gen_ai.usage.input_tokens': 1374,
    'gen_ai.usage.output_tokens': 131,
    time: load.timeMs,
  })
}

/** Sends what has come due, spread over the connections, every millisecond or so. */
function pace(run: LoadRun, connections: readonly LoadConnection[], ratePerSecond: number): void {
  let due = 0
  let next = 0
  const tick = (): void => {
    const nowMs = performance.now()
    const target = Math.min(run.total, Math.floor(((nowMs - run.startedMs) / 1000) * ratePerSecond))
    let stuck = 0
    while (due < target && stuck < connections.length) {
      const connection = connections[next]
      next = (next + 1) % connections.length
      const dueMs = run.startedMs + (due / ratePerSecond) * 1000
      if (connection?.send(1, dueMs) === 1) {
        due++
        stuck = 0
      } else stuck++
    }
    if (due < run.total) setTimeout(tick, 1)
  }
  tick()
}

async function runLoad(load: Load): Promise<LoadReport> {
  const run = new LoadRun(load)
  const connections: LoadConnection[] = []
  for (let index = 0; index < load.connections; index++) {
    connections.push(new LoadConnection(run, index))
    // A listen queue has its limits too.
    if (connections.length % 100 === 0) await Promise.all(connections.map((connection) => connection.accepted))
  }
  await Promise.all(connections.map((connection) => connection.accepted))
  run.start()
  if (load.ratePerSecond === null) for (const connection of connections) connection.send(load.window, run.startedMs)
  else pace(run, connections, load.ratePerSecond)
  await run.finished
  const cpu = process.cpuUsage(run.cpuAtStart)
  for (const connection of connections) connection.close()

  const seconds = (run.finishedMs - run.measuredFromMs) / 1000
  const milliseconds = (share: number): number => Math.round(run.latencies.quantileMicros(share)) / 1000
  return {
    connections: load.connections,
    window: load.window,
    ratePerSecond: load.ratePerSecond,
    ids: load.ids,
    payloadBytes: payloadOf(load, 'i'.repeat(36)).length,
    acknowledged: load.events,
    seconds,
    acknowledgedPerSecond: Math.round(load.events / seconds),
    p50Ms: milliseconds(0.5),
    p99Ms: milliseconds(0.99),
    maxMs: run.latencies.maxMicros / 1000,
    generatorCpuMicrosPerEvent: (cpu.user + cpu.system) / load.events,
  }
}

process.stdout.write(`${JSON.stringify(await runLoad(readLoad()))}\n`)
