import { connect, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { EventIds } from './publish-template.ts'

/** What the run found; the rate is that of the measured part, after the warm-up. */
export interface HttpLoadReport {
  readonly events: number
  readonly bodyBytes: number
  readonly seconds: number
  readonly eventsPerSecond: number
}

const idLength = 36
const success = Buffer.from('HTTP/1.1 204')
const endOfHead = Buffer.from('\r\n\r\n')

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8480' },
    path: { type: 'string', default: '/v1/events' },
    connections: { type: 'string', default: '20' },
    batch: { type: 'string', default: '100' },
    events: { type: 'string', default: '100000' },
    'warm-up': { type: 'string', default: '0' },
  },
})
const batch = Number(values.batch)
const warmUp = Math.ceil(Number(values['warm-up']) / batch)
const total = warmUp + Math.ceil(Number(values.events) / batch)
const { bytes: template, idsAt, bodyBytes } = requestTemplate()
const ids = new EventIds('ordered', Date.now())

let sent = 0
let answered = 0
let measuredFromMs = performance.now()
const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>()

/**
 * One run of the HTTP load generator: requests copied from a template with fresh event ids, one after the other on each
 * of some raw sockets that stay open. It is a process of its own and prints one JSON object.
 */
const sockets = Array.from({ length: Number(values.connections) }, () => {
  const socket = connect({ host: '127.0.0.1', port: Number(values.port), noDelay: true })
  socket.on('connect', () => sendNext(socket))
  socket.on('data', (chunk: Buffer) => onAnswer(socket, chunk))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
  return socket
})
await finished
const seconds = (performance.now() - measuredFromMs) / 1000
for (const socket of sockets) socket.removeAllListeners('close').destroy()
const events = (total - warmUp) * batch
const report: HttpLoadReport = { events, bodyBytes, seconds, eventsPerSecond: Math.round(events / seconds) }
process.stdout.write(`${JSON.stringify(report)}\n`)

function sendNext(socket: Socket): void {
  if (sent === total) return
  sent++
  const request = Buffer.from(template)
  for (const at of idsAt) ids.write(request, at)
  socket.write(request)
}

/** An answer of 204 has no body, so it ends with its head; a piece of one is as good as all of it on this machine. */
function onAnswer(socket: Socket, chunk: Buffer): void {
  if (!chunk.subarray(0, success.length).equals(success) || !chunk.subarray(-4).equals(endOfHead)) {
    return fail(new Error(`the server answered ${chunk.toString('latin1', 0, 400)}`))
  }
  answered++
  if (answered === warmUp) measuredFromMs = performance.now()
  if (answered === total) finish()
  else sendNext(socket)
}

function requestTemplate(): { bytes: Buffer; idsAt: readonly number[]; bodyBytes: number } {
  const id = 'i'.repeat(idLength)
  const event = { id, time: Date.now(), meter: 'data.bytes', quantity: 1250, dimensions: { apn: 'iot.acme' } }
  const body = JSON.stringify(Array.from({ length: batch }, () => event))
  const head = [
    `POST ${values.path} HTTP/1.1`,
    `host: 127.0.0.1:${values.port}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    '',
    '',
  ].join('\r\n')
  const bytes = Buffer.from(head + body)
  const idsAt: number[] = []
  for (let at = bytes.indexOf(id); at >= 0; at = bytes.indexOf(id, at + idLength)) idsAt.push(at)
  return { bytes, idsAt, bodyBytes: body.length }
}
