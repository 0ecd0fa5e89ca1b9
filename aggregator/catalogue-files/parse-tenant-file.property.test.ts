import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { yamlText } from '@meterline/shared/config/yaml-text.ts'
import { catalogueFromBytes, compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { parseTenantFile } from './parse-tenant-file.ts'
import { tenantFileText } from './write-tenant-file.ts'

const page = readFileSync(new URL('../../docs/catalogue.md', import.meta.url), 'utf8')

/** All that the page about the catalogue shows, as one file. */
function wholeFile(): Record<string, unknown> {
  const file: Record<string, unknown> = { tenant: 'acme', currency: 'EUR', operator: { id: 'acme', name: 'ACME' } }
  for (const [, yaml = ''] of page.matchAll(/```yaml\n([^]*?)```/g)) {
    const parsed = parseYamlWithPositions('catalogue.md', yaml)
    if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
    for (const [list, elements] of Object.entries(parsed.value as Record<string, unknown[]>)) {
      file[list] = [...((file[list] ?? []) as unknown[]), ...elements]
    }
  }
  return file
}

/** Every place of a tree that holds something, from the top down. */
function placesOf(node: unknown): readonly (readonly [parent: object, key: string])[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.keys(node).flatMap((key) => {
    const inner: unknown = Reflect.get(node, key)
    return [[node, key] as const, ...placesOf(inner)]
  })
}

const places = placesOf(wholeFile()).length
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'llm', 'first', 'acme', '2027-04-01', 0, -1, 3, '0.5', true, [], {}, [[]], ['a']),
  fc.constantFrom<unknown>({ model: 'matrix', matrix: 'llm' }, [{ from: '2026-01-01' }], { quantity: 'seats' }),
  fc.string({ maxLength: 5 }),
)
const edits = fc.array(
  fc.record({ place: fc.nat(places - 1), how: fc.constantFrom('replace', 'remove', 'double'), junk }),
  { minLength: 1, maxLength: 3 },
)

test('whatever a file says, it is read with mistakes at places of the file, or compiles and is written back the same', () => {
  fc.assert(
    fc.property(edits, (list) => {
      const file = wholeFile()
      for (const edit of list) {
        const found = placesOf(file)
        const [parent, key] = found[edit.place % found.length] ?? [file, 'tenant']
        if (edit.how === 'replace') Reflect.set(parent, key, structuredClone(edit.junk))
        else if (edit.how === 'remove') Reflect.deleteProperty(parent, key)
        else if (Array.isArray(parent)) parent.push(structuredClone(Reflect.get(parent, key)))
      }
      const text = yamlText(file)
      const parsed = parseTenantFile('acme.yaml', text)
      if (!parsed.ok) {
        expect(parsed.mistakes.length).toBeGreaterThan(0)
        for (const { line, message } of parsed.mistakes) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
          expect(message).not.toMatch(/undefined|\[object|NaN/)
        }
        return
      }
      const compiled = compileCatalogue(parsed.value)
      if (!compiled.ok) throw new Error(compiled.fault.message)
      const back = catalogueFromBytes(compiled.value.bytes)
      expect(back.ok && back.value.file).toEqual(compiled.value.file)
      const again = parseTenantFile('again.yaml', tenantFileText(compiled.value.file))
      const second = again.ok ? compileCatalogue(again.value) : null
      expect(second?.ok === true && second.value.hash).toBe(compiled.value.hash)
    }),
    { numRuns: 150 },
  )
}, 60_000)
