import fc from 'fast-check'
import { expect, test } from 'vitest'
import { usageEventFault } from '@meterline/shared/model/usage-event.ts'
import { profiles } from './profiles/profiles.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { mapped, oneEvent, ruleOf } from './testing/sample-rules.ts'

const meters: RuleDefinition['meters'] = [{ meter: 'm', quantity: 1 }]
const part = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'b', '/', '~', '0', '1') }),
  fc.string({ minLength: 1, maxLength: 80, unit: fc.constantFrom('x', '/', '~') }),
)

test('composite ids are equal only when all their parts are', () => {
  const rule = ruleOf({ id: ['/0', '/1', '/2'], records: '/r', meters })
  const id = (parts: readonly string[]) => oneEvent(rule, { r: [parts] }).id
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (left, right) => {
      expect(id(left) === id(right)).toBe(JSON.stringify(left) === JSON.stringify(right))
    }),
    { numRuns: 2000 },
  )
})

test('ids of other texts differ although the parts join to the same', () => {
  const rule = ruleOf({ id: ['/0', '/1'], records: '/r', meters })
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '/', '~', '~0', '~1'), { minLength: 2, maxLength: 8 }), (pieces) => {
      const ids = pieces.slice(1).map((_, at) => {
        const parts = [pieces.slice(0, at + 1).join(''), pieces.slice(at + 1).join('')]
        return oneEvent(rule, { r: [parts] }).id
      })
      const splits = new Set(pieces.slice(1).map((_, at) => pieces.slice(0, at + 1).join('').length))
      expect(new Set(ids).size).toBe(splits.size)
    }),
  )
})

test('started units are counted as people count them', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 1, max: 100_000 }), (amount, size) => {
      const rule = { atLeastOnce: true, meters: [{ meter: 'm', quantity: { at: '/n', ceilingDivide: size } }] }
      const counted = oneEvent(rule, { n: amount.toString() }).measured[0]?.quantity ?? -1n
      // The smallest number of units that hold it all.
      expect(counted * BigInt(size)).toBeGreaterThanOrEqual(amount)
      expect((counted - 1n) * BigInt(size)).toBeLessThan(amount > 0n ? amount : 1n)
    }),
  )
})

test('a scale keeps every digit, and says so when there is no whole number', () => {
  const decimal = fc.tuple(fc.bigInt(0n, 10n ** 18n), fc.integer({ min: 0, max: 12 }))
  fc.assert(
    fc.property(
      decimal,
      decimal.filter(([digits]) => digits > 0n),
      ([digits, places], [factor, factorPlaces]) => {
        const rule = {
          atLeastOnce: true,
          meters: [{ meter: 'm', quantity: { at: '/n', scale: withPlaces(factor, factorPlaces) } }],
        }
        const { events, rejected } = mapped(rule, { n: withPlaces(digits, places) })
        const exact = digits * factor
        const unit = 10n ** BigInt(places + factorPlaces)
        const quantity = events[0]?.measured[0]?.quantity
        if (exact % unit !== 0n) expect(rejected).toMatchObject([{ code: 'quantity_inexact' }])
        else if (exact / unit >= 2n ** 63n) expect(rejected).toMatchObject([{ code: 'quantity_too_large' }])
        else expect(quantity).toBe(exact / unit)
      },
    ),
  )
})

test.each(['floor', 'ceiling', 'half-even'] as const)(
  '%s is off by less than one, and never for whole numbers',
  (round) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 1, max: 1000 }), (amount, divide) => {
        const rule = { atLeastOnce: true, meters: [{ meter: 'm', quantity: { at: '/n', divide, round } }] }
        const quantity = Number(oneEvent(rule, { n: amount }).measured[0]?.quantity)
        const rest = quantity * divide - amount
        if (round === 'floor') expect(rest <= 0 && rest > -divide).toBe(true)
        else if (round === 'ceiling') expect(rest >= 0 && rest < divide).toBe(true)
        else {
          expect(Math.abs(rest) * 2).toBeLessThanOrEqual(divide)
          if (Math.abs(rest) * 2 === divide) expect(quantity % 2).toBe(0)
        }
      }),
    )
  },
)

const odd: Partial<RuleDefinition> = {
  records: '/r',
  id: ['key', ['/id', '= none']],
  subject: ['/who', 'device'],
  source: ['/part', '= p'],
  time: ['/t', 'received'],
  timeUnit: 's',
  sequence: '/seq',
  reset: '/boot',
  when: [{ at: '/n', isNot: 'skip' }],
  meters: [
    { meter: 'm', quantity: { at: '/n', scale: '2.5', round: 'half-even', default: 1 } },
    { meterFrom: ['/k', '= k'], quantity: { at: ['/v', '/n'], unit: { from: ['/u', '= kB'], to: 'B' }, default: 0 } },
    { meter: 'size', quantity: { at: '/v', measure: 'base64-bytes', default: 0 } },
  ],
  dimensions: { a: '/a', b: '$/b', c: 'topic/0' },
}
const own = { atLeastOnce: true, meters: [{ meter: 'm', quantity: '/value' }] }
const rules = [
  ruleOf(odd),
  ruleOf({ ...own, format: 'ndjson' }),
  ruleOf({ eventTypes: ['t'], meters: [{ meter: 'm', quantity: '/n' }] }),
  ...[...profiles.keys()].map((profile) =>
    ruleOf({ profile, ...(profile === 'sparkplug-b' ? { meters: [{ meter: 'm', quantity: '/value' }] } : {}) }),
  ),
]
const names = [
  'r',
  'id',
  'who',
  'part',
  't',
  'seq',
  'boot',
  'n',
  'k',
  'v',
  'u',
  'a',
  'b',
  'value',
  'specversion',
  'data',
]
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1.5,
      1e308,
      1e21,
      'kB',
      'x',
      '',
      '\ud800',
      '1.0',
      '2026-01-01T00:00:00Z',
      '9'.repeat(60),
    ),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor'), tie('node')),
    fc.array(tie('node'), { maxLength: 4 }),
  ),
})).node

test('whatever is delivered, rules neither throw nor let through what cannot be journalled', () => {
  const topics = fc.constantFrom(null, '', 'a/b', 'spBv1.0/g/NBIRTH/n', 'spBv1.0/g/DDATA/n/d')
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
    tree.map((value) => new Uint8Array(Buffer.from(JSON.stringify({ r: [value], ...(value as object | null) })))),
    tree.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
  )
  fc.assert(
    fc.property(payload, topics, (bytes, topic) => {
      for (const rule of rules) {
        const { events, rejected, positions } = mapped(rule, bytes, { topic })
        for (const event of events) expect(usageEventFault(event)).toBeNull()
        for (const { message, code } of rejected) expect([typeof code, message.length < 2000]).toEqual(['string', true])
        if (positions !== undefined) expect(positions).toHaveLength(events.length)
      }
    }),
    { numRuns: 1500 },
  )
})

function withPlaces(digits: bigint, places: number): string {
  const text = digits.toString().padStart(places + 1, '0')
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
}
