import { describe, expect, test } from 'vitest'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { boundMicros } from '@meterline/shared/rating/dispatch.ts'
import { compilePrice } from '@meterline/shared/rating/price.ts'
import { indexPrerates, prerate } from './prerate.ts'

const cheap = compilePrice({ model: 'per-unit', amount: '0.02', per: 1000n })
const dear = compilePrice({ model: 'per-unit', amount: '3', per: 1000n })
const index = indexPrerates({
  snapshotHash: new Uint8Array(32),
  version: 7,
  prices: [cheap, dear],
  units: new Map([
    ['data.bytes', 'byte'],
    ['messages', 'message'],
  ]),
  bindings: [
    { subject: 'trk-1', meter: 'data.bytes', price: 0, fromMs: 1000, toMs: 2000 },
    { subject: 'trk-1', meter: 'data.bytes', price: 1, fromMs: 2000, toMs: null },
    { subject: 'trk-1', meter: 'messages', price: 1, fromMs: 0, toMs: null },
  ],
})
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
    ['from its first millisecond', 1000, boundMicros(cheap, 5000n)],
    ['to its last', 1999, boundMicros(cheap, 5000n)],
    ['by the next one from then on', 2000, boundMicros(dear, 5000n)],
    ['by an open one for ever', 9_000_000, boundMicros(dear, 5000n)],
  ])('%s', (_name, timeMs, expected) => {
    const out: (bigint | null)[] = [99n, 99n]
    expect(prerate(index, event(timeMs, bytes), out)).toBe(expected !== null)
    expect(out).toEqual([expected])
  })

  test('binds each quantity on its own', () => {
    const out: (bigint | null)[] = []
    const measured = [...bytes, { meter: 'unknown', quantity: 1n }, { meter: 'messages', quantity: 2n }]
    expect(prerate(index, event(1500, measured), out)).toBe(false)
    expect(out).toEqual([boundMicros(cheap, 5000n), null, boundMicros(dear, 2n)])
  })

  test('leaves an unknown subject unbound, and everything while there is no snapshot', () => {
    const out: (bigint | null)[] = []
    expect(prerate(index, event(1500, bytes, 'trk-2'), out)).toBe(false)
    expect(out).toEqual([null])
    expect(prerate(null, event(1500, bytes), out)).toBe(false)
    expect(out).toEqual([null])
  })

  test.each([
    ['in the unit of the meter', 'byte', boundMicros(cheap, 5000n)],
    ['in another', 'ms', null],
  ])('of a quantity that is stated %s', (_name, unit, expected) => {
    const out: (bigint | null)[] = []
    const labels = [['+kept', 'x'] as const, ['@unit', unit] as const]
    expect(prerate(index, { ...event(1500, bytes), labels }, out)).toBe(expected !== null)
    expect(out).toEqual([expected])
  })

  test('leaves what costs more than a record can hold to the centre', () => {
    const out: (bigint | null)[] = []
    const huge = [{ meter: 'messages', quantity: 9_223_372_036_854_775_807n }]
    expect(prerate(index, event(1500, huge), out)).toBe(false)
    expect(out).toEqual([null])
  })
})
