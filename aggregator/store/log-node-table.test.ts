import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { consistencyProof, merkleRoot, verifyConsistency } from '@meterline/shared/integrity/merkle.ts'
import { encodeLogEntry, logEntryLeaf } from '@meterline/shared/model/log-entry-codec.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { LogNodeTable } from './log-node-table.ts'
import { LogTable } from './log-table.ts'
import { tenantMigrations } from './schema.ts'

// Enough for a stored node of the second level, 2^16, with complete nodes of the first beside it.
const size = 66_321
const entries = Array.from({ length: size }, (_, index) => encodeLogEntry({ kind: 'checkpoint', note: `n${index}` }))
const leaves = entries.map(logEntryLeaf)

const folder = mkdtempSync(join(tmpdir(), 'meterline-log-nodes-'))
let db: Database
let log: LogTable
beforeAll(() => {
  db = openDatabase({ file: join(folder, 'log.db'), disk: temporaryDisk })
  migrate(db, tenantMigrations)
  log = new LogTable(db)
  // As they come: in groups of any size.
  db.transaction(() => {
    for (let from = 0; from < size; from += 1_777) log.append(entries.slice(from, from + 1_777))
  })()
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

function storedNodes(): readonly { readonly level: number; readonly nodes: number }[] {
  return db
    .prepare<[], { level: number; nodes: number }>(
      'SELECT level, count(*) AS nodes FROM log_node GROUP BY level ORDER BY level',
    )
    .all()
}

describe('the stored subtrees of a log', () => {
  test('are one for each 256 of the level below', () => {
    expect(storedNodes()).toEqual([
      { level: 8, nodes: 259 },
      { level: 16, nodes: 1 },
    ])
  })

  test.each([1, 2, 255, 256, 257, 1_000, 65_535, 65_536, 65_537, size])('make the root of the first %i', (count) => {
    expect(toHex(log.rootAt(count))).toBe(toHex(merkleRoot(leaves.slice(0, count))))
  })

  test.each([
    [1, 2],
    [255, 256],
    [256, 257],
    [300, 65_536],
    [65_535, 65_536],
    [65_536, 65_537],
    [40_000, 66_000],
    [66_300, size],
    [size, size],
    [0, size],
  ])('prove that %i entries are continued by %i', (from, until) => {
    const proof = log.consistencyProof(from, until)
    expect(proof.map(toHex)).toEqual(consistencyProof(leaves.slice(0, until), from).map(toHex))
    const [oldRoot, newRoot] = [merkleRoot(leaves.slice(0, from)), log.rootAt(until)]
    expect(verifyConsistency(from, until, oldRoot, newRoot, proof)).toBe(true)
  })

  test('are stored at once for a log that was written before there were any', () => {
    db.exec('DELETE FROM log_node')
    const again = new LogTable(db)
    expect(storedNodes()).toHaveLength(2)
    expect(toHex(again.rootAt(size))).toBe(toHex(merkleRoot(leaves)))
    expect(new LogNodeTable(db).lacks(size)).toBe(false)
  })

  test('that are missing in the middle are not passed over', () => {
    db.exec('DELETE FROM log_node WHERE level = 8 AND position = 5')
    expect(() => new LogTable(db).rootAt(20_000)).toThrow(/are there/)
  })
})
