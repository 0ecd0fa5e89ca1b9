import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyAccumulator, type DayUsage } from '@meterline/shared/rating/accumulate.ts'
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

/** Days of a segment: each its day, its quantity, and where they differ its records and what they cost each by itself. */
const usage = (
  key: string,
  ...days: readonly (readonly [day: number, quantity: bigint, events?: number, exact?: bigint])[]
): ReadonlyMap<string, Map<number, DayUsage>> =>
  new Map([[key, new Map(days.map(([day, quantity, events = 1, exact = 0n]) => [day, { quantity, events, exact }]))]])

test('days add up, in whatever order they come, and are found by period', () => {
  const table = new SegmentDayTable(db)
  table.add(usage('2026-11/a', [7, 2n ** 64n, 2, 2n ** 65n], [9, 5n]))
  table.add(usage('2026-11/a', [7, 1n]))
  table.add(usage('2026-11/a', [7, 1n, 3, 4n], [8, 3n]))
  table.add(usage('2026-11/b', [7, 4n]))
  table.add(usage('2026-10/a', [1, 6n]))
  const november = new Map([
    ...usage('2026-11/a', [7, 2n ** 64n + 2n, 6, 2n ** 65n + 4n], [8, 3n], [9, 5n]),
    ...usage('2026-11/b', [7, 4n]),
  ])
  expect(table.daysOf('2026-11/')).toEqual(november)
  expect([...(table.daysOf('2026-11/').get('2026-11/a') ?? [])].map(([day]) => day)).toEqual([7, 8, 9])
  // What another process finds in the file goes on from there.
  const reopened = new SegmentDayTable(db)
  reopened.add(usage('2026-11/b', [7, 6n]))
  expect(reopened.daysOf('2026-11/b')).toEqual(usage('2026-11/b', [7, 10n, 2]))
})

test('days that nothing was used on and that cost nothing are counted and not shown', () => {
  const table = new SegmentDayTable(db)
  table.add(usage('2026-11/a', [7, 0n, 2], [8, 0n], [9, 0n, 1, 3n]))
  expect(table.daysOf('2026-11/')).toEqual(usage('2026-11/a', [9, 0n, 1, 3n]))
  new SegmentDayTable(db).add(usage('2026-11/a', [7, 4n, 1]))
  expect(table.daysOf('2026-11/')).toEqual(usage('2026-11/a', [7, 4n, 3], [9, 0n, 1, 3n]))
})

test('days of a segment that is not there are a bug', () => {
  expect(() => new SegmentDayTable(db).add(usage('2026-12/a', [1, 1n]))).toThrow(/written before its days/)
})
