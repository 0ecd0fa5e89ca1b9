import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from '../migrate.ts'
import { openDatabase } from '../open.ts'
import { temporaryDisk } from '../simulated-disk.ts'
import { buildRandomRuns } from './bulk-build.ts'
import { KeyIndex } from './key-index.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-bulk-build-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

test('an index opened on bulk-built runs finds their keys and goes on as usual', () => {
  const db = openDatabase({ file: join(directory, 'keys.db'), disk: temporaryDisk })
  migrate(db, KeyIndex.migrations)
  const samples: Uint8Array[] = []
  const keys = 4_096 * 13 + 100
  buildRandomRuns(db, {
    keys,
    memtableKeys: 4_096,
    seed: 3,
    arrivedMs: 5,
    onSample: (key) => samples.push(key.slice()),
  })
  const index = new KeyIndex(db, { memtableKeys: 4_096 })
  // Thirteen memtables and a rest: one run of the second level, five of the first, and the rest.
  expect(index.status).toMatchObject({ memtableKeys: 0, runs: 7, runKeys: keys })
  expect(samples.length).toBeGreaterThan(20)
  for (const sample of samples) expect(index.lookup(sample, 0)).not.toBeNull()
  expect(new Set(samples.map((sample) => Buffer.from(sample).toString('hex'))).size).toBe(samples.length)
  const absent = samples.map((sample) => sample.with(15, (sample[15] ?? 0) ^ 1))
  for (const key of absent) expect(index.lookup(key, 0)).toBeNull()
  db.transaction(() => {
    for (const key of absent) index.stage(key, 0, 1, 2, 3, 4)
    index.writeStaged(6)
    index.maintain(1_000_000)
  }).immediate()
  index.committed()
  for (const key of absent)
    expect(index.lookup(key, 0)).toEqual({ check0: 1, check1: 2, positionHigh: 3, positionLow: 4 })
  db.close()
})
