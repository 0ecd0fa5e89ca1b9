import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { yamlText } from '@meterline/shared/config/yaml-text.ts'
import { payerOf } from '../domain/accounts/account-tree.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/accounts.md', import.meta.url), 'utf8')

/** The examples of the page as one file; an account that stands there twice is the one that stands there last. */
function pageCatalogue(): Catalogue {
  const file: Record<string, unknown> = {}
  const accounts = new Map<unknown, unknown>()
  for (const [, yaml = ''] of page.matchAll(/```yaml\n([^]*?)```/g)) {
    const parsed = parseYamlWithPositions('accounts.md', yaml)
    if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
    const example = parsed.value as Record<string, unknown>
    for (const account of (example['accounts'] ?? []) as readonly { readonly id: string }[])
      accounts.set(account.id, account)
    Object.assign(file, example)
  }
  const meters = [{ id: 'data.bytes', unit: 'byte' }]
  const text = yamlText({ tenant: 'acme', currency: 'EUR', meters, ...file, accounts: [...accounts.values()] })
  const read = parseTenantFile('accounts.md', text)
  if (!read.ok) throw new Error(formatMistakes(read.mistakes))
  const compiled = compileCatalogue(read.value)
  if (!compiled.ok) throw new Error(compiled.fault.message)
  return compiled.value
}

test('the examples of the page about accounts make up a file that is accepted, and say what the page says', () => {
  const { tree, cycles } = pageCatalogue()
  const south = tree.accounts.get('south')
  expect(south?.payer.id).toBe('south')
  expect(south && payerOf(south, 'data.bytes').id).toBe('hansa')
  expect(tree.accounts.get('north')?.payer.id).toBe('hansa')

  const moveMs = Date.parse('2027-03-14T23:00:00Z')
  expect(tree.accountAt('north', moveMs - 1)?.seller?.id).toBe('baltic')
  expect(tree.accountAt('north', moveMs)?.seller?.id).toBe('nordlink')

  const spans = ['2026-11~mid', '2027-02~last', '2027-04~last'].map((key) => {
    const period = periodOfKey(cycles, key)
    if (!period.ok) throw new Error(period.fault.message)
    return [period.value.startMs, period.value.endMs].map((ms) => new Date(ms).toISOString().slice(0, 16))
  })
  expect(spans).toEqual([
    ['2026-11-14T23:00', '2026-12-14T23:00'],
    ['2027-02-28T00:00', '2027-03-31T00:00'],
    ['2027-04-30T00:00', '2027-05-31T00:00'],
  ])
})
