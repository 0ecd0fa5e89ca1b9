import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalUnit,
  confusedDataUnit,
  convertExactly,
  findMeasureUnit,
  unitHint,
  type MeasureUnit,
} from './measure-unit.ts'

function unitNamed(name: string): MeasureUnit {
  const found = findMeasureUnit(name)
  if (found === null) throw new Error(`${name} is a unit`)
  return found
}

/** `text` of one unit in another, as a whole number or the code of the fault. */
function converted(text: string, from: string, to: string): bigint | string {
  const [whole = '', fraction = ''] = text.split('.')
  const value = { digits: BigInt(whole + fraction), scale: fraction.length }
  const result = convertExactly(value, unitNamed(from), unitNamed(to))
  return result.ok ? result.value : result.fault.code
}

test.each([
  ['1', 'B', 'byte', 1n],
  ['1', 'kB', 'byte', 1_000n],
  ['1', 'KiB', 'byte', 1_024n],
  ['1', 'MB', 'byte', 1_000_000n],
  ['1', 'MiB', 'byte', 1_048_576n],
  ['1', 'GB', 'byte', 1_000_000_000n],
  ['1', 'GiB', 'byte', 1_073_741_824n],
  ['1', 'TB', 'byte', 1_000_000_000_000n],
  ['1', 'TiB', 'byte', 1_099_511_627_776n],
  ['8', 'bit', 'byte', 1n],
  ['1', 'kbit', 'byte', 125n],
  ['1', 'Mbit', 'byte', 125_000n],
  ['1', 'Gbit', 'byte', 125_000_000n],
  ['1', 'kB', 'bit', 8_000n],
  ['125', 'KiB', 'kB', 128n],
  ['1.5', 'GB', 'MB', 1_500n],
  ['1', 's', 'ms', 1_000n],
  ['0.0005', 's', 'us', 500n],
  ['1500000', 'ns', 'us', 1_500n],
  ['90', 'min', 's', 5_400n],
  ['1', 'd', 'h', 24n],
  ['0.25', 'h', 'ms', 900_000n],
  ['1.234567', 'kWh', 'mWh', 1_234_567n],
  ['1', 'MWh', 'kWh', 1_000n],
  ['3600', 'J', 'Wh', 1n],
  ['18', 'J', 'mWh', 5n],
  ['3.6', 'kJ', 'Wh', 1n],
  ['0', 'J', 'kWh', 0n],
  ['2.5', 'kW', 'W', 2_500n],
  ['1', 'W', 'mW', 1_000n],
])('%s %s in %s', (value, from, to, expected) => {
  expect(converted(value, from, to)).toBe(expected)
})

test.each([
  ['1', 'KiB', 'kB', 'unit_inexact'],
  ['7', 'bit', 'byte', 'unit_inexact'],
  ['0.5', 'byte', 'byte', 'unit_inexact'],
  ['1', 'J', 'mWh', 'unit_inexact'],
  ['1', 'W', 'Wh', 'unit_mismatch'],
  ['1', 'byte', 's', 'unit_mismatch'],
])('%s %s has no whole number of %s', (value, from, to, code) => {
  expect(converted(value, from, to)).toBe(code)
})

test('what is refused says the value and both units', () => {
  const result = convertExactly({ digits: 15n, scale: 1 }, unitNamed('KiB'), unitNamed('kB'))
  expect(!result.ok && result.fault.message).toMatch(/^1\.5 KiB is no whole number of kB/)
})

test.each(['K', 'M', 'KB', 'Kb', 'kb', 'mb', 'Kib', 'kib', 'KIB', 'S', 'mwh', 'MHz', 'bytes', 'sec', '', ' s', 'W '])(
  '%j is no unit and gets a hint',
  (name) => {
    expect(findMeasureUnit(name)).toBeNull()
    expect(unitHint(name)).not.toBe('')
  },
)

test.each([
  ['KB', /kB is 1000 bytes, KiB is 1024/],
  ['mb', /Mbit is .* MB is .* MiB is/],
  ['kib', /use KiB/],
  ['mwh', /use mWh or MWh/],
  ['seconds', /written s$/],
  ['furlong', /use one of B, byte, kB/],
  ['x'.repeat(500), /x{40}…/],
])('the hint for %s says what to write', (name, message) => {
  expect(unitHint(name)).toMatch(message)
})

test('only names that confuse units of data are called so', () => {
  const names = ['KB', 'kb', 'Kb', 'mb', 'Mb', 'gb', 'Gb', 'tb', 'Tb', 'kB', 'MB', 'KiB', 'byte', 'message', 'mW', 'k']
  expect(names.filter((name) => confusedDataUnit(name) !== null)).toEqual(names.slice(0, 9))
})

test('megawatt-hours and milliwatt-hours are told apart', () => {
  expect(converted('1', 'MWh', 'mWh')).toBe(1_000_000_000n)
})

const names = ['byte', 'kB', 'KiB', 'GiB', 'bit', 'Mbit', 'ns', 'ms', 'min', 'd', 'mWh', 'kWh', 'J', 'kJ', 'mW', 'kW']

test('what converts, converts back to the same number', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom(...names),
      fc.bigInt(0n, 10n ** 15n),
      (fromName, toName, digits) => {
        const [from, to] = [unitNamed(fromName), unitNamed(toName)]
        const there = convertExactly({ digits, scale: 0 }, from, to)
        if (!there.ok) return
        expect(convertExactly({ digits: there.value, scale: 0 }, to, from)).toEqual({ ok: true, value: digits })
      },
    ),
  )
})

test('every dimension has a canonical unit that is a unit of it, at one to one', () => {
  for (const dimension of ['data', 'time', 'energy', 'power'] as const) {
    expect(unitNamed(canonicalUnit(dimension))).toMatchObject({ dimension, numerator: 1n, denominator: 1n })
  }
})
