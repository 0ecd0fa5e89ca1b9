import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { signRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { RestoreDeclaration } from '@meterline/shared/model/restore-declaration.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { TenantStore } from '../store/tenant-store.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { verifyBooks } from './verify-books.ts'

let acme: RestorableTenant

/** Books that were restored twice, with a document before each restore, and went on. */
beforeAll(async () => {
  acme = new RestorableTenant()
  for (const restored of [1, 2]) {
    acme.use(usageEvent({ id: `a${restored}`, measured: [{ meter: 'data.bytes', quantity: 1_000_000n }] }))
    const backup = await acme.backup()
    await acme.closePeriod('2025-06')
    acme.stop()
    const lastNumbers = restored === 1 ? [] : [{ entity: 'acme', series: 'acme', last: 5 }]
    const done = acme.restore(backup, { lastNumbers })
    if (!done.ok) throw new Error(done.fault.message)
    acme.start()
  }
  for (let batch = 0; batch < 90; batch++) acme.use(usageEvent({ id: `b${batch}` }))
  await acme.closePeriod('2025-06')
  acme.running.registry.close()
})
afterAll(() => acme.remove())

function problemsAfter(corrupt: (db: Database) => void): readonly string[] {
  const file = join(acme.folder, 'corrupted.db')
  copyFileSync(acme.booksFile, file)
  const db = openDatabase({ file, disk: temporaryDisk })
  // Whoever can write the file can also drop what the database protects it with.
  for (const table of ['generation', 'number_gap', 'document', 'checkpoint']) {
    db.exec(`DROP TRIGGER IF EXISTS ${table}_no_update; DROP TRIGGER IF EXISTS ${table}_no_delete`)
  }
  corrupt(db)
  db.close()
  const report = verifyBooks(file, 'acme', acme.signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

/** What is found when the aggregator itself declares something that is not so. */
function problemsOfDeclaring(given: Partial<RestoreDeclaration>): readonly string[] {
  const file = join(acme.folder, 'declared.db')
  copyFileSync(acme.booksFile, file)
  const store = new TenantStore({ file, disk: temporaryDisk, keyMemtableKeys: 1_024, keysPerCommit: 1_024 })
  const { size } = store.log
  const right = { tenant: 'acme', generation: 4, size, root: store.log.root(), by: 'Ada', reason: 'a test', atMs: 0 }
  const declaration = { ...right, ...given }
  const restore = signRestore(declaration, acme.signingKey)
  const entry = { kind: 'restore' as const, declaration: restore.bytes, signature: restore.signature, numberGaps: [] }
  const generation = { generation: Math.max(4, declaration.generation), logIndex: size, restore }
  const writes = { entries: [encodeLogEntry(entry)], generation, numberGaps: [] }
  store.commitRestore(writes, { logSize: size })
  store.close()
  const report = verifyBooks(file, 'acme', acme.signingKey.publicKeyBase64)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value.problems
}

describe('verification of restored books', () => {
  test('finds nothing in good ones, and counts the restores', () => {
    const report = verifyBooks(acme.booksFile, 'acme', acme.signingKey.publicKeyBase64)
    expect(report).toMatchObject({ ok: true, value: { problems: [], checked: { restores: 2 } } })
    const numbers = acme
      .start()
      .service.store.documents.list(null)
      .map(({ number }) => number)
    acme.stop()
    expect(numbers).toEqual(['acme-000006', 'nordlink-000003'])
  })

  test.each<[string, string, RegExp]>([
    ['a generation without its row', 'DELETE FROM generation WHERE generation = 2', /I13: the restore of .* no row/],
    [
      'a generation that nobody declared',
      `INSERT INTO generation SELECT 9, 1, declaration, signature FROM generation WHERE generation = 2`,
      /I12: generation has 3 rows/,
    ],
    ['another number of it', 'UPDATE generation SET generation = 7 WHERE generation = 3', /row says generation 7/],
    [
      'another declaration',
      `UPDATE generation SET declaration = (SELECT declaration FROM generation WHERE generation = 2)`,
      /its row has another declaration/,
    ],
    ['a changed signature', 'UPDATE generation SET signature = zeroblob(64)', /its row has another declaration/],
    ['a wider gap', 'UPDATE number_gap SET last_number = last_number + 1', /numbers left unused is not as the log/],
    ['no gap', 'DELETE FROM number_gap', /numbers left unused is not as the log/],
    [
      'a document with a number of a gap',
      `UPDATE document SET sequence = 2 WHERE entity = 'acme'`,
      /I11: it has number 2 in its series where 6 is next/,
    ],
    ['a changed subtree', 'UPDATE log_node SET hash = zeroblob(32)', /I14: log_node 0 of level 8/],
    ['a missing subtree', 'DELETE FROM log_node', /I14: log_node has 0 subtree roots/],
    [
      'a checkpoint of another generation',
      `UPDATE checkpoint SET note = (SELECT note FROM checkpoint ORDER BY size LIMIT 1)
       WHERE size = (SELECT max(size) FROM checkpoint)`,
      /I13: the checkpoint/,
    ],
  ])('finds %s', (_what, sql, problem) => {
    const problems = problemsAfter((db) => db.exec(sql))
    expect(problems.some((text) => problem.test(text))).toBe(true)
  })

  test.each<[string, Partial<RestoreDeclaration>, RegExp[]]>([
    ['everything is so', {}, []],
    ['another size was kept', { size: 3 }, [/it declares 3 entries that were kept/]],
    ['another log was kept', { root: new Uint8Array(32) }, [/it declares root 0000/]],
    ['it is of another tenant', { tenant: 'other' }, [/it declares the books of other/]],
    [
      'no later generation begins',
      { generation: 3 },
      [/row says generation 4/, /begins generation 3 after generation 3/],
    ],
  ])('knows when the aggregator declares that %s', (_what, given, expected) => {
    const problems = problemsOfDeclaring(given)
    expect(problems).toHaveLength(expected.length)
    for (const [place, problem] of expected.entries()) expect(problems[place]).toMatch(problem)
  })
})
