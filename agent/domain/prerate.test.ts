import { describe, expect, test } from 'vitest'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { boundMicros } from '@meterline/shared/rating/dispatch.ts'
import { compilePrice, soleModel, type CompiledPrice, type Price } from '@meterline/shared/rating/price.ts'
import { parsePrice } from '@meterline/shared/rating/price-schema.ts'
import { prerate, type PlanSpan, type PrerateTable } from './prerate.ts'
import { SubjectBook, type SubjectBinding } from './subject-book.ts'

const cheap = compilePrice({ model: 'per-unit', amount: '0.02', per: 1000n })
const dear = compilePrice({ model: 'per-unit', amount: '3', per: 1000n })
const later = compilePrice({ model: 'per-unit', amount: '5', per: 1000n })
const bound = (price: CompiledPrice, quantity: bigint): bigint | null => boundMicros(soleModel(price), quantity)

const bindingsHash = 'b0'.repeat(32)

function tableOf(plans: Readonly<Record<string, readonly PlanSpan[]>>): PrerateTable {
  return {
    snapshotHash: new Uint8Array(32),
    version: 7,
    bindingsHash,
    units: new Map([
      ['data.bytes', 'byte'],
      ['messages', 'message'],
    ]),
    plans: new Map(Object.entries(plans)),
  }
}

const table = tableOf({
  data: [
    { fromMs: -Infinity, prices: new Map([['data.bytes', cheap]]) },
    { fromMs: 1500, prices: new Map([['data.bytes', later]]) },
  ],
  large: [{ fromMs: -Infinity, prices: new Map([['data.bytes', dear]]) }],
  messages: [{ fromMs: -Infinity, prices: new Map([['messages', dear]]) }],
})

function bookOf(bindings: readonly SubjectBinding[]): SubjectBook {
  const book = new SubjectBook()
  book.learn([{ subject: 'trk-1', terms: { bindingsHash, bindings } }])
  return book
}

const book = bookOf([
  { plan: 'data', fromMs: 1000, toMs: 2000 },
  { plan: 'large', fromMs: 2000, toMs: Infinity },
  { plan: 'messages', fromMs: 0, toMs: Infinity },
  { plan: 'gone', fromMs: 0, toMs: Infinity },
])

const event = (timeMs: number, measured: UsageEvent['measured'], subject = 'trk-1'): UsageEvent => ({
  id: null,
  source: 'dev-1',
  subject,
  timeMs,
  labels: [],
  facts: [],
  measured,
})
const bytes = [{ meter: 'data.bytes', quantity: 5000n }]

describe('pre-rating', () => {
  test.each([
    ['before the binding', 999, null],
    ['from its first millisecond', 1000, bound(cheap, 5000n)],
    ['until a change by a date', 1499, bound(cheap, 5000n)],
    ['by the changed price from then on', 1500, bound(later, 5000n)],
    ['to its last', 1999, bound(later, 5000n)],
    ['by the next one from then on', 2000, bound(dear, 5000n)],
    ['by an open one for ever', 9_000_000, bound(dear, 5000n)],
  ])('%s', (_name, timeMs, expected) => {
    const out: (bigint | null)[] = [99n, 99n]
    expect(prerate(table, book, event(timeMs, bytes), out)).toBe(expected !== null)
    expect(out).toEqual([expected])
  })

  test('binds each quantity on its own, by whichever plan has its meter', () => {
    const out: (bigint | null)[] = []
    const measured = [...bytes, { meter: 'unknown', quantity: 1n }, { meter: 'messages', quantity: 2n }]
    expect(prerate(table, book, event(1200, measured), out)).toBe(false)
    expect(out).toEqual([bound(cheap, 5000n), null, bound(dear, 2n)])
  })

  test('leaves an unknown subject unbound and wants it asked about, and everything while there is no snapshot', () => {
    const out: (bigint | null)[] = []
    const own = bookOf([])
    expect(prerate(null, own, event(1500, bytes, 'trk-2'), out)).toBe(false)
    expect(own.wanted(10)).toEqual([])
    expect(prerate(table, own, event(1500, bytes, 'trk-2'), out)).toBe(false)
    expect(out).toEqual([null])
    expect(own.wanted(10)).toEqual(['trk-2'])
  })

  test.each([
    ['in the unit of the meter', 'byte', bound(cheap, 5000n)],
    ['in another', 'ms', null],
  ])('of a quantity that is stated %s', (_name, unit, expected) => {
    const out: (bigint | null)[] = []
    const labels = [['+kept', 'x'] as const, ['@unit', unit] as const]
    expect(prerate(table, book, { ...event(1200, bytes), labels }, out)).toBe(expected !== null)
    expect(out).toEqual([expected])
  })

  test('leaves what costs more than a record can hold to the centre', () => {
    const out: (bigint | null)[] = []
    const huge = [{ meter: 'messages', quantity: 9_223_372_036_854_775_807n }]
    expect(prerate(table, book, event(1500, huge), out)).toBe(false)
    expect(out).toEqual([null])
  })
})

