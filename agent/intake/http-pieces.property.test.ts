import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutBody, type BodyForm, type BodyPiece } from './http-pieces.ts'
import { isProblem } from './http-request.ts'

const mostEvents = 10_000

/** How many bytes are no white space, comma or bracket. */
function solid(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) if (byte > 0x20 && byte !== 0x2c && byte !== 0x5b && byte !== 0x5d) count++
  return count
}

function cut(body: string | Uint8Array, form: BodyForm, most = mostEvents): readonly BodyPiece[] {
  const pieces = cutBody(Buffer.from(body), form, most)
  if (isProblem(pieces)) throw new Error(`${pieces.code}: ${pieces.detail}`)
  return pieces
}

function code(body: string | Uint8Array, form: BodyForm, most = mostEvents): string | null {
  const pieces = cutBody(Buffer.from(body), form, most)
  return isProblem(pieces) ? pieces.code : null
}

/** What the journal would read of a piece. */
function eventsOf(piece: BodyPiece): unknown[] {
  const value: unknown = JSON.parse(Buffer.from(piece.payload).toString())
  return Array.isArray(value) ? (value as unknown[]) : [value]
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('"', '\\', '\\"', '],[', '}{', ',', '\n'),
)
const events = fc.record({ id: texts, note: texts, nested: fc.jsonValue({ maxDepth: 3 }), size: fc.nat(4000) })

/** Some of the events so large that bodies have to be cut. */
const bodies = fc
  .array(events, { minLength: 1, maxLength: 60 })
  .map((list) => list.map(({ size, ...event }) => ({ ...event, padding: 'é]"'.repeat(size) })))

function expectSameEvents(pieces: readonly BodyPiece[], list: readonly unknown[]): void {
  expect(pieces.flatMap(eventsOf)).toEqual(JSON.parse(JSON.stringify(list)))
  let position = 0
  for (const piece of pieces) {
    expect(piece.firstPosition).toBe(position)
    position += eventsOf(piece).length
    if (piece.events !== null) expect(piece.events).toBe(eventsOf(piece).length)
    // Only a single event may be larger than a delivery: it is refused where its beginning is kept.
    if (eventsOf(piece).length > 1) expect(piece.payload.length).toBeLessThanOrEqual(65_536)
  }
}

test('an array that is cut holds the same events in the same order, however it is written', () => {
  const spaces = fc.constantFrom('', ' ', '\n', '\t\r\n')
  fc.assert(
    fc.property(bodies, spaces, fc.boolean(), (list, space, pretty) => {
      const elements = list.map((event) => JSON.stringify(event, null, pretty ? 2 : undefined))
      const body = `${space}[${space}${elements.join(`${space},${space}`)}${space}]${space}`
      expectSameEvents(cut(body, 'json'), list)
    }),
    { numRuns: 200 },
  )
})

test('lines that are gathered hold the same events in the same order', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom('\n', '\r\n', '\n\n \n'), (list, lineEnd) => {
      const body = list.map((event) => JSON.stringify(event)).join(lineEnd)
      expectSameEvents(cut(body, 'json-lines'), list)
      const raw = cut(body, 'raw-lines').map(({ payload }) => Buffer.from(payload).toString())
      expect(raw.join('\n').split(/\s*\n\s*/)).toEqual(list.map((event) => JSON.stringify(event)))
    }),
    { numRuns: 200 },
  )
})

test('a line that is no JSON by itself travels alone and spoils no other', () => {
  const deep = `${'['.repeat(20)}${']'.repeat(20)}`
  const spoilers = ['{"a":1},{"b":2}', '{"a":1', '"b":2}', '1],[2', 'x', '{"a":1}}', deep]
  for (const spoiler of spoilers) {
    const pieces = cut(`{"id":"1"}\n${spoiler}\n{"id":"2"}\n`, 'json-lines')
    expect(pieces.map(({ payload }) => Buffer.from(payload).toString())).toEqual([
      '[{"id":"1"}]',
      spoiler,
      '[{"id":"2"}]',
    ])
    expect(pieces.map(({ firstPosition }) => firstPosition)).toEqual([0, 1, 2])
  }
  const broken = Buffer.concat([Buffer.from('{"id":"1"}\n{"id":"'), Buffer.from([0xff]), Buffer.from('"}\n{"id":"2"}')])
  expect(cut(broken, 'json-lines')).toHaveLength(3)
})

test('whatever the bytes, cutting ends, and keeps every byte that is not white space or a comma', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', '1', ' ', '\n'), { maxLength: 300 })
      .map((parts) => Buffer.from(parts.join(''))),
  )
  fc.assert(
    fc.property(hostile, fc.constantFrom<BodyForm>('json', 'json-lines', 'raw-lines', 'whole'), (bytes, form) => {
      const padded = (length: number): Buffer => Buffer.concat([Buffer.from('['), bytes, Buffer.alloc(length, 0x20)])
      for (const body of [Buffer.from(bytes), padded(21_000), padded(70_000)]) {
        const pieces = cutBody(body, form, mostEvents)
        if (isProblem(pieces)) continue
        expect(pieces.reduce((sum, { payload }) => sum + solid(payload), 0)).toBe(solid(body))
      }
    }),
    { numRuns: 500 },
  )
})

test('what cannot be cut says why', () => {
  expect(code('', 'json')).toBe('body_empty')
  expect(code(' \n ', 'json-lines')).toBe('body_empty')
  expect(code(`[${' '.repeat(70_000)}]`, 'json')).toBe('body_empty')
  const many = `[${Array.from({ length: 11 }, () => `{"x":"${'x'.repeat(7000)}"}`).join(',')}]`
  expect(code(many, 'json', 10)).toBe('body_too_many_events')
  expect(code(many, 'json', 11)).toBeNull()
  expect(code('1\n2\n3', 'json-lines', 2)).toBe('body_too_many_events')
  for (const wrong of ['[1}', '[1,]', '[,1]', '[1,,2]', '[1]x', '[1]]', '{"a":1]', '[1', '["']) {
    expect(code(wrong + ' '.repeat(70_000), 'json')).toBe(wrong.startsWith('{') ? null : 'body_not_json')
  }
  expect(code(`[${'{"x":1},'.repeat(10_000)}{"x":1`, 'json', 20_000)).toBe('body_not_json')
  expect(code(`[${'{"x":1},'.repeat(8_000)}{"x":1}]]`, 'json')).toBe('body_not_json')
})

test('an element that nests too deep travels alone and spoils no other', () => {
  const deep = `${'['.repeat(20)}${']'.repeat(20)}`
  const body = `[{"id":"1"},${deep},{"id":"2"}${' '.repeat(70_000)}]`
  expect(cut(body, 'json').map(({ payload }) => Buffer.from(payload).toString())).toEqual([
    '[{"id":"1"}]',
    `[${deep}]`,
    '[{"id":"2"}]',
  ])
})

test('what is no array goes as it is', () => {
  const event = JSON.stringify({ padding: 'x'.repeat(70_000) })
  expect(cut(event, 'json')).toEqual([{ payload: Buffer.from(event), firstPosition: 0, events: null }])
  const cbor = Buffer.alloc(70_000, 0x80)
  expect(cut(cbor, 'whole')).toEqual([{ payload: cbor, firstPosition: 0, events: null }])
})
