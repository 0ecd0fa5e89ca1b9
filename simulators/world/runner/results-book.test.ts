import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'prettier'
import { expect, test } from 'vitest'
import { emptyBook, readBook, resultsPage, withRun, writeBook } from './results-book.ts'
import { WorldTally } from './world-tally.ts'
import { runWorld } from '../run-world.ts'

const order = { seed: 'book', faults: 'none', hours: 0.02, publishesPerDevice: 1, without: [] } as const

const result = { ...(await runWorld(order)), faults: { partition: 7, 'event-malformed': 2 } }

function tallyOf(): WorldTally {
  const tally = new WorldTally()
  const answer = { result, repeatedHash: result.traceHash, tookMs: 5 }
  expect(tally.add({ turn: { index: 0, order, twice: true }, answer })).toBeNull()
  const elsewhere = { ...answer, repeatedHash: '00' }
  expect(tally.add({ turn: { index: 1, order, twice: true }, answer: elsewhere })?.trouble).toContain('and then 00')
  const broken = tally.add({ turn: { index: 2, order, twice: false }, answer: { broken: 'it hung' } })
  expect(broken).toMatchObject({ trouble: 'it hung', violations: [] })
  return tally
}

test('runs of one commit are added up, failures included, and the page says what the book says', async () => {
  const tally = tallyOf()
  const once = withRun(emptyBook, 'a'.repeat(40), tally)
  const book = withRun(withRun(once, 'a'.repeat(40), tally), `${'b'.repeat(40)}-dirty`, tally)
  expect(book.commits.map(({ commit, worlds, failed, twice }) => ({ commit, worlds, failed, twice }))).toEqual([
    { commit: 'a'.repeat(40), worlds: 6, failed: 4, twice: 4 },
    { commit: `${'b'.repeat(40)}-dirty`, worlds: 3, failed: 2, twice: 2 },
  ])
  // Two of the three worlds told of their faults, and they were recorded twice.
  expect(book.commits[0]).toMatchObject({ faults: 28, oddities: 8, byMode: { none: 6 } })
  const page = resultsPage({ ...book, bugs: [{ bug: 'a cent was lost', seed: 's', mode: 'disk', test: 'x.test.ts' }] })
  expect(page).toContain('9 worlds, 6 of which failed')
  expect(page).toMatch(/\| bbbbbbbbbb-dirty \| +3 \| +2 \|/)
  expect(page).toContain('a cent was lost')
  expect(page).toBe(await format(page, { parser: 'markdown', printWidth: 120 }))
})

test('a book that was written is read again as it was', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meterline-book-'))
  try {
    const files = { book: join(folder, 'results.jsonl'), page: join(folder, 'RESULTS.md') }
    expect(readBook(files.book)).toEqual(emptyBook)
    const book = { ...withRun(emptyBook, 'c', tallyOf()), bugs: [{ bug: 'b', seed: 's', mode: 'disk', test: 't' }] }
    writeBook(book, files)
    expect(readBook(files.book)).toEqual(book)
    expect(readFileSync(files.page, 'utf8')).toBe(resultsPage(book))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
