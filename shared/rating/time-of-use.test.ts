import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelsOf } from './placed-models.ts'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type CompiledPrice, type Price } from './price.ts'
import { noModel, partsOf, routeOf, type UsagePart } from './route.ts'

const hourMs = 3_600_000
/** Monday, 2026-03-23, 00:00 UTC. */
const mondayMs = Date.UTC(2026, 2, 23)
/** Clocks of Berlin go from 02:00 to 03:00 on Sunday, 2026-03-29, and back on 2026-10-25. */
const berlin = [
  [Date.UTC(2025, 9, 26, 1), 60],
  [Date.UTC(2026, 2, 29, 1), 120],
  [Date.UTC(2026, 9, 25, 1), 60],
]

const perUnit = (amount: string): object => ({ model: 'per-unit', amount })
const peakAndNight = {
  model: 'time-of-use',
  zone: 'Europe/Berlin',
  offsets: berlin,
  windows: [
    { name: 'peak', at: [{ days: 'mon-fri', from: '08:00', to: '20:00' }], price: perUnit('3') },
    { name: 'night', at: [{ from: '22:00' }, { to: '06:00' }], price: perUnit('1') },
  ],
  otherwise: { name: 'day', price: perUnit('2') },
  duration: { fact: 'seconds', unit: '1s' },
}

function read(json: unknown): Price {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}
const price = compilePrice(read(peakAndNight))

function windowNameAt(timeMs: number): string | undefined {
  const step = modelsOf(read(peakAndNight))[routeOf(price, { timeMs, labels: [], facts: [] })]?.where[0]
  return step?.step === 'window' ? step.name : undefined
}

const instants: readonly [string, string][] = [
  ['2026-03-23T06:59:59.999Z', 'day'],
  ['2026-03-23T07:00:00.000Z', 'peak'],
  ['2026-03-23T18:59:59.999Z', 'peak'],
  ['2026-03-23T19:00:00.000Z', 'day'],
  ['2026-03-23T20:59:59.999Z', 'day'],
  ['2026-03-23T21:00:00.000Z', 'night'],
  ['2026-03-24T04:59:59.999Z', 'night'],
  ['2026-03-24T05:00:00.000Z', 'day'],
  // A Saturday has no peak; a Sunday night goes over into Monday.
  ['2026-03-28T11:00:00.000Z', 'day'],
  ['2026-03-29T21:59:59.999Z', 'night'],
  ['2026-03-29T22:00:00.000Z', 'night'],
  // From Sunday, 2026-03-29, on, clocks are two hours ahead: 06:00 UTC is 08:00.
  ['2026-03-30T05:59:59.999Z', 'day'],
  ['2026-03-30T06:00:00.000Z', 'peak'],
  // Before the first offset that is known, that one holds.
  ['1999-07-05T07:00:00.000Z', 'peak'],
  ['1970-01-01T00:00:00.000Z', 'night'],
]

test.each(instants)('%s lies in the window %s', (instant, name) => {
  expect(windowNameAt(Date.parse(instant))).toBe(name)
})

function partsFrom(fromMs: number, seconds: bigint, quantity: bigint, of: CompiledPrice = price): readonly UsagePart[] {
  return partsOf(of, { timeMs: fromMs, labels: [], facts: [['seconds', seconds]] }, quantity)
}

test('a record that spans switches is divided in proportion to time', () => {
  // From 07:00 to 23:00 on a Monday: one hour of day, twelve of peak, two of day, one of night.
  expect(partsFrom(mondayMs + 6 * hourMs, 16n * 3600n, 1600n)).toEqual([
    { model: 2, quantity: 300n },
    { model: 0, quantity: 1200n },
    { model: 1, quantity: 100n },
  ])
})

test('what does not divide evenly goes to the later windows', () => {
  // Half an hour each of day and peak.
  const from = mondayMs + 6.5 * hourMs
  expect(partsFrom(from, 3600n, 3n)).toEqual([
    { model: 2, quantity: 1n },
    { model: 0, quantity: 2n },
  ])
  expect(partsFrom(from, 3600n, 1n)).toEqual([{ model: 0, quantity: 1n }])
  expect(partsFrom(from, 3600n, 0n)).toEqual([{ model: 2, quantity: 0n }])
})

test('a record that takes no time, or does not say how long it took, lies in the window of its beginning', () => {
  expect(partsFrom(mondayMs + 7 * hourMs, 0n, 5n)).toEqual([{ model: 0, quantity: 5n }])
  expect(partsOf(price, { timeMs: mondayMs, labels: [], facts: [] }, 5n)).toEqual([{ model: 1, quantity: 5n }])
})

