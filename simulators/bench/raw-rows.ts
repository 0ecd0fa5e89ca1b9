import { parseArgs } from 'node:util'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/**
 * The limit the products are measured against: the same events as plain rows, one for the event with its amounts and one
 * for its random 16-byte key in a table that refuses repeated ones, by better-sqlite3 alone, 1,000 a commit, with
 * `synchronous=FULL`. Prints `{perSecond}`.
 */
const batchRows = 1_000
const keyBytes = 16

const { values } = parseArgs({
  options: { file: { type: 'string' }, rows: { type: 'string' }, present: { type: 'string' } },
})
const db = openDatabase({ file: values.file ?? '', cachePages: 16_000 })
db.exec(`
  CREATE TABLE event_key (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE event (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL, time_ms INTEGER NOT NULL,
    meter TEXT NOT NULL, quantity INTEGER NOT NULL, retail_micros INTEGER NOT NULL, wholesale_micros INTEGER NOT NULL,
    partner_micros INTEGER NOT NULL) STRICT;
`)
fillKeys(db, Number(values.present))
process.stdout.write(`${JSON.stringify({ perSecond: insertRows(db, Number(values.rows)) })}\n`)
db.close()

/** Puts evenly spread keys into the empty table, in their order, which is the only quick way. */
function fillKeys(target: Database, count: number): void {
  const insert = target.prepare('INSERT INTO event_key VALUES (?)')
  const perTransaction = 100_000
  for (let from = 0; from < count; from += perTransaction) {
    const keys = Buffer.from(systemRandom().bytes(perTransaction * keyBytes))
    target.transaction(() => {
      for (let index = 0; index < perTransaction && from + index < count; index++) {
        const key = keys.subarray(index * keyBytes, (index + 1) * keyBytes)
        key.writeUInt32BE(Math.floor(((from + index) / count) * 2 ** 32))
        // Keys with the same beginning are put in their order by the next four bytes.
        key.writeUInt32BE(from + index, 4)
        insert.run(key)
      }
    })()
  }
  target.pragma('wal_checkpoint(TRUNCATE)')
}

function insertRows(target: Database, count: number): number {
  const keys = Buffer.from(systemRandom().bytes(count * keyBytes))
  const insertKey = target.prepare('INSERT INTO event_key VALUES (?)')
  const insertEvent = target.prepare(
    `INSERT INTO event (event_id, source, subject, time_ms, meter, quantity, retail_micros, wholesale_micros, partner_micros)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const timeMs = Date.now()
  const startedMs = performance.now()
  for (let from = 0; from < count; from += batchRows) {
    target
      .transaction(() => {
        for (let index = from; index < from + batchRows; index++) {
          const device = `load-${index % 10}`
          insertKey.run(keys.subarray(index * keyBytes, (index + 1) * keyBytes))
          insertEvent.run(`018f3c2a9b7e0000000000000000${index}`, device, device, timeMs, 'data.bytes', 1250, 25, 6, 2)
        }
      })
      .immediate()
  }
  return count / ((performance.now() - startedMs) / 1000)
}
