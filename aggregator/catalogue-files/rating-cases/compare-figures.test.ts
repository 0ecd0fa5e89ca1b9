import { describe, expect, test } from 'vitest'
import { compareFigures } from './compare-figures.ts'
import type { Exact } from './exact.ts'
import type { CaseObject } from './read-cases.ts'

const third: Exact = { numerator: 40n, denominator: 3n }
const ten: Exact = { numerator: 10n, denominator: 1n }
const figures = {
  numbers: new Map([
    ['total', third],
    ['units', ten],
    ['unitamount', third],
  ]),
  lines: [
    [ten, third],
    [third, ten],
  ],
}

function verdict(expected: CaseObject, exact: Exact | null = null): readonly (readonly [boolean, string])[] {
  return compareFigures(expected, figures, exact).figures.map(({ isEqual, remark }) => [isEqual, remark])
}

describe('amounts', () => {
  test.each<readonly [expected: CaseObject, isEqual: boolean, remark: string]>([
    [{ total: '13.33' }, true, 'rounded to the 2 digits stated'],
    [{ total: '13.34' }, false, ''],
    [{ total: '13.3' }, false, ''],
    [{ total: '13' }, false, ''],
    [{ total: '13', currency: 'JPY' }, true, 'rounded to the 0 digits stated'],
    [{ totalCents: '1333.33' }, true, 'rounded to the 4 digits stated'],
    [{ unitAmount: '13' }, true, 'rounded to the 0 digits stated'],
    [{ units: '10' }, true, ''],
    [{ packages: '11' }, false, ''],
    [{ price: '$13.33' }, true, 'rounded to the 2 digits stated'],
  ])('%j', (expected, isEqual, remark) => {
    expect(verdict(expected)).toEqual([[isEqual, remark]])
  })

  test('an amount that goes on is compared as far as it is stated, without rounding', () => {
    expect(verdict({ exactUnrounded: '13.3333...' }, third)).toEqual([[true, 'compared to 4 digits']])
    expect(verdict({ exactUnrounded: '13.3334…' }, third)).toEqual([[false, '']])
    expect(verdict({ exact: '13.3333' }, null)).toEqual([])
  })
})

describe('lines', () => {
  test.each<readonly [lines: readonly string[], isEqual: boolean]>([
    [['10', '0'], false],
    [[], false],
  ])('%j', (lines, isEqual) => {
    expect(verdict({ lines })).toEqual([[isEqual, '']])
  })

  test('any way of dividing the amount will do; nothing is left out and nothing added', () => {
    const whole = { numbers: new Map<string, Exact>(), lines: [[ten], [ten, ten]] }
    expect(compareFigures({ lines: ['10', '10', '0'] }, whole, null).figures).toMatchObject([{ isEqual: true }])
    expect(compareFigures({ lines: ['20'] }, whole, null).figures).toMatchObject([{ isEqual: false, got: '[10]' }])
  })
})

test('what is no figure is named, but for what says nothing', () => {
  const { notCompared } = compareFigures(
    { currency: 'USD', note: 'n', tier: '2', lines: 'x', total: 'much' },
    figures,
    null,
  )
  expect(notCompared).toEqual(['tier', 'lines', 'total'])
})
