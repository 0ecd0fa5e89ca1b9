import { Encoder } from 'cbor-x'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalise } from '../normalise.ts'
import { readCbor } from './cbor-value.ts'

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false })
const received = 1_790_000_000_000

// The other encoder writes −0 as the integer 0: adding 0 makes it one.
const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)
const numbers = fc.oneof(fc.integer(), fc.maxSafeInteger(), doubles)
const scalars = fc.oneof(numbers, fc.string({ unit: 'grapheme' }), fc.boolean(), fc.constant(null))
const names = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('', 'constructor', 'toString'))
const values = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalars,
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(
      names.filter((name) => name !== '__proto__'),
      tie('tree'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
})).tree

test('what another encoder writes is read back as it was', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(readCbor(Buffer.from(encoder.encode(value)))).toMatchObject({ ok: true, value: { hasDuplicate: false } })
      const result = readCbor(Buffer.from(encoder.encode(value)))
      expect(result.ok ? result.value.value : undefined).toEqual(value)
    }),
    { numRuns: 500 },
  )
})

const texts = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  fc.constantFrom('', 'x'.repeat(129), 'a\u0000', 'constructor', '@unit', '+x'),
)
const usageEvents = fc.record(
  {
    id: fc.oneof(texts, fc.integer()),
    source: texts,
    subject: texts,
    time: fc.oneof(fc.nat(), fc.constantFrom('2026-11-05T10:00:00Z', 'soon')),
    meter: fc.constantFrom('m', 'data.bytes', ''),
    quantity: fc.oneof(fc.nat(), fc.bigInt(0n, 2n ** 64n).map(String), fc.constantFrom(-1, 1.5, '1.5')),
    unit: fc.constantFrom('kWh', 'MB', 'KB'),
    sequence: fc.oneof(fc.nat(), fc.constant(-1)),
    dimensions: fc.dictionary(texts, fc.oneof(texts, fc.integer(), fc.boolean()), {
      noNullPrototype: true,
      maxKeys: 4,
    }),
    extra: scalars,
  },
  { requiredKeys: ['meter', 'quantity'] },
)

test('an event means the same as JSON and as CBOR, accepted or refused', () => {
  const withoutBytes = ({ events, rejected }: ReturnType<typeof normalise>) => ({
    events,
    rejected: rejected.map(({ index, eventId, code, message }) => ({ index, eventId, code, message })),
  })
  fc.assert(
    fc.property(fc.oneof(usageEvents, fc.array(usageEvents, { minLength: 1, maxLength: 4 })), (payload) => {
      const json = normalise('usage', 'dev-1', Buffer.from(JSON.stringify(payload)), received)
      const cbor = normalise('usage', 'dev-1', encoder.encode(payload), received)
      expect(withoutBytes(cbor)).toEqual(withoutBytes(json))
    }),
    { numRuns: 1000 },
  )
})

test('hostile bytes are refused or read: never a throw, and never more taken than was sent', () => {
  const heads = fc.constantFrom(0x80, 0x9a, 0x9f, 0xa1, 0xba, 0xbf, 0xd9)
  const hostile = fc.tuple(heads, fc.uint8Array({ maxLength: 200 })).map(([head, rest]) => Buffer.from([head, ...rest]))
  const flipped = fc.tuple(values, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([value, place, mask]) => {
    const bytes = Buffer.from(encoder.encode([value]))
    const at = place % bytes.length
    bytes[at] = (bytes[at] ?? 0) ^ mask
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(hostile, flipped), (bytes) => {
      const result = readCbor(bytes)
      if (result.ok) expect(weight(result.value.value)).toBeLessThanOrEqual(bytes.length)
      const { events, rejected } = normalise('usage', 'dev-1', bytes, received)
      expect(events.length + rejected.length).toBeGreaterThanOrEqual(1)
    }),
    { numRuns: 5000 },
  )
})

/** How many bytes a value needs at least in CBOR: a byte for each item, and the bytes of texts and byte strings. */
function weight(value: unknown): number {
  if (typeof value === 'string') return 1 + Buffer.byteLength(value)
  if (value instanceof Uint8Array) return 1 + value.length
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + weight(each), 1)
  if (typeof value !== 'object' || value === null) return 1
  return Object.entries(value).reduce((sum, [key, each]) => sum + weight(key) + weight(each), 1)
}
