import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rated } from './answers-for-tests.ts'
import { rateCases } from './rate-case.ts'

const tiers = [
  { upTo: 5, unit: '7', flat: '1' },
  { upTo: null, unit: '6' },
]
const block = { max: 10, blockSize: 100, blockPrice: '1' }
const window = { from: '08:00', to: '20:00', price: 1, days: 'mon-fri' }
const step = { from: 0, rate: '0.2', perSec: 60, incrementSec: 60 }
const total = { total: '1', lines: ['1'], exactUnrounded: '1.3...' }

/** One good case of every kind. */
const samples: readonly (readonly [model: string, input: object])[] = [
  ['graduated', { tiers, quantity: 6, previousQuantity: 2, previouslyBilled: '9', minimum: '1', maximum: '50' }],
  ['volume', { tiers, quantity: '6.5', rounding: { digits: 2, rule: 'up' } }],
  ['stair_step', { tiers: [{ upTo: 10, price: '5' }, { price: '20' }], quantity: 3 }],
  ['graduated_percentage', { tiers: [{ upTo: 10, ratePct: '1', flat: '2' }, { ratePct: 2 }], quantity: 12 }],
  ['graduated_blocks', { tiers: [block, block], quantity: 1500 }],
  ['volume_blocks', { tiers: [block, { ...block, max: -1 }], quantity: 1500 }],
  ['unit', { unitPrice: '10', per: 2, quantity: 3, unitConfig: { conversionFactor: 10, rounding: 'ceiling' } }],
  ['multiplier', { multiplier: '1.3', amount: 10 }],
  ['dynamic', { preciseTotalAmountCents: '40.2', quantity: 20 }],
  ['package', { packageSize: 10, packagePrice: '15', freeUnits: 5, quantity: 17 }],
  ['data_unit', { unitBytes: 24, unitPrice: '0.1', payloadBytes: [1, 50], minUnits: 1 }],
  ['percentage', { ratePct: 1, fixed: 1, freeEvents: 2, freeAmount: 5, eventAmounts: [1, 9], minPerEvent: 1 }],
  ['percentage', { ratePct: 1, runningTotals: [1, 5], amount: 9, events: 4, maxPerEvent: 2 }],
  ['rated_steps', { connectFee: 1, steps: [step, { ...step, from: 60 }], durationSec: '2m10s' }],
  [
    'request_threshold',
    { basePerM: 1, tiers: [{ above: 5, perM: 2 }], inputTokens: 9, cacheReadPerM: 1, cacheReadTokens: 3 },
  ],
  ['time_of_use', { rates: { a: 1, b: 2 }, usage: { a: 3 }, resolutionMin: 30 }],
  [
    'time_of_use',
    { windows: [window], otherwise: 2, zone: 'Europe/Paris', at: '2026-03-29T00:30:00Z', kWh: 2, durationMin: 90 },
  ],
  ['matrix', { rows: [{ when: { a: 'x' }, unit: 1 }], labels: { a: 'x' }, quantity: 3 }],
  ['overage', { included: 5, overagePrice: 1, baseFee: 2, quantity: 7 }],
  ['seat_fee', { amount: 5, seats: 3 }],
]

const junk = fc.constantFrom<unknown>(
  null,
  '',
  'x',
  '-1',
  '0',
  0,
  -5,
  0.5,
  1e30,
  '1e3',
  '00012',
  '0.0000000000000000000000000000001',
  true,
  false,
  [],
  {},
  [[]],
  [null],
  { amount: {} },
  'inf',
  '24:00',
  '2m',
  '9'.repeat(90),
  ['1', 'x'],
)

/** Every place in a value: those of its parts, and its own. */
function placesIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner).map((place) => [name, ...place]))]
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by
  if (Array.isArray(value))
    return (value as unknown[]).map((inner, index) => (String(index) === name ? replaced(inner, rest, by) : inner))
  if (typeof value !== 'object' || value === null) return by
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      key === name ? replaced(inner, rest, by) : inner,
    ]),
  )
}

test('whatever stands in a field, a case has a verdict, and one that is not ok says what came out or what is wrong', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(),
      junk,
      fc.nat(),
      junk,
      ([model, input], first, one, second, other) => {
        const places = placesIn(input).slice(1)
        const changed = [[first, one] as const, [second, other] as const].reduce<unknown>(
          (value, [index, by]) => replaced(value, places[index % places.length] ?? [], by),
          input,
        )
        const outcome = rated(model, { input: changed as object, expected: total })
        expect(['ok', 'not ok', 'not a price']).toContain(outcome.verdict)
        if (outcome.verdict === 'not ok') expect(outcome.got + outcome.remark).not.toBe('')
      },
    ),
    { numRuns: 2000 },
  )
})

test('the good case of every kind comes to something', () => {
  for (const [model, input] of samples) {
    expect(rated(model, { input, expected: total })).toMatchObject({ got: expect.stringContaining('total=') })
  }
})

test('any JSON is read or refused', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(typeof rateCases(text).ok).toBe('boolean')
      expect(typeof rateCases(`{"cases": [${text}, {"id": "a", "model": "x", "input": {}, "expected": {}}]}`).ok).toBe(
        'boolean',
      )
    }),
    { numRuns: 500 },
  )
})
