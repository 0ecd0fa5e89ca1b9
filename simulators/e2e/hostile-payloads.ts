import { encode } from 'cbor-x'
import type { Random } from '@meterline/shared/base/random.ts'

/** Well-formed payloads of the kinds an agent reads; hostile ones are made out of them. */
const honest: readonly Buffer[] = [
  { id: 'h-1', time: '2025-03-01T00:00:00Z', meter: 'data.bytes', quantity: 1500, dimensions: { apn: 'iot' } },
  { usage: { 'data.bytes': '9007199254740993', messages: 1 }, subject: 'sim-1', unit: 'kB', sequence: 7 },
  { specversion: '1.0', id: '1', source: '/a', type: 't', data: { meter: 'data.bytes', quantity: 1 } },
  { 'gen_ai.response.id': 'c-1', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 3 },
  { id: 'msg', type: 'message', model: 'm', usage: { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 1 } },
  { id: 'c', object: 'chat.completion', usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
  [
    { meter: 'a', quantity: 1 },
    { meter: 'b', quantity: 2 },
  ],
].flatMap((value) => [Buffer.from(JSON.stringify(value)), encode(value)])

/** What stands in for a piece of an honest payload. */
const poison: readonly string[] = [
  '1e999',
  '-1',
  '-0',
  '0.1',
  '9007199254740993',
  '99999999999999999999999999999999999999999999',
  'null',
  'true',
  'NaN',
  '{}',
  '[]',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '{"__proto__":{"quantity":1}}',
  '{"a":1,"a":2}',
  '"constructor"',
  '\u202e',
  '\ufeff',
]

const mostBytes = 80_000

type Maker = (random: Random) => Buffer

const makers: readonly Maker[] = [
  // Bytes of no kind.
  (random) => Buffer.from(random.bytes(random.below(300))),
  // Flipped bits.
  (random) => {
    const bytes = Buffer.from(pick(random, honest))
    for (let flips = 1 + random.below(4); flips > 0; flips--) {
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    }
    return bytes
  },
  // Cut off, or with a part twice.
  (random) => {
    const bytes = pick(random, honest)
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)]
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  // A value replaced by what a careless reader stumbles over.
  (random) => {
    const values = /(?<=:)("[^"]*"|-?\d+)/g
    const text = pick(random, honest).toString('utf8')
    return Buffer.from(text.replaceAll(values, (value) => (random.below(3) === 0 ? pick(random, poison) : value)))
  },
  // Deeper than anybody writes, closed or left open, as JSON and as CBOR.
  (random) => {
    const depth = 1 + random.below(30_000)
    const [open, close] = pick(random, [
      ['[', ']'],
      ['{"a":', '}'],
      ['{"usage":', '}'],
      ['\x81', '\x00'],
      ['\xa1\x61a', ''],
      ['\x9f', '\xff'],
    ] as const)
    const text = open.repeat(depth) + (random.below(2) === 0 ? close.repeat(depth) : '')
    return Buffer.from(text, 'latin1').subarray(0, mostBytes)
  },
  // CBOR that promises more than there is.
  (random) => {
    const major = pick(random, [0x40, 0x60, 0x80, 0xa0])
    const promise = Buffer.alloc(9)
    promise[0] = major | 27
    promise.writeBigUInt64BE(BigInt(random.below(2 ** 48)), 1)
    return Buffer.concat([Buffer.from([0x81]), promise, Buffer.from(random.bytes(random.below(100)))])
  },
  // More members, elements or bytes than there may be.
  (random) => {
    const count = 1 + random.below(20_000)
    const many = pick(random, [
      (at: number): string => `{"meter":"m${at}","quantity":${at}}`,
      (at: number): string => `{"usage":{"m${at}":1}}`,
      (): string => '{}',
      (): string => '1',
    ])
    return Buffer.from(`[${Array.from({ length: count }, (_, at) => many(at)).join(',')}]`).subarray(0, mostBytes)
  },
  (random) => {
    const members = Array.from({ length: 1 + random.below(4_000) }, (_, at) => `"k${at % 3_000}":${at}`)
    return Buffer.from(`{"meter":"m","quantity":1,"dimensions":{${members.join(',')}}}`).subarray(0, mostBytes)
  },
  (random) => {
    const long = 'x'.repeat(random.below(mostBytes))
    return Buffer.from(
      JSON.stringify({ id: long, meter: long.slice(0, 64), quantity: '1'.repeat(long.length % 5_000) }),
    )
  },
  () => Buffer.alloc(0),
]

/** A payload that no reader should trust; the same for the same state of the randomness. */
export function hostilePayload(random: Random): Buffer {
  return pick(random, makers)(random)
}

/** One of several. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[random.below(values.length)]
  if (value === undefined) throw new Error('there is nothing to pick from')
  return value
}
