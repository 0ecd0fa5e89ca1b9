import { describe, expect, test } from 'vitest'
import { normalise } from '../normalise.ts'

const read = (event: unknown) => normalise('usage', 'trk-1', Buffer.from(JSON.stringify(event)), 1_790_000_000_000)
const codesOf = (event: unknown) => read(event).rejected.map(({ code }) => code)
const labelsOf = (event: unknown) => read(event).events[0]?.labels

describe('a quantity with a unit', () => {
  const exact: readonly [unknown, string, bigint, string][] = [
    [1.5, 'kWh', 1_500_000n, 'mWh'],
    ['12.345678', 'kWh', 12_345_678n, 'mWh'],
    [18, 'J', 5n, 'mWh'],
    [1, 'MB', 1_000_000n, 'byte'],
    [1, 'MiB', 1_048_576n, 'byte'],
    ['0.5', 'KiB', 512n, 'byte'],
    [16, 'bit', 2n, 'byte'],
    [1.5, 'h', 5_400_000n, 'ms'],
    [0, 'W', 0n, 'mW'],
    ['9223372036854775807', 'B', 9_223_372_036_854_775_807n, 'byte'],
  ]
  test.each(exact)('%s %s', (quantity, unit, converted, canonical) => {
    expect(read({ meter: 'm', quantity, unit }).events).toMatchObject([
      { measured: [{ meter: 'm', quantity: converted }], labels: [['@unit', canonical]] },
    ])
  })

  const refused: readonly [string, object, string][] = [
    ['no whole number of the canonical unit', { quantity: 3, unit: 'J' }, 'unit_inexact'],
    ['half a byte', { quantity: 4, unit: 'bit' }, 'unit_inexact'],
    ['an ambiguous unit', { quantity: 1, unit: 'KB' }, 'unit_unknown'],
    ['a unit nobody knows', { quantity: 1, unit: 'furlong' }, 'unit_unknown'],
    ['a unit that is a number', { quantity: 1, unit: 5 }, 'unit_unknown'],
    ['a fraction that was rounded', { quantity: 0.1 + 0.2, unit: 'kWh' }, 'quantity_inexact'],
    ['what is no number', { quantity: 'much', unit: 'kWh' }, 'quantity_not_number'],
    ['nothing', { unit: 'kWh' }, 'quantity_missing'],
    ['a negative amount', { quantity: -1, unit: 'kWh' }, 'quantity_negative'],
    ['more than a record holds', { quantity: '9223372036854775807', unit: 'kB' }, 'quantity_too_large'],
    ['a fraction without a unit', { quantity: 1.5 }, 'quantity_not_integer'],
    ['an unusable meter', { meter: '', quantity: 1, unit: 'kWh' }, 'meter_invalid'],
  ]
  test.each(refused)('%s is refused', (_name, event, code) => {
    expect(codesOf({ meter: 'm', ...event })).toEqual([code])
  })

  test('goes with one meter only', () => {
    expect(codesOf({ usage: { m: 1 }, unit: 'kWh' })).toEqual(['unit_misplaced'])
  })

  test('is explained where it is ambiguous', () => {
    expect(read({ meter: 'm', quantity: 1, unit: 'KB' }).rejected[0]?.message).toBe(
      '"unit" is "KB": KB is ambiguous: kB is 1000 bytes, KiB is 1024',
    )
  })
})

