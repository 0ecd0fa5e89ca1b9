import { describe, expect, test } from 'vitest'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { compilePrice, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import { parsePrice } from '@meterline/shared/rating/price-schema.ts'
import { partsByUnit, recordFaults, type ChargedPart, type DueLeg } from './verify-parts.ts'

function compiled(value: unknown): CompiledPrice {
  const price = parsePrice(value)
  if (!price.ok) throw new Error(price.fault.message)
  return compilePrice(price.value)
}

const plain = compiled({ model: 'per-unit', amount: '1' })
const byModel = compiled({
  model: 'matrix',
  dimensions: ['model'],
  rows: [
    { when: { model: 'large' }, model: 'per-unit', amount: '2' },
    { when: { model: 'small' }, model: 'per-unit', amount: '1' },
  ],
})
/** Local time is UTC here; peak hours are the first twelve. */
const byTime = compiled({
  model: 'time-of-use',
  zone: 'Etc/UTC',
  offsets: [[0, 0]],
  windows: [
    { name: 'peak', at: [{ days: 'mon-sun', from: '00:00', to: '12:00' }], price: { model: 'per-unit', amount: '2' } },
  ],
  otherwise: { name: 'off-peak', price: { model: 'per-unit', amount: '1' } },
  duration: { fact: 'duration', unit: '1s' },
})

const noon = Date.UTC(2026, 10, 16, 12)
const unit: RatingUnit = {
  eventId: 'a',
  source: 'gateway',
  subject: 'trk-1',
  timeMs: noon - 1_000,
  receivedMonotonicMs: 0,
  anchor: 0,
  snapshot: null,
  labels: [['model', 'large']],
  facts: [['duration', 4n]],
  records: [],
}

const due = (legKey: string): DueLeg => ({ legKey, periodKey: '2026-11' })

const part = (legKey: string, price: CompiledPrice, model: number | null, quantity: bigint): ChargedPart => ({
  record: 0,
  legKey,
  periodKey: '2026-11',
  price,
  model,
  quantity,
})

describe('the parts of a record', () => {
  test.each<readonly [what: string, parts: readonly ChargedPart[], legs: readonly string[], quantity: bigint]>([
    ['on legs with one model each', [part('a', plain, null, 7n), part('b', plain, null, 7n)], ['b', 'a'], 7n],
    ['in the row that fits', [part('a', byModel, 0, 7n), part('b', plain, null, 7n)], ['a', 'b'], 7n],
    [
      'divided by time',
      [part('a', byTime, 0, 2n), part('a', byTime, 1, 6n), part('b', plain, null, 8n)],
      ['a', 'b'],
      8n,
    ],
    ['with an unknown price', [{ ...part('a', plain, 3, 7n), price: null }], ['a'], 7n],
  ])('%s are right', (_what, parts, legs, quantity) => {
    expect(recordFaults(parts, unit, legs.map(due))).toEqual({ quantities: new Map([['', quantity]]), faults: [] })
  })

  test.each<readonly [what: string, parts: readonly ChargedPart[], legs: readonly string[] | null, fault: string]>([
    ['of another quantity', [part('a', plain, null, 7n), part('b', plain, null, 8n)], ['a', 'b'], 'another quantity'],
    ['in another row', [part('a', byModel, 1, 7n)], ['a'], 'is charged on a in other parts'],
    ['in no row', [part('a', byModel, null, 7n)], ['a'], 'is charged on a in other parts'],
    ['in a row of a price without any', [part('a', plain, 0, 7n)], ['a'], 'is charged on a in other parts'],
    ['twice in one segment', [part('a', plain, null, 7n), part('a', plain, null, 7n)], ['a'], 'in other parts'],
    ['divided in another way', [part('a', byTime, 0, 3n), part('a', byTime, 1, 5n)], ['a'], 'in other parts'],
    ['not divided', [part('a', byTime, 0, 8n)], ['a'], 'in other parts'],
    ['on a leg too few', [part('a', plain, null, 7n)], ['a', 'b'], 'on other legs'],
    ['on another leg', [part('a', plain, null, 7n)], ['b'], 'on other legs'],
    ['that ought not to be', [part('a', plain, null, 7n)], null, 'has no price for it'],
  ])('%s are named', (_what, parts, legs, fault) => {
    expect(recordFaults(parts, unit, legs?.map(due) ?? null).faults.join()).toContain(fault)
  })

  test('in a segment of another period than that of their leg are named', () => {
    const legs = [{ legKey: 'a', periodKey: '2026-11~mid' }]
    const { faults } = recordFaults([part('a', plain, null, 7n)], unit, legs)
    expect(faults).toEqual(['is charged on a in another period than 2026-11~mid'])
  })

  test('of a meter that counts per period may come to another quantity in another period', () => {
    const parts = [part('a', plain, null, 7n), { ...part('b', plain, null, 9n), periodKey: '2026-10~mid' }]
    const legs = [due('a'), { legKey: 'b', periodKey: '2026-10~mid' }]
    const quantities = new Map([
      ['2026-11', 7n],
      ['2026-10~mid', 9n],
    ])
    expect(recordFaults(parts, unit, legs, true)).toEqual({ quantities, faults: [] })
    expect(recordFaults(parts, unit, legs).faults).toEqual(['is charged another quantity on another leg'])
  })

  test('are found by unit and record', () => {
    const charge = { unit: 4, record: 1, quantity: 7n, amountMicros: 1n }
    const blocks = [
      { segmentKey: '2026-11/s/m/p/1', legKey: 'a', charges: [charge, { ...charge, unit: 9 }] },
      { segmentKey: '2026-11/s/m/q', legKey: 'b', charges: [{ ...charge, unit: 2 }, charge] },
    ]
    const inA = { record: 1, legKey: 'a', periodKey: '2026-11', price: byModel, model: 1, quantity: 7n }
    const inB = { record: 1, legKey: 'b', periodKey: '2026-11', price: plain, model: null, quantity: 7n }
    expect(partsByUnit(blocks, (key) => (key.endsWith('q') ? plain : byModel))).toEqual([
      [2, [inB]],
      [4, [inA, inB]],
      [9, [inA]],
    ])
  })
})
