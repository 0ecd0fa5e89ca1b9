import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { httpSchema, type HttpConfig } from '../config/http.ts'
import type { Reject } from '../flow/ports.ts'
import type { DoorRule } from './door-rule.ts'
import { openHttpDoor, type HttpDoor } from './http-door.ts'
import { newToken } from './http-tokens.ts'
import { HandClock, HeldIntake } from './intake-for-tests.ts'

const shop = newToken(seededRandom('shop'))
const farm = newToken(seededRandom('farm'))

const rules: readonly DoorRule[] = [
  { name: 'odd', topics: [], publishers: null, readsLines: false },
  { name: 'lines', topics: [], publishers: ['farm'], readsLines: true },
]

interface OpenDoor extends AsyncDisposable {
  readonly door: HttpDoor
  readonly intake: HeldIntake
  readonly port: number
  /** Posts and gives status and body (parsed where it is JSON); commits happen when the test says so. */
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

function config(given: object): HttpConfig {
  const parsed = httpSchema.parse({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    sources: [
      { source: 'shop', tokenHash: shop.tokenHash },
      { source: 'farm', tokenHash: farm.tokenHash },
    ],
    ...given,
  })
  if (parsed === undefined) throw new Error('the settings were left out')
  return parsed
}

async function open(given: object = {}): Promise<OpenDoor> {
  const intake = new HeldIntake()
  const door = await openHttpDoor({
    config: config(given),
    rules,
    devices: ['trk-1'],
    intake,
    clock: new HandClock(),
    log: silentLog(),
  })
  const port = door.addresses[0]?.port ?? 0
  return {
    door,
    intake,
    port,
    async post(path, body, headers = {}) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: Buffer.from(body),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${shop.token}`, ...headers },
      })
      const text = await answer.text()
      return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
    },
    async [Symbol.asyncDispose]() {
      await door.close()
    },
  }
}

function reject(index: number, events: number, more: Partial<Reject> = {}): Reject {
  return {
    device: 'shop',
    code: 'quantity_negative',
    message: 'is negative',
    eventId: `e${index}`,
    index,
    events,
    ...more,
  }
}

describe('an answer', () => {
  test('comes after the commit, 204 when nothing was rejected', async () => {
    await using door = await open()
    const posted = door.post('/v1/events', '[{"id":"e1"}]')
    await door.intake.arrived(1)
    expect(door.door.status()).toMatchObject({ connections: 1, answers: {} })
    expect(door.intake.taken).toEqual(['shop/usage [{"id":"e1"}]'])
    door.intake.settle()
    expect(await posted).toMatchObject({ status: 204, body: null })
    expect(door.door.status()).toMatchObject({ heldBytes: 0, answers: { 204: 1 } })
  })

  test('lists what was rejected of several deliveries with its place in the body', async () => {
    await using door = await open()
    const lines = Array.from({ length: 1500 }, (_, index) => JSON.stringify({ id: `e${index}` }))
    const posted = door.post('/v1/events', lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    await door.intake.arrived(2)
    door.intake.settle(1)
    door.intake.settle(1, 'stored', () => [reject(2, 500), reject(3, 500, { more: 7 })])
    expect(await posted).toMatchObject({
      status: 200,
      body: {
        stored: 1491,
        rejectedEvents: 9,
        rejected: [
          { index: 1002, id: 'e2', code: 'quantity_negative', message: 'is negative' },
          { index: 1003, id: 'e3' },
        ],
      },
    })
  })

  test('is a problem with the same list when nothing is left', async () => {
    await using door = await open()
    const posted = door.post('/v1/ai', '{}')
    await door.intake.arrived(1)
    door.intake.settle(1, 'stored', () => [reject(0, 1)])
    const { status, headers, body } = await posted
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ status: 400, code: 'nothing_accepted', stored: 0, rejected: [{ index: 0, id: 'e0' }] })
    expect(door.intake.taken).toEqual(['shop/ai {}'])
  })

  test('is 503 as soon as a part could not be stored, with when to come again', async () => {
    await using door = await open()
    const posted = door.post('/v1/events', '{}')
    await door.intake.arrived(1)
    door.intake.settle(1, 'unavailable')
    const { status, headers, body } = await posted
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(body).toMatchObject({ code: 'intake_unavailable' })
  })

  test('waits for room, in the order of arrival, and is given up when the door closes', async () => {
    await using door = await open()
    door.intake.capacity = 1
    const first = door.post('/v1/events', '{"id":"1"}')
    await door.intake.arrived(1)
    const second = door.post('/v1/events', '{"id":"2"}')
    const isHeld = async (requests: number): Promise<void> => {
      while (door.door.status().heldBytes < requests * 1034) await new Promise(setImmediate)
    }
    await isHeld(2)
    door.intake.settle()
    expect(await first).toMatchObject({ status: 204 })
    // There is room now, and nobody has said so yet: who comes meanwhile stays behind who waits.
    const third = door.post('/v1/events', '{"id":"3"}')
    await isHeld(2)
    expect(door.intake.taken).toHaveLength(1)
    door.intake.giveRoom()
    expect(door.intake.taken[1]).toBe('shop/usage {"id":"2"}')
    door.intake.settle()
    const closing = door.door.close()
    const statuses = [(await second).status, (await third).status].toSorted((left, right) => left - right)
    expect(statuses).toEqual([204, 503])
    await closing
  })
})

describe('who may post', () => {
  const longest = 't'.repeat(256)
  const cases: readonly [string, object, string, Record<string, string>, number, string | null][] = [
    // what, settings, path, headers, status, code or whose name it was taken in
    ['no token', {}, '/v1/events', { authorization: '' }, 401, 'token_unknown'],
    ['an unknown token', {}, '/v1/events', { authorization: 'Bearer mlt_x' }, 401, 'token_unknown'],
    ['another scheme', {}, '/v1/events', { authorization: `Basic ${shop.token}` }, 401, 'token_unknown'],
    ['a token', {}, '/v1/events', {}, 204, 'shop/usage'],
    ['a token, scheme in capitals', {}, '/v1/events', { authorization: `BEARER ${farm.token}` }, 204, 'farm/usage'],
    ['its own source', {}, '/v1/events?source=shop', {}, 204, 'shop/usage'],
    ['another source', {}, '/v1/events?source=farm', {}, 403, 'source_not_allowed'],
    ['a rule', {}, '/v1/events?rule=odd', {}, 204, 'shop\0odd\0\0/mapped'],
    ['a rule of others', {}, '/v1/events?rule=lines', {}, 403, 'rule_not_allowed'],
    ['an unknown rule', {}, '/v1/events?rule=none', {}, 404, 'rule_unknown'],
    ['a misspelt parameter', {}, '/v1/events?rules=odd', {}, 400, 'parameter_invalid'],
    ['a rule with a topic', {}, '/v1/events?rule=odd&topic=a/b%20c/%C3%A9', {}, 204, 'shop\0odd\0a/b c/é\0/mapped'],
    ['a topic without a rule', {}, '/v1/events?topic=a/b', {}, 400, 'parameter_invalid'],
    ['a topic with a wildcard', {}, '/v1/events?rule=odd&topic=a/%2B', {}, 400, 'parameter_invalid'],
    ['a topic with another', {}, '/v1/events?rule=odd&topic=a/%23', {}, 400, 'parameter_invalid'],
    ['a topic with NUL', {}, '/v1/events?rule=odd&topic=a%00b', {}, 400, 'parameter_invalid'],
    ['an empty topic', {}, '/v1/events?rule=odd&topic=', {}, 400, 'parameter_invalid'],
    ['a topic twice', {}, '/v1/events?rule=odd&topic=a&topic=b', {}, 400, 'parameter_invalid'],
    ['the longest topic', {}, `/v1/events?rule=odd&topic=${longest}`, {}, 204, `shop\0odd\0${longest}\0/mapped`],
    ['a longer topic', {}, `/v1/events?rule=odd&topic=${longest}t`, {}, 400, 'parameter_invalid'],
    ['a parameter twice', {}, '/v1/events?rule=odd&rule=odd', {}, 400, 'parameter_invalid'],
    ['a key', {}, '/v1/events', { 'idempotency-key': '"k-1"' }, 204, 'shop\0\0\0k-1/usage'],
    ['a key with a space', {}, '/v1/events', { 'idempotency-key': 'k 1' }, 400, 'idempotency_key_invalid'],
    ['a long key', {}, '/v1/events', { 'idempotency-key': 'k'.repeat(65) }, 400, 'idempotency_key_invalid'],
    [
      'where OpenMeter posts',
      {},
      '/api/v1/events',
      { 'content-type': 'application/cloudevents+json' },
      204,
      'shop/usage',
    ],
    ['text', {}, '/v1/events', { 'content-type': 'text/plain' }, 415, 'content_type_unsupported'],
    [
      'latin 1',
      {},
      '/v1/events',
      { 'content-type': 'application/json; charset=latin1' },
      415,
      'content_type_unsupported',
    ],
    ['UTF-8', {}, '/v1/events', { 'content-type': 'Application/JSON; charset=UTF-8' }, 204, 'shop/usage'],
    ['gzip', {}, '/v1/events', { 'content-encoding': 'gzip' }, 415, 'content_encoding_unsupported'],
    ['binary CloudEvents', {}, '/v1/events', { 'ce-specversion': '1.0' }, 415, 'content_type_unsupported'],
    ['protobuf', {}, '/v1/events', { 'content-type': 'application/x-protobuf' }, 415, 'content_type_unsupported'],
    [
      'protobuf for a rule',
      {},
      '/v1/events?rule=odd',
      { 'content-type': 'application/x-protobuf' },
      204,
      'shop\0odd\0\0/mapped',
    ],
    [
      'a form for a rule',
      {},
      '/v1/events?rule=odd',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'content_type_unsupported',
    ],
    ['elsewhere', {}, '/v2/events', {}, 404, 'path_unknown'],
    ['a name of all objects', {}, '/constructor', {}, 404, 'path_unknown'],
  ]
  test.each(cases)('%s', async (_what, given, path, headers, status, expected) => {
    await using door = await open(given)
    door.intake.settleAtOnce()
    const answer = await door.post(path, '{}', headers)
    const said = status === 204 ? door.intake.taken[0]?.replace(/ {}$/, '') : (answer.body as { code: string }).code
    expect([answer.status, said]).toEqual([status, expected])
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('without a token: nobody, or whoever is on this machine, for a source that has none', async () => {
    const bare = async (given: object, path: string, headers: Record<string, string> = {}): Promise<string> => {
      await using door = await open(given)
      door.intake.settleAtOnce()
      const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } }
      const answer = await fetch(`http://127.0.0.1:${door.port}${path}`, init)
      if (answer.status === 204) return door.intake.taken.join()
      return ((await answer.json()) as { code: string }).code
    }
    const local = { anonymous: 'loopback' }
    expect(await bare({}, '/v1/events')).toBe('token_missing')
    expect(await bare(local, '/v1/events')).toBe('http/usage {}')
    expect(await bare(local, '/v1/events?source=dev-9')).toBe('dev-9/usage {}')
    expect(await bare(local, '/v1/events?rule=odd')).toBe('odd\0odd\0\0/mapped {}')
    expect(await bare(local, '/v1/events?source=shop')).toBe('source_not_allowed')
    expect(await bare(local, '/v1/events?source=trk-1')).toBe('source_not_allowed')
    expect(await bare(local, '/v1/events?source=a%00b')).toBe('parameter_invalid')
    expect(await bare(local, '/v1/events', { origin: 'http://evil.example' })).toBe('anonymous_refused')
    expect(await bare(local, '/v1/events', { 'x-forwarded-for': '10.0.0.1' })).toBe('anonymous_refused')
  })

  test('other methods and the health', async () => {
    await using door = await open()
    const get = await fetch(`http://127.0.0.1:${door.port}/v1/events`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    const health = await fetch(`http://127.0.0.1:${door.port}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
  })
})

/** Writes bytes on a connection of its own and gives everything that comes back until it ends. */
async function exchange(port: number, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  let said = ''
  socket.on('data', (bytes) => (said += bytes.toString()))
  socket.on('error', () => undefined)
  for (const part of parts) socket.write(part)
  await new Promise((resolve) => socket.once('close', resolve))
  return said
}

const head = (...fields: string[]): string =>
  [
    'POST /v1/events HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${shop.token}`,
    'Content-Type: application/json',
    ...fields,
    '',
    '',
  ].join('\r\n')

describe('caps', () => {
  test('a body that says it is too large is refused before it is read, and one that turns out to be as well', async () => {
    await using door = await open({ limits: { bodyBytes: 2000 } })
    const announced = await exchange(door.port, head('Content-Length: 2001'))
    expect(announced).toMatch(/^HTTP\/1\.1 413 [^]*body_too_large/)
    const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`
    const chunked = await exchange(door.port, head('Transfer-Encoding: chunked'), chunk, chunk, chunk)
    expect(chunked).toMatch(/^HTTP\/1\.1 413 [^]*body_too_large/)
    expect(door.intake.taken).toEqual([])
    expect(door.door.status().heldBytes).toBe(0)
  })

  test('who waits to be told to continue is told what is wrong instead', async () => {
    await using door = await open()
    const refused = await exchange(door.port, head('Expect: 100-continue', 'Content-Length: 99999999'))
    expect(refused).toMatch(/^HTTP\/1\.1 413 /)
    door.intake.settleAtOnce()
    const status = await new Promise((resolve, fail) => {
      const headers = {
        authorization: `Bearer ${shop.token}`,
        'content-type': 'application/json',
        expect: '100-continue',
      }
      const sent = httpRequest({
        port: door.port,
        method: 'POST',
        path: '/v1/events',
        headers: { ...headers, 'content-length': 2 },
      })
      sent.on('continue', () => sent.end('{}'))
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', fail)
      sent.flushHeaders()
    })
    expect(status).toBe(204)
  })

  test('a request without a length, or that is none, is answered and its connection ended', async () => {
    await using door = await open()
    expect(await exchange(door.port, head())).toMatch(/^HTTP\/1\.1 411 [^]*length_required/)
    expect(await exchange(door.port, 'GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*request_malformed/)
    expect(await exchange(door.port, head(`X: ${'x'.repeat(9000)}`))).toMatch(/^HTTP\/1\.1 431 /)
    expect(await exchange(door.port, Buffer.from([0x16, 3, 1, 0, 200, 1]))).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('a body that does not come is not waited for for ever, and others are served meanwhile', async () => {
    await using door = await open({ limits: { headerMs: 100, requestMs: 100 } })
    door.intake.settleAtOnce()
    const slow = exchange(door.port, head('Content-Length: 100'), '{')
    expect(await door.post('/v1/events', '{}')).toMatchObject({ status: 204 })
    expect(await slow).toMatch(/^HTTP\/1\.1 408 [^]*request_too_late/)
    expect(door.door.status().heldBytes).toBe(0)
  })

  test('what one source has under way is bounded, and does not count against another', async () => {
    await using door = await open({ limits: { heldBytesPerSource: 1024 * 1024 } })
    const body = JSON.stringify({ padding: 'x'.repeat(600_000) })
    const first = door.post('/v1/events', body)
    await door.intake.arrived(1)
    expect(await door.post('/v1/events', body)).toMatchObject({ status: 429, body: { code: 'source_busy' } })
    const other = door.post('/v1/events', body, { authorization: `Bearer ${farm.token}` })
    await door.intake.arrived(2)
    door.intake.settle()
    expect([(await first).status, (await other).status]).toEqual([204, 204])
    expect(door.door.status().heldBytes).toBe(0)
  })

  test('requests sent without waiting are bounded for a connection', async () => {
    await using door = await open()
    const one = head('Content-Length: 2') + '{}'
    const said = exchange(door.port, one.repeat(17))
    await door.intake.arrived(16)
    door.intake.settle()
    expect((await said).match(/HTTP\/1\.1 \d+/g)).toEqual([...Array<string>(16).fill('HTTP/1.1 204'), 'HTTP/1.1 429'])
  })

  test('a client that leaves is not answered, and what it sent whole is still held until it is stored', async () => {
    await using door = await open()
    const socket = connect({ host: '127.0.0.1', port: door.port })
    socket.write(head('Content-Length: 2') + '{}')
    await door.intake.arrived(1)
    socket.destroy()
    while (door.door.status().connections > 0) await new Promise(setImmediate)
    expect(door.door.status().heldBytes).toBeGreaterThan(0)
    door.intake.settle()
    expect(door.door.status().heldBytes).toBe(0)
  })
})

test('an address others can reach needs TLS', async () => {
  const opening = open({ listeners: [{ host: '0.0.0.0', port: 0 }] })
  await expect(opening).rejects.toThrow('would carry tokens and usage in plain text')
})
