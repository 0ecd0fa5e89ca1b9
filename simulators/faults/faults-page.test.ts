import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot } from '../source-files.ts'

const page = readFileSync(join(repositoryRoot, 'docs/faults.md'), 'utf8')
const counts = readFileSync(join(repositoryRoot, 'simulators/faults/fault-counts.ts'), 'utf8')

/** Rows of the page's tables, by section. */
function rows(): readonly { readonly section: string; readonly cells: readonly string[] }[] {
  let section = ''
  return page.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line.slice(3)
    if (!line.startsWith('|') || /^\|[\s|-]+$/.test(line)) return []
    const cells = line.slice(1, -1).split('|')
    return [{ section, cells: cells.map((cell) => cell.trim()) }].filter(({ cells: [fault] }) => fault !== 'fault')
  })
}

/** Tests a cell names; one without a folder lies beside the one before it. */
function testsNamed(cell: string): readonly string[] {
  let folder = ''
  return [...cell.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, path = '']) => {
    const isWhole = path.includes('/')
    if (isWhole) folder = dirname(path)
    return isWhole ? path : join(folder, path)
  })
}

describe('the page of faults', () => {
  test.each(rows().map(({ section, cells }) => ({ section, cells, fault: cells[0] ?? '' })))(
    '$section: $fault has a promise and a test that is there',
    ({ cells }) => {
      const [fault, promise, proof = ''] = cells
      expect(cells).toHaveLength(3)
      expect([fault, promise]).not.toContain('')
      const named = testsNamed(proof)
      expect(named.length).toBeGreaterThan(0)
      expect(named.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([])
    },
  )

  test('every section has rows', () => {
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, name = '']) => name)
    expect(sections.filter((name) => !rows().some(({ section }) => section === name))).toEqual([])
  })

  test('names every kind of fault that worlds count', () => {
    const union = /export type FaultKind =([\s\S]*?)\n\n/.exec(counts)?.[1] ?? ''
    const kinds = [...union.matchAll(/'([\w-]+)'/g)].map(([, kind = '']) => kind)
    expect(kinds.length).toBeGreaterThan(20)
    expect(kinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
  })
})
