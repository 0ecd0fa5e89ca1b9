import type { Random } from '@meterline/shared/base/random.ts'

/** A payload of which nothing can be used, and what is wrong with it. */
export interface HostilePayload {
  readonly why: string
  readonly payload: Uint8Array
}

const largestPayloadBytes = 65_536
const mostEvents = 1_000
const deepestNesting = 16

/** What broken firmware, a wrong plug and people of bad will send. */
const choices: readonly (readonly [why: string, payload: (random: Random) => Uint8Array])[] = [
  ['cut off', () => Buffer.from('{"id": "cut off')],
  ['empty', () => new Uint8Array(0)],
  ['no object', () => Buffer.from('42')],
  ['noise', (random) => Buffer.concat([Buffer.from('~'), random.bytes(random.below(60))])],
  ['nothing in it', () => Buffer.from('[]')],
  ['too large', () => Buffer.from(`"${'a'.repeat(largestPayloadBytes)}"`)],
  ['too deep', () => Buffer.from('['.repeat(deepestNesting + 2) + ']'.repeat(deepestNesting + 2))],
  ['too many events', () => Buffer.from(`[${'0,'.repeat(mostEvents)}0]`)],
  ['no UTF-8', () => Buffer.concat([Buffer.from('{"id":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')])],
  ['half an emoji', () => Buffer.from('{"id":"\\ud83d","meter":"messages"}')],
  ['a name of the prototype', () => Buffer.from('{"__proto__":{"quantity":1},"id":"p","usage":{"__proto__":1}}')],
  ['cut off CBOR', () => Buffer.of(0xa2, 0x62, 0x69, 0x64)],
  ['CBOR of any length', () => Buffer.of(0xbf, 0x62, 0x69, 0x64, 0x61, 0x31, 0xff)],
  ['CBOR that says it has four billion elements', () => Buffer.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
]

/** One of them, drawn. */
export function hostilePayload(random: Random): HostilePayload {
  const [why, write] = choices[random.below(choices.length)] ?? ['empty', () => new Uint8Array(0)]
  return { why, payload: write(random) }
}
