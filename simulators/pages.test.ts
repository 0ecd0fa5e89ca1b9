import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryRoot } from './source-files.ts'

const PATH = /`((?:agent|aggregator|shared|simulators|proto|docs)\/[\w./-]+)`/g
const LINK = /\]\(([\w./-]+)\)/g

/** Paths a page names that are not there. */
function missingPaths(page: string, text: string): string[] {
  const named = [...text.matchAll(PATH), ...text.matchAll(LINK)].map((match) => match[1] ?? '')
  return named
    .filter((path) => path !== '' && !existsSync(join(repositoryRoot, path)))
    .map((path) => `${page}: ${path}`)
}

describe('the pages for people', () => {
  test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names only files that are there', (page) => {
    expect(missingPaths(page, readFileSync(join(repositoryRoot, page), 'utf8'))).toEqual([])
  })

  test('a path that is not there is found', () => {
    expect(missingPaths('page', 'see `agent/nowhere.ts` and [this](docs/none.md)')).toEqual([
      'page: agent/nowhere.ts',
      'page: docs/none.md',
    ])
  })
})
