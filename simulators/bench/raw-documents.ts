import { parseArgs } from 'node:util'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { measuredMonth } from './closing-books.ts'

/**
 * The limit that closing is measured against: the bytes of the same documents, as many in each commit, written as rows by
 * better-sqlite3 alone with `synchronous=FULL`. Prints `{perSecond}`.
 */
const documentsPerCommit = 50

const { values } = parseArgs({ options: { books: { type: 'string' }, file: { type: 'string' } } })
const books = openDatabase({ file: values.books ?? '', readOnly: true })
const documents = books
  .prepare<[string], { readonly number: string; readonly bytes: Uint8Array }>(
    'SELECT number, bytes FROM document WHERE period = ? ORDER BY log_index',
  )
  .all(measuredMonth)
books.close()

const db = openDatabase({ file: values.file ?? '' })
db.exec('CREATE TABLE document (number TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
const insert = db.prepare<[string, Uint8Array]>('INSERT INTO document VALUES (?, ?)')
const startedMs = performance.now()
for (let from = 0; from < documents.length; from += documentsPerCommit) {
  db.transaction(() => {
    for (const { number, bytes } of documents.slice(from, from + documentsPerCommit)) insert.run(number, bytes)
  }).immediate()
}
const seconds = (performance.now() - startedMs) / 1_000
db.close()
process.stdout.write(`${JSON.stringify({ perSecond: documents.length / seconds })}\n`)
