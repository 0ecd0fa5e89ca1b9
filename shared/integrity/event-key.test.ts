import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDeterministic } from './deterministic-bytes.ts'
import { contentCheck, eventKey, eventKeyInto, type CheckedContent, type CheckedQuantity } from './event-key.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })

describe('an event key', () => {
  it('is the first half of SHA-256 over the encoded [tenant, source, id], whatever was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 10 }), (identities) => {
        for (const [tenant, source, id] of identities) {
          const preimage = encodeDeterministic([tenant, source, id])
          const expected = createHash('sha256').update(preimage).digest().subarray(0, 16)
          expect(Buffer.from(eventKey(tenant, source, id))).toEqual(expected)
        }
      }),
    )
  })

  it('tells apart what only differs in where one field ends', () => {
    const keys = [
      eventKey('acme', 'a', 'bc'),
      eventKey('acme', 'ab', 'c'),
      eventKey('acmea', '', 'bc'),
      eventKey('acme', 'abc', ''),
    ].map((key) => Buffer.from(key).toString('hex'))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('goes into a larger buffer without touching the rest of it', () => {
    const keys = new Uint8Array(48).fill(0xee)
    eventKeyInto('acme', 'gw-1', 'event-1', keys, 16)
    expect(keys.subarray(16, 32)).toEqual(eventKey('acme', 'gw-1', 'event-1'))
    expect(keys.subarray(0, 16)).toEqual(new Uint8Array(16).fill(0xee))
    expect(keys.subarray(32)).toEqual(new Uint8Array(16).fill(0xee))
  })

  it('of a text that cannot be encoded is a bug, and leaves the next key right', () => {
    const before = eventKey('acme', 'gw-1', 'event-1')
    expect(() => eventKey('acme', 'gw-\ud800', 'event-1')).toThrow(/surrogate/)
    expect(eventKey('acme', 'gw-1', 'event-1')).toEqual(before)
  })
})

interface Content extends CheckedContent {
  readonly quantities: readonly CheckedQuantity[]
}

const quantity = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const content: fc.Arbitrary<Content> = fc.record({
  subject: text,
  timeMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  labels: fc.uniqueArray(fc.tuple(text, text), { maxLength: 6, selector: ([key]) => key }),
  facts: fc.uniqueArray(fc.tuple(text, quantity), { maxLength: 4, selector: ([key]) => key }),
  quantities: fc.uniqueArray(fc.record({ meter: text, quantity }), {
    minLength: 1,
    maxLength: 6,
    selector: ({ meter }) => meter,
  }),
})

const check = (of: Content): string => {
  const { check0, check1 } = contentCheck(of, of.quantities, { check0: 0, check1: 0 })
  return `${check0}/${check1}`
}

describe('the content check', () => {
  it('is two unsigned 32-bit lanes', () => {
    fc.assert(
      fc.property(content, (of) => {
        const { check0, check1 } = contentCheck(of, of.quantities, { check0: 0, check1: 0 })
        for (const lane of [check0, check1]) expect(lane >>> 0).toBe(lane)
      }),
    )
  })

  it('does not depend on the order of labels, facts and quantities, nor on what else the objects carry', () => {
    fc.assert(
      fc.property(content, (of) => {
        const turned = {
          ...of,
          labels: of.labels.toReversed(),
          facts: of.facts.toReversed(),
          quantities: of.quantities.toReversed().map((one) => ({ ...one, preratedMicros: 5n, spends: [] })),
          receivedMonotonicMs: 77,
        }
        expect(check(turned)).toBe(check(of))
      }),
    )
  })

  it('does not look at annotations, labels whose key begins with +', () => {
    fc.assert(
      fc.property(content, fc.dictionary(text, text, { noNullPrototype: true }), (of, unknown) => {
        const annotations = Object.entries(unknown).map(([key, value]) => [`+${key}`, value] as const)
        const plain = { ...of, labels: of.labels.filter(([key]) => !key.startsWith('+')) }
        expect(check({ ...plain, labels: [...annotations, ...plain.labels] })).toBe(check(plain))
      }),
    )
  })

  it('changes with every part of the content', () => {
    const [label, fact, other] = [['k', 'v'] as const, ['k', 1n] as const, { meter: 'm', quantity: 1n }]
    const of: Content = { subject: 's', timeMs: 5, labels: [label], facts: [fact], quantities: [other] }
    const variants: readonly Content[] = [
      of,
      { ...of, subject: 't' },
      { ...of, timeMs: 6 },
      { ...of, timeMs: 5 + 2 ** 32 },
      { ...of, labels: [] },
      { ...of, labels: [['v', 'k']] },
      { ...of, labels: [label, ['k2', '']] },
      { ...of, labels: [['k', 'w']] },
      { ...of, labels: [label, ['@unit', 'byte']] },
      { ...of, facts: [] },
      { ...of, facts: [['k', 2n]] },
      { ...of, facts: [['k', 1n + 2n ** 32n]] },
      { ...of, facts: [['j', 1n]] },
      { ...of, quantities: [] },
      { ...of, quantities: [{ meter: 'm', quantity: 2n }] },
      { ...of, quantities: [{ meter: 'm', quantity: 1n + 2n ** 40n }] },
      { ...of, quantities: [{ meter: 'n', quantity: 1n }] },
      { ...of, quantities: [other, { meter: 'n', quantity: 0n }] },
      { ...of, facts: [['m', 1n]], quantities: [{ meter: 'k', quantity: 1n }] },
    ]
    expect(new Set(variants.map(check)).size).toBe(variants.length)
  })

  it('differs between events that differ', () => {
    fc.assert(
      fc.property(content, content, (one, other) => {
        const sorted = (of: Content): unknown => [
          of.subject,
          of.timeMs,
          of.labels
            .filter(([key]) => !key.startsWith('+'))
            .map(([key, value]) => JSON.stringify([key, value]))
            .sort(),
          of.facts.map(([key, value]) => JSON.stringify([key, value.toString()])).sort(),
          of.quantities.map(({ meter, quantity: amount }) => JSON.stringify([meter, amount.toString()])).sort(),
        ]
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
        expect(check(one) === check(other)).toBe(same)
      }),
    )
  })

  it('is spread evenly over both lanes for numbered events', () => {
    const lanes0 = new Set<number>()
    const lanes1 = new Set<number>()
    for (let index = 0; index < 20_000; index++) {
      const of = { subject: `trk-${index % 50}`, timeMs: 1_700_000_000_000 + index, labels: [], facts: [] }
      const quantities = [{ meter: 'data.bytes', quantity: BigInt(index) }]
      const { check0, check1 } = contentCheck(of, quantities, { check0: 0, check1: 0 })
      lanes0.add(check0)
      lanes1.add(check1)
    }
    // Among 20 000 random 32-bit values less than a tenth of one pair collides on average.
    expect(lanes0.size).toBeGreaterThan(19_995)
    expect(lanes1.size).toBeGreaterThan(19_995)
  })

  it('stays the same when the table of texts was filled up in between', () => {
    const of: Content = {
      subject: 's',
      timeMs: 5,
      labels: [['k', 'v']],
      facts: [],
      quantities: [{ meter: 'm', quantity: 1n }],
    }
    const before = check(of)
    const after = new Set<string>()
    for (let index = 0; index < 20_000; index++) {
      check({ ...of, subject: `s${index}`, labels: [[`k${index}`, `v${index}`]] })
      after.add(check(of))
    }
    expect([...after]).toEqual([before])
  })
})