test('an hour that clocks show twice counts twice, and one they leave out not at all', () => {
  // Local midnight to 06:00 is the night; on the days of the changes it takes five and seven hours.
  const onlyNight = (hours: bigint): readonly UsagePart[] => [{ model: 1, quantity: hours }]
  expect(partsFrom(Date.UTC(2026, 2, 28, 23), 5n * 3600n, 5n)).toEqual(onlyNight(5n))
  expect(partsFrom(Date.UTC(2026, 2, 28, 23), 6n * 3600n, 6n)).toEqual([...onlyNight(5n), { model: 2, quantity: 1n }])
  expect(partsFrom(Date.UTC(2026, 9, 24, 22), 7n * 3600n, 7n)).toEqual(onlyNight(7n))
  expect(partsFrom(Date.UTC(2026, 9, 24, 22), 8n * 3600n, 8n)).toEqual([...onlyNight(7n), { model: 2, quantity: 1n }])
})

test('a span of years is divided at once, and the longest fact that can be written is', () => {
  // Ten weeks after the last change: 60 hours of peak, 56 of night, 52 of day each.
  const weeks = partsFrom(Date.UTC(2026, 10, 1, 23), 10n * 168n * 3600n, 1680n)
  expect(new Map(weeks.map(({ model, quantity }) => [model, quantity]))).toEqual(
    new Map([
      [0, 600n],
      [1, 560n],
      [2, 520n],
    ]),
  )
  const longest = partsFrom(mondayMs, 2n ** 63n - 1n, 2n ** 63n - 1n)
  expect(longest.reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(2n ** 63n - 1n)
})

test('parts are those of a walk from minute to minute', () => {
  const spans = fc.record({
    fromMs: fc.integer({ min: Date.UTC(2026, 2, 20), max: Date.UTC(2026, 3, 10) }).map((ms) => ms - (ms % 60_000)),
    minutes: fc.integer({ min: 1, max: 20_000 }),
    scale: fc.bigInt(1n, 1000n),
  })
  fc.assert(
    fc.property(spans, ({ fromMs, minutes, scale }) => {
      const minutesOf = new Map<number, bigint>()
      for (let minute = 0; minute < minutes; minute++) {
        const model = routeOf(price, { timeMs: fromMs + minute * 60_000, labels: [], facts: [] })
        minutesOf.set(model, (minutesOf.get(model) ?? 0n) + scale)
      }
      const parts = partsFrom(fromMs, BigInt(minutes) * 60n, BigInt(minutes) * scale)
      expect(new Map(parts.map(({ model, quantity }) => [model, quantity]))).toEqual(minutesOf)
    }),
    { numRuns: 100 },
  )
})

test('a matrix and a request threshold are asked as well', () => {
  const threshold = { model: 'request-threshold', fact: 'size', amount: '1', above: [{ above: 10, amount: '2' }] }
  const matrix = compilePrice(
    read({
      model: 'matrix',
      dimensions: ['plan'],
      rows: [
        { when: { plan: 'flexible' }, ...peakAndNight, otherwise: { name: 'day', price: threshold } },
        { when: { plan: 'simple' }, ...perUnit('5') },
      ],
    }),
  )
  const usage = (plan: string, size: bigint): readonly UsagePart[] => {
    const facts = [
      ['seconds', 7200n],
      ['size', size],
    ] as const
    return partsOf(matrix, { timeMs: mondayMs + 6 * hourMs, labels: [['plan', plan]], facts }, 10n)
  }
  expect(matrix.divides).toBe(true)
  expect(usage('flexible', 10n)).toEqual([
    { model: 2, quantity: 5n },
    { model: 0, quantity: 5n },
  ])
  expect(usage('flexible', 11n)).toEqual([
    { model: 3, quantity: 5n },
    { model: 0, quantity: 5n },
  ])
  expect(usage('simple', 11n)).toEqual([{ model: 4, quantity: 10n }])
  expect(usage('unknown', 11n)).toEqual([])
  expect(routeOf(matrix, { timeMs: mondayMs, labels: [], facts: [] })).toBe(noModel)
})

test('the first window that an instant lies in counts', () => {
  const nested = compilePrice(
    read({
      ...peakAndNight,
      windows: [
        { name: 'noon', at: [{ days: ['wed'], from: '12:00', to: '13:00' }], price: perUnit('9') },
        ...peakAndNight.windows,
      ],
    }),
  )
  const at = (day: number, hour: number): number =>
    routeOf(nested, { timeMs: mondayMs + day * 24 * hourMs + hour * hourMs, labels: [], facts: [] })
  expect([at(2, 10.99), at(2, 11), at(2, 12), at(1, 11)]).toEqual([1, 0, 1, 1])
})
