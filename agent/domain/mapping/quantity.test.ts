import { describe, expect, test } from 'vitest'
import type { QuantityDefinition } from './rule-definition.ts'
import { oneEvent, mapped, refusal } from './testing/sample-rules.ts'

function rule(quantity: Omit<QuantityDefinition, 'at'>) {
  return { atLeastOnce: true, meters: [{ meter: 'm', quantity: { at: '/n', ...quantity } }] }
}

describe('a quantity', () => {
  test.each<[Omit<QuantityDefinition, 'at'>, unknown, bigint | string]>([
    [{}, 12, 12n],
    [{}, '12', 12n],
    [{}, '12.0', 12n],
    [{}, '9223372036854775807', 9_223_372_036_854_775_807n],
    [{}, '9223372036854775808', 'quantity_too_large'],
    [{}, 1.5, 'quantity_inexact'],
    [{}, -1, 'quantity_negative'],
    [{}, 'many', 'quantity_not_number'],
    [{}, true, 'quantity_not_number'],
    [{}, null, 'quantity_missing'],
    [{}, undefined, 'quantity_missing'],
    [{ scale: 1000 }, 1.5, 1500n],
    [{ scale: '1000' }, '0.0015', 'quantity_inexact'],
    [{ scale: '0.001' }, 2000, 2n],
    [{ scale: '1/24' }, 48, 2n],
    [{ scale: '1/24' }, 49, 'quantity_inexact'],
    [{ scale: '2.5/0.5' }, 3, 15n],
    [{ scale: 100 }, 0.29, 29n],
    [{ divide: 1024 }, 2048, 2n],
    [{ divide: 1024 }, 2049, 'quantity_inexact'],
    [{ divide: 1024, round: 'floor' }, 2049, 2n],
    [{ divide: 1024, round: 'ceiling' }, 2049, 3n],
    [{ round: 'half-even' }, 2.5, 2n],
    [{ round: 'half-even' }, 3.5, 4n],
    [{ round: 'half-even' }, 2.51, 3n],
    [{ round: 'floor' }, '0.12345678901234567', 0n],
    [{ round: 'floor' }, 12.345678901234567, 12n],
    [{}, 12.345678901234567, 'quantity_inexact'],
    [{ round: 'floor' }, -0.5, 'quantity_negative'],
    [{ ceilingDivide: 24 }, 0, 0n],
    [{ ceilingDivide: 24 }, 1, 1n],
    [{ ceilingDivide: 24 }, 24, 1n],
    [{ ceilingDivide: 24 }, 25, 2n],
    [{ ceilingDivide: '0.5' }, 1.2, 3n],
    [{ scale: 1000, ceilingDivide: 60 }, 0.0601, 2n],
    [{ default: 0 }, null, 0n],
    [{ default: '1.5', scale: 2 }, undefined, 3n],
    [{ part: 'positive' }, 5, 5n],
    [{ part: 'positive' }, -5, 0n],
    [{ part: 'negative' }, -5, 5n],
    [{ part: 'negative' }, 5, 0n],
    [{ part: 'negative', scale: '1000000000' }, '-0.000000001', 1n],
    [{ measure: 'base64-bytes' }, 'SGVsbG8sIHdvcmxkIQ==', 13n],
    [{ measure: 'base64-bytes' }, 'SGVsbG8sIHdvcmxkIQ', 13n],
    [{ measure: 'base64-bytes' }, 'AQID', 3n],
    [{ measure: 'base64-bytes' }, 'AQ-_', 3n],
    [{ measure: 'base64-bytes' }, 'A', 'measure_invalid'],
    [{ measure: 'base64-bytes' }, 'AQ=', 'measure_invalid'],
    [{ measure: 'base64-bytes' }, 'A?ID', 'measure_invalid'],
    [{ measure: 'base64-bytes', default: 0 }, undefined, 0n],
    [{ measure: 'hex-bytes' }, '00ffA1', 3n],
    [{ measure: 'hex-bytes' }, '00f', 'measure_invalid'],
    [{ measure: 'hex-bytes' }, 12, 'measure_invalid'],
    [{ measure: 'text-bytes' }, 'größe', 7n],
    [{ measure: 'items' }, [1, 2, 3], 3n],
    [{ measure: 'items' }, { a: 1, b: 2 }, 2n],
    [{ measure: 'items' }, 'abc', 'measure_invalid'],
    [{ measure: 'base64-bytes', ceilingDivide: 24 }, 'A'.repeat(36), 2n],
    [{ unit: { from: 'kWh', to: 'Wh' } }, 1.234, 1234n],
    [{ unit: { from: 'KiB', to: 'B' } }, 1.5, 1536n],
    [{ unit: { from: 'kB', to: 'B' } }, 1.5, 1500n],
    [{ unit: { from: 'B', to: 'KiB' } }, 1500, 'quantity_inexact'],
    [{ unit: { from: 'B', to: 'KiB' }, round: 'ceiling' }, 1500, 2n],
    [{ unit: { from: 'bit', to: 'byte' } }, 16, 2n],
    [{ unit: { from: 'h', to: 'ms' } }, 0.5, 1_800_000n],
  ])('by %j of %j is %s', (quantity, n, expected) => {
    if (typeof expected === 'string') expect(refusal(rule(quantity), { n })).toBe(expected)
    else expect(oneEvent(rule(quantity), { n }).measured).toEqual([{ meter: 'm', quantity: expected }])
  })

  test('may state its unit in the payload', () => {
    const stated = rule({ unit: { from: '/u', to: 'Wh' } })
    expect(oneEvent(stated, { n: 1.5, u: 'kWh' }).measured[0]?.quantity).toBe(1500n)
    expect(refusal(stated, { n: 1, u: 'GB' })).toBe('unit_mismatch')
    expect(refusal(stated, { n: 1, u: 'kwh' })).toBe('unit_unknown')
    expect(refusal(stated, { n: 1 })).toBe('unit_unknown')
    expect(refusal(stated, { n: 1, u: 7 })).toBe('unit_unknown')
  })

  test('of zero can be left out, and with it the record', () => {
    expect(mapped(rule({ omitZero: true }), { n: 0 })).toMatchObject({ events: [], rejected: [] })
    expect(oneEvent(rule({ omitZero: true }), { n: 1 }).measured).toHaveLength(1)
    expect(oneEvent(rule({}), { n: 0 }).measured).toEqual([{ meter: 'm', quantity: 0n }])
  })

  test.each([
    [3, 3n],
    ['= 3', 3n],
    ['= 24', 24n],
  ])('%j is a constant', (quantity, expected) => {
    const constant = { atLeastOnce: true, meters: [{ meter: 'm', quantity }] }
    expect(oneEvent(constant, {}).measured[0]?.quantity).toBe(expected)
  })
})
