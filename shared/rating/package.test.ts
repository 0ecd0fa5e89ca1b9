import { describe, expect, test } from 'vitest'
import { accumulate, emptyAccumulator } from './accumulate.ts'
import { boundMicros, chargeMicros, totalMicros } from './dispatch.ts'
import { compileModel, kindOfModel, type PriceModel } from './model.ts'
import type { PackagePrice } from './package.ts'

/** getlago/lago-api spec/services/charge_models/package_service_spec.rb */
const lago: PackagePrice = { model: 'package', size: 10n, amount: '100', each: 'period' }
/** HIP-4 of Helium: a data credit for every started 24 bytes of a packet, one at least. */
const helium: PackagePrice = { model: 'package', size: 24n, amount: '0.00001', each: 'event', least: 1n }
const event = { timeMs: 0, source: 'hotspot', eventId: null }

describe('packages of the period', () => {
  test.each<readonly [what: string, price: PriceModel, quantity: bigint, total: number]>([
    ['nothing used', lago, 0n, 0],
    ['a started package is paid whole', lago, 121n, 1300],
    ['a full package is one', lago, 120n, 1200],
    ['free units cover all', { ...lago, free: 200n }, 121n, 0],
    ['free units cover exactly all', { ...lago, free: 121n }, 121n, 0],
    ['packages begin after the free units', { ...lago, free: 120n }, 121n, 100],
    ['a minimum', { ...lago, minimum: '150' }, 3n, 150],
    ['a maximum', { ...lago, maximum: '250' }, 121n, 250],
  ])('%s', (_what, price, quantity, total) => {
    expect(totalMicros(compileModel(price), quantity)).toBe(BigInt(total) * 1_000_000n)
  })

  test('only what starts a package is charged', () => {
    const model = compileModel({ ...lago, amount: '15' })
    expect(chargeMicros(model, 17n, 5n)).toBe(15_000_000n)
    expect(chargeMicros(model, 17n, 3n)).toBe(0n)
    expect(boundMicros(model, 3n)).toBe(15_000_000n)
    expect(boundMicros(model, 11n)).toBe(30_000_000n)
    expect(boundMicros(model, 0n)).toBe(0n)
  })
})

describe('packages of an event', () => {
  test.each<readonly [what: string, price: PackagePrice, quantities: readonly bigint[], micros: bigint]>([
    ['a started unit is paid whole', helium, [55n], 30n],
    ['an empty packet costs the least', helium, [0n], 10n],
    ['every packet starts its own', helium, [1n, 1n, 24n, 25n], 50n],
    ['free units of every event', { ...helium, free: 24n }, [24n, 25n, 49n], 40n],
    [
      'free units of every event and no least',
      { model: 'package', size: 24n, amount: '1', free: 24n, each: 'event' },
      [24n, 25n],
      1_000_000n,
    ],
  ])('%s', (_what, price, quantities, micros) => {
    const model = compileModel(price)
    const after = quantities.reduce((before, quantity) => accumulate(model, before, quantity, event), emptyAccumulator)
    expect(after.amountMicros).toBe(micros)
    expect(after.events).toBe(quantities.length)
  })

  test('an event is one whole: its model does not split', () => {
    const model = compileModel(helium)
    expect(kindOfModel(model)).toBe('event-atomic')
    expect(kindOfModel(compileModel(lago))).toBe('splittable')
    expect(() => totalMicros(model, 55n)).toThrow('does not follow from quantity')
    expect([0n, 24n, 25n].map((quantity) => boundMicros(model, quantity))).toEqual([10n, 10n, 20n])
  })
})