describe('what a device says about its counting', () => {
  test('a sequence number becomes a fact, a reset id a label', () => {
    const event = { meter: 'm', quantity: 1, unit: 'kWh', sequence: 0, reset: 'boot-7', dimensions: { a: 'b' } }
    expect(read(event).events).toMatchObject([
      {
        facts: [['@sequence', 0n]],
        labels: [
          ['@reset', 'boot-7'],
          ['@unit', 'mWh'],
          ['a', 'b'],
        ],
      },
    ])
    expect(labelsOf({ meter: 'm', quantity: 1, reset: 3 })).toEqual([['@reset', '3']])
    expect(read({ meter: 'm', quantity: 1, sequence: 2 ** 53 - 1 }).events[0]?.facts).toEqual([
      ['@sequence', 2n ** 53n - 1n],
    ])
  })

  test.each([
    [-1, 'sequence_invalid'],
    [1.5, 'sequence_invalid'],
    ['9007199254740992', 'sequence_invalid'],
    ['x', 'sequence_invalid'],
    [true, 'sequence_invalid'],
  ])('the sequence %s is refused', (sequence, code) => {
    expect(codesOf({ meter: 'm', quantity: 1, sequence })).toEqual([code])
  })

  test.each([[''], ['x'.repeat(129)], ['a\u0000'], [1.5], [{}], [true]])('the reset %j is refused', (reset) => {
    expect(codesOf({ meter: 'm', quantity: 1, reset })).toEqual(['reset_invalid'])
  })

  test('works in the data of a CloudEvent', () => {
    const data = { meter: 'm', quantity: 1, sequence: 5, reset: 'r', unit: 'B' }
    const event = read({ specversion: '1.0', id: '1', source: 's', type: 't', data }).events[0]
    expect(event).toMatchObject({
      facts: [['@sequence', 5n]],
      labels: [
        ['@reset', 'r'],
        ['@unit', 'byte'],
      ],
    })
  })
})

describe('members nobody reads', () => {
  test('are kept when they are texts, numbers or booleans, and counted when not', () => {
    const event = {
      meter: 'm',
      quantity: 1,
      firmware: '1.2',
      rssi: -70,
      lost: null,
      ok: true,
      gps: { lat: 1 },
      list: [],
    }
    expect(labelsOf(event)).toEqual([
      ['+firmware', '1.2'],
      ['+ok', 'true'],
      ['+rssi', '-70'],
      ['+unkept', '2'],
    ])
  })

  test('of a CloudEvent: extension attributes beside unknown data, not the attributes CloudEvents has', () => {
    const data = { meter: 'm', quantity: 1, id: 'inner', firmware: '1.2' }
    const attributes = { datacontenttype: 'application/json', dataschema: 'urn:x', traceparent: '00-1', partition: 7 }
    const event = { specversion: '1.0', id: '1', source: 's', type: 't', time: 5, ...attributes, data }
    expect(labelsOf(event)).toEqual([
      ['+ce.partition', '7'],
      ['+ce.traceparent', '00-1'],
      ['+firmware', '1.2'],
      ['+id', 'inner'],
    ])
  })

  test('give way to the dimensions of the event, and the last place says how many did not fit', () => {
    const many = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'x']))
    const event = (dimensions: number, unknown: number) => ({
      meter: 'm',
      quantity: 1,
      dimensions: many('d', dimensions),
      ...many('u', unknown),
    })
    expect(
      labelsOf(event(14, 2))
        ?.map(([key]) => key)
        .slice(0, 2),
    ).toEqual(['+u0', '+u1'])
    expect(labelsOf(event(14, 3))?.slice(0, 2)).toEqual([
      ['+u0', 'x'],
      ['+unkept', '2'],
    ])
    expect(labelsOf(event(15, 2))?.[0]).toEqual(['+unkept', '2'])
    expect(labelsOf(event(16, 2))?.map(([key]) => key)).toEqual(Object.keys(many('d', 16)).toSorted())
    expect(labelsOf(event(0, 3000))?.at(-1)).toEqual(['+unkept', '2985'])
    expect(labelsOf(event(0, 3000))).toHaveLength(16)
  })

  test('with names or values too long to keep are counted', () => {
    const event = { meter: 'm', quantity: 1, ['n'.repeat(64)]: 1, note: 'x'.repeat(129), 'a\u0000': 1 }
    expect(labelsOf(event)).toEqual([['+unkept', '3']])
  })

  test('do not hide behind dimensions: names beginning with @ or + are ours', () => {
    for (const name of ['@unit', '@', '+dialect', '+'])
      expect(codesOf({ meter: 'm', quantity: 1, dimensions: { [name]: 'x' } })).toEqual(['name_reserved'])
  })
})
