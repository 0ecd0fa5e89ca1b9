import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyAccumulator } from '@meterline/shared/rating/accumulate.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { tenantMigrations } from './schema.ts'
import { SegmentDayTable } from './segment-day-table.ts'
import { SegmentTable } from './segment-table.ts'

let folder = ''
let db: Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-days-'))
  db = openDatabase({ file: join(folder, 'tenant.db'), disk: temporaryDisk })
  migrate(db, tenantMigrations)
  new SegmentTable(db).write(new Map(['2026-10/a', '2026-11/a', '2026-11/b'].map((key) => [key, emptyAccumulator])), [])
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const usage = (
  key: string,
  ...days: readonly (readonly [number, bigint])[]
): ReadonlyMap<string, Map<number, bigint>> => new Map([[key, new Map(days)]])

test('days add up, in whatever order they come, and are found by period', () => {
  const table = new SegmentDayTable(db)
  table.add(usage('2026-11/a', [7, 2n ** 64n], [9, 5n]))
  table.add(usage('2026-11/a', [7, 1n]))
  table.add(usage('2026-11/a', [7, 1n], [8, 3n]))
  table.add(usage('2026-11/b', [7, 4n]))
  table.add(usage('2026-10/a', [1, 6n]))
  const november = new Map([
    [
      '2026-11/a',
      new Map([
        [7, 2n ** 64n + 2n],
        [8, 3n],
        [9, 5n],
      ]),
    ],
    ['2026-11/b', new Map([[7, 4n]])],
  ])
  expect(table.daysOf('2026-11/')).toEqual(november)
  expect([...(table.daysOf('2026-11/').get('2026-11/a') ?? [])].map(([day]) => day)).toEqual([7, 8, 9])
  // What another process finds in the file goes on from there.
  const reopened = new SegmentDayTable(db)
  reopened.add(usage('2026-11/b', [7, 6n]))
  expect(reopened.daysOf('2026-11/').get('2026-11/b')).toEqual(new Map([[7, 10n]]))
})

test('days of a segment that is not there are a bug', () => {
  expect(() => new SegmentDayTable(db).add(usage('2026-12/a', [1, 1n]))).toThrow(/written before its days/)
})
