import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { yamlText } from '@meterline/shared/config/yaml-text.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const page = readFileSync(new URL('../../docs/catalogue.md', import.meta.url), 'utf8')

/** The lists of all examples of the page, those of one name joined, as one file. */
function wholeFile(): string {
  const file: Record<string, unknown[]> = {}
  for (const [, yaml = ''] of page.matchAll(/```yaml\n([^]*?)```/g)) {
    const parsed = parseYamlWithPositions('catalogue.md', yaml)
    if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
    for (const [list, elements] of Object.entries(parsed.value as Record<string, unknown[]>)) {
      file[list] = [...(file[list] ?? []), ...elements]
    }
  }
  return yamlText({ tenant: 'acme', currency: 'EUR', operator: { id: 'acme', name: 'ACME Telecom' }, ...file })
}

test('the examples of the page about the catalogue make up a file that is accepted, and say what the page says', () => {
  const parsed = parseTenantFile('catalogue.md', wholeFile())
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  const compiled = compileCatalogue(parsed.value)
  if (!compiled.ok) throw new Error(compiled.fault.message)
  const { subscriptions } = compiled.value
  const bought = subscriptions
    .get('north-trackers')
    ?.versions.map(({ fromMs, prices, fees }) => [
      new Date(fromMs).toISOString().slice(0, 10),
      [...fees, ...prices.values()].map(({ name, terms }) => `${name} ${terms.model}`).join(', '),
    ])
  expect(bought).toEqual([
    ['2026-11-01', 'setup one-time, sim-fee recurring, retail-data graduated'],
    ['2027-01-01', 'setup one-time, sim-fee recurring, retail-data per-unit'],
    ['2027-07-01', 'sim-fee recurring, retail-data per-unit, charging time-of-use'],
  ])
  expect(subscriptions.get('north-ai')?.versions[0]?.fees[0]?.terms).toMatchObject({ due: 'in-arrears' })
})
