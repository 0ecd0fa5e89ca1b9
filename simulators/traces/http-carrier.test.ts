import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HttpCarrier } from './http-carrier.ts'
import type { TraceRow } from './trace-row.ts'

interface Asked {
  readonly url: string
  readonly type: string
  readonly authorization: string
  readonly lines: readonly string[]
}

/** A door that gives these answers in turn, the last one for ever, and remembers what it was asked. */
async function door(
  answers: readonly (readonly [status: number, body: string])[],
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const answer = (body: string): void => {
      const { url = '', headers } = request
      const [type, authorization] = [headers['content-type'] ?? '', headers.authorization ?? '']
      asked.push({ url, type, authorization, lines: body.split('\n').slice(0, -1) })
      const [status, text] = answers[Math.min(asked.length, answers.length) - 1] ?? [500, '']
      response.writeHead(status).end(status === 204 ? undefined : text)
    }
    read(request).then(answer, () => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function row(number: number): TraceRow {
  return { row: number, timeMs: 0, topic: '', payload: Buffer.from(`{"n":${number}}`), identity: null, usage: {} }
}

async function carryAll(carrier: HttpCarrier, rows: number): Promise<number> {
  let acknowledged = 0
  for (let number = 0; number < rows; number += 1) await carrier.carry(row(number), () => (acknowledged += 1))
  await carrier.drained()
  return acknowledged
}

test('rows go in requests of a hundred, all of them, each once', async () => {
  const { url, asked } = await door([[204, '']])
  const carrier = new HttpCarrier({ url, path: '/v1/events?rule=helium', source: 'llm-1' })
  expect(await carryAll(carrier, 950)).toBe(950)
  expect(asked).toHaveLength(10)
  expect(asked.map(({ url: path }) => path)).toEqual(asked.map(() => '/v1/events?rule=helium'))
  expect(new Set(asked.map(({ type }) => type))).toEqual(new Set(['application/x-ndjson']))
  const lines = asked.flatMap((each) => each.lines)
  expect(new Set(lines).size).toBe(950)
  expect(lines).toHaveLength(950)
  await carrier.close()
})

test('a token says whose usage it is', async () => {
  const { url, asked } = await door([[204, '']])
  expect(await carryAll(new HttpCarrier({ url, path: '/v1/ai', source: 'llm-1', token: 'abc' }), 1)).toBe(1)
  expect(asked).toMatchObject([{ url: '/v1/ai', authorization: 'Bearer abc' }])
})

test('what the agent cannot take at the moment is sent again', async () => {
  const { url, asked } = await door([
    [503, 'no room'],
    [429, 'slowly'],
    [204, ''],
  ])
  const carrier = new HttpCarrier({ url, path: '/v1/ai', source: 'llm-1' })
  expect(await carryAll(carrier, 3)).toBe(3)
  expect(asked.map(({ lines }) => lines.length)).toEqual([3, 3, 3])
  expect(carrier.repeats).toBe(6)
})

test.each([
  ['some rows in suspense', 200, '{"stored":1,"rejected":[{"index":1}]}'],
  ['all of them', 400, '{"title":"x","rejected":[{"index":0}]}'],
])('%s are acknowledged', async (_name, status, body) => {
  const { url } = await door([[status, body]])
  expect(await carryAll(new HttpCarrier({ url, path: '/v1/ai', source: 'llm-1' }), 2)).toBe(2)
})

test('a refusal for good ends it, and says why', async () => {
  const { url, asked } = await door([[401, 'token_missing']])
  const carrier = new HttpCarrier({ url, path: '/v1/ai', source: 'llm-1' })
  await expect(carryAll(carrier, 1)).rejects.toThrow(/\/v1\/ai\?source=llm-1: 401 token_missing/)
  await expect(carrier.carry(row(2), () => undefined)).rejects.toThrow(/401/)
  await carrier.close()
  expect(asked).toHaveLength(1)
})
