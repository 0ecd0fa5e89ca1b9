import { describe, expect, test } from 'vitest'
import { boundMicros } from './dispatch.ts'
import { compilePrice, type CompiledPrice } from './price.ts'
import { parsePrice } from './price-schema.ts'
import type { RoutedUsage } from './route.ts'
import { usageBoundMicros } from './usage-bound.ts'

function compiled(value: unknown): CompiledPrice {
  const price = parsePrice(value)
  if (!price.ok) throw new Error(price.fault.message)
  return compilePrice(price.value)
}

const noon = Date.UTC(2026, 10, 16, 12)
const usage = (labels: RoutedUsage['labels'] = [], facts: RoutedUsage['facts'] = []): RoutedUsage => ({
  timeMs: noon - 1_000,
  labels,
  facts,
})

const perUnit = (amount: string): object => ({ model: 'per-unit', amount })
const matrix = compiled({
  model: 'matrix',
  dimensions: ['model'],
  rows: [
    { when: { model: 'large' }, ...perUnit('0.000002') },
    { when: { model: 'small' }, ...perUnit('0.000001') },
    { when: { model: 'counted' }, model: 'percentage', rate: '1', freeEvents: 3 },
  ],
})
const tariff = compiled({
  model: 'time-of-use',
  zone: 'Etc/UTC',
  offsets: [[0, 0]],
  windows: [{ name: 'peak', at: [{ days: 'mon-sun', from: '00:00', to: '12:00' }], price: perUnit('0.0000035') }],
  otherwise: { name: 'off-peak', price: perUnit('0.0000015') },
  duration: { fact: 'duration', unit: '1s' },
})

describe('a record is pre-rated at', () => {
  test.each<readonly [what: string, price: CompiledPrice, usage: RoutedUsage, quantity: bigint, micros: bigint | null]>(
    [
      ['the bound of the only model', compiled(perUnit('0.0000015')), usage(), 3n, 5n],
      ['the bound of its row', matrix, usage([['model', 'large']]), 7n, 14n],
      ['nothing without a row', matrix, usage([['model', 'huge']]), 7n, null],
      ['nothing where the model has no bound', matrix, usage([['model', 'counted']]), 7n, null],
      ['the bounds of its parts', tariff, usage([], [['duration', 2n]]), 2n, 6n],
      ['the bound at an instant', tariff, usage(), 2n, 7n],
      ['what a record can hold', compiled(perUnit('0.000001')), usage(), 2n ** 63n - 1n, 2n ** 63n - 1n],
      ['nothing that a record cannot hold', compiled(perUnit('0.000002')), usage(), 2n ** 62n, null],
    ],
  )('%s', (_what, price, of, quantity, micros) => {
    expect(usageBoundMicros(price, of, quantity)).toBe(micros)
  })

  test('which is the sum of a part before and one after a switch', () => {
    const bounds = tariff.models.map((model) => boundMicros(model, 1n))
    expect(bounds).toEqual([4n, 2n])
  })
})
