import { describe, expect, test } from 'vitest'
import { parseTenantFile } from '@meterline/aggregator/catalogue-files/parse-tenant-file.ts'
import { compileCatalogue } from '@meterline/aggregator/domain/catalogue/compile-catalogue.ts'
import type { TenantFile } from '@meterline/aggregator/domain/catalogue/tenant-file.ts'
import { modelOfUse, snapshotTenantFile, subjectName } from './snapshot-tenant.ts'

const tenant = { rows: 200, subjects: 20, changed: false }
const agents = [{ id: 'gw-1', signingKey: Buffer.alloc(32, 7).toString('base64') }]

function parsed(changed: boolean): TenantFile {
  const file = parseTenantFile('bench.yaml', snapshotTenantFile({ ...tenant, changed }, agents))
  if (!file.ok) throw new Error(JSON.stringify(file.mistakes[0]))
  return file.value
}

describe('the tenant with a large price list', () => {
  test('has a subscription of its own for each subject, and compiles', () => {
    const catalogue = compileCatalogue(parsed(false))
    if (!catalogue.ok) throw new Error(catalogue.fault.message)
    const bought = [...catalogue.value.subscriptions.values()].flatMap(({ subjects }) => subjects)
    const subjects = Array.from({ length: tenant.subjects }, (_, number) => subjectName(number))
    expect(bought).toHaveLength(tenant.subjects)
    expect(new Set(bought)).toEqual(new Set(subjects))
  })

  test('has four to eight classes of tokens a row, and a second price for large requests in some', () => {
    const rows = parsed(false).matrices.flatMap((matrix) => matrix.rows)
    const classes = rows.map(({ amounts }) => amounts.size)
    expect(rows).toHaveLength(tenant.rows)
    expect([Math.min(...classes), Math.max(...classes)]).toEqual([4, 8])
    expect(rows.filter(({ above }) => above.length > 0)).toHaveLength(tenant.rows / 20)
  })

  test('prices every model that is used', () => {
    const rows = parsed(false).matrices.flatMap((matrix) => matrix.rows)
    const untiered = new Set(rows.flatMap(({ when }) => (when[1] === null ? [when[0]] : [])))
    const used = Array.from({ length: 3 * tenant.rows }, (_, number) => modelOfUse(number, tenant.rows))
    expect(used.filter((model) => !untiered.has(model))).toEqual([])
  })

  test('changes one amount of one row by a date', () => {
    const before = parsed(false)
    const after = parsed(true)
    const text = (file: TenantFile, matrix: number): readonly string[] =>
      (file.matrices[matrix]?.rows ?? []).flatMap(({ when, amounts }) =>
        [...amounts].map(([meter, amount]) => `${JSON.stringify(when)} ${meter} ${amount}`),
      )
    const kept = new Set(text(before, 0))
    expect(text(after, 0)).toEqual(text(before, 0))
    expect(text(after, 1).filter((amount) => !kept.has(amount))).toHaveLength(1)
    const changed = after.prices.filter((price) => 'changes' in price && price.changes.length > 0)
    expect(changed.map(({ id }) => id)).toEqual(['ai.input_tokens'])
  })
})