function priceOf(json: object): Price {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

/** What an event of 1,000 of `data.bytes` is pre-rated at by one price. */
function prerated(json: object, changes: Partial<UsageEvent>): bigint | null {
  const price = compilePrice(priceOf(json))
  const own = tableOf({ routed: [{ fromMs: -Infinity, prices: new Map([['data.bytes', price]]) }] })
  const out: (bigint | null)[] = []
  const routed = bookOf([{ plan: 'routed', fromMs: 0, toMs: Infinity }])
  prerate(own, routed, { ...event(0, [{ meter: 'data.bytes', quantity: 1000n }]), ...changes }, out)
  return out[0] ?? null
}

describe('a price that depends on the usage', () => {
  const matrix = {
    model: 'matrix',
    dimensions: ['model'],
    rows: [
      { when: { model: 'small' }, model: 'per-unit', amount: '1', per: '1' },
      { when: { model: 'large' }, model: 'per-unit', amount: '2', per: '1' },
    ],
  }
  test.each([
    ['one row', 'small', 1_000_000_000n],
    ['another', 'large', 2_000_000_000n],
    ['none', 'unknown', null],
  ])('is bound by the row of its labels: %s', (_which, model, expected) => {
    expect(prerated(matrix, { labels: [['model', model]] })).toBe(expected)
  })

  const threshold = {
    model: 'request-threshold',
    fact: 'size',
    amount: '1',
    per: '1',
    above: [{ above: '100', amount: '2' }],
  }
  test.each([
    [100n, 1_000_000_000n],
    [101n, 2_000_000_000n],
  ])('is bound by the band of its facts: %s', (size, expected) => {
    expect(prerated(threshold, { facts: [['size', size]] })).toBe(expected)
  })

  const hours = {
    model: 'time-of-use',
    zone: 'Etc/UTC',
    offsets: [[0, 0]],
    windows: [
      {
        name: 'day',
        at: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '08:00', to: '20:00' }],
        price: { model: 'per-unit', amount: '2', per: '1' },
      },
    ],
    otherwise: { name: 'night', price: { model: 'per-unit', amount: '1', per: '1' } },
  }
  const hourMs = 3_600_000
  test.each([
    ['in the window', 9, 2_000_000_000n],
    ['outside', 21, 1_000_000_000n],
  ])('is bound by the window of its time: %s', (_where, hour, expected) => {
    expect(prerated(hours, { timeMs: hour * hourMs })).toBe(expected)
  })

  test('is bound by the sum of its parts where it spans a switch', () => {
    const divided = { ...hours, duration: { fact: 'took', unit: '1ms' } }
    const took = prerated(divided, { timeMs: 19 * hourMs, facts: [['took', BigInt(2 * hourMs)]] })
    expect(took).toBe(500n * 2_000_000n + 500n * 1_000_000n)
  })

  test('without a bound is left to the centre', () => {
    const free = { model: 'percentage', per: '1', rate: '1', fixed: '1', freeEvents: 2 }
    expect(prerated(free, {})).toBeNull()
  })
})
