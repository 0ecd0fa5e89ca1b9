import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { canonicalUnit, findMeasureUnit } from '@meterline/shared/units/measure-unit.ts'
import { meterRecord, noteChange } from '../domain/metering/meter-record.ts'
import { compileMeter } from '../domain/metering/meter-rule.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import { emptyMetering } from '../domain/testing/sample-bills.ts'
import type { MeterDefinition } from '../domain/metering/meter-definition.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/meters.md', import.meta.url), 'utf8')
const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []

function declaredMeters(): readonly MeterDefinition[] {
  const parsed = parseTenantFile('t.yaml', `tenant: t\ncurrency: EUR\noperator: { id: t, name: T }\n${yaml}`)
  return parsed.ok ? parsed.value.meters : []
}

/** The rows of the table whose second column is headed by a kind: minute, quantity, usage. */
function workedExample(kind: string): readonly (readonly number[])[] {
  const start = page.indexOf(`| minute | \`${kind}\``)
  const [table = ''] = page.slice(start).split('\n\n', 1)
  const rows = table.split('\n').slice(2)
  return rows.map((row) => row.split('|').slice(1, 4).map(Number))
}

describe('the page about meters', () => {
  test('declares a meter of every kind that is accepted', () => {
    expect(new Set(declaredMeters().map(({ metering }) => metering.kind))).toEqual(
      new Set(['sum', 'counter', 'gauge', 'distinct', 'maximum']),
    )
  })

  test.each([
    ['counter', 6],
    ['gauge', 6],
    ['distinct', 2],
    ['maximum', 3],
  ])('works out a %s as it says', (kind, rows) => {
    const definition = declaredMeters().find(({ metering }) => metering.kind === kind)
    if (definition === undefined) throw new Error(`the page declares a ${kind}`)
    const rule = compileMeter(definition)
    const draft = new MeteringDraft(emptyMetering)
    const example = workedExample(kind)
    expect(example).toHaveLength(rows)
    for (const [minute = 0, quantity = 0, usage = 0] of example) {
      const event = { source: 's', subject: 't', timeMs: minute * 60_000, labels: [] }
      const metered = meterRecord(draft, rule, event, BigInt(quantity), null, '2026-11')
      expect([minute, typeof metered === 'string' ? metered : metered.quantity]).toEqual([minute, BigInt(usage)])
      if (typeof metered !== 'string' && metered.change !== null) noteChange(draft, metered.change)
    }
  })

  test('lists every unit with its size', () => {
    const cells = page.matchAll(/\| ((?:`\w+`(?:, )?)+) +\| (\d+)(?:\/(\d+))? (\w+) +(?=\|)/g)
    const listed = [...cells].flatMap(([, names = '', numerator = '', denominator = '1', canonical]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, BigInt(numerator), BigInt(denominator), canonical]),
    )
    expect(listed).toHaveLength(30)
    for (const [name, numerator, denominator, canonical] of listed) {
      const unit = findMeasureUnit(String(name))
      expect([name, unit?.numerator, unit?.denominator, unit && canonicalUnit(unit.dimension)]).toEqual([
        name,
        numerator,
        denominator,
        canonical,
      ])
    }
  })
})
