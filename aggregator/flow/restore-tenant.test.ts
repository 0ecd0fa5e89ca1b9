import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openRestore } from '@meterline/shared/model/restore-declaration.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import type { BackupReport } from './commands.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'

let acme: RestorableTenant
let backup: BackupReport
beforeEach(async () => {
  acme = new RestorableTenant()
  acme.use(usageEvent({ id: 'a', measured: [{ meter: 'data.bytes', quantity: 1_000_000n }] }))
  backup = await acme.backup()
  acme.use(usageEvent({ id: 'b', measured: [{ meter: 'data.bytes', quantity: 2_000_000n }] }))
})
afterEach(() => acme.remove())

/** Every file of the data directory with the hash of its bytes, but for what SQLite leaves when it only reads. */
function dataFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(acme.dataDirectory).filter(
    (name) => !name.endsWith('-shm') && statSync(join(acme.dataDirectory, name)).size > 0,
  )
  return Object.fromEntries(names.map((name) => [name, toHex(sha256(readFileSync(join(acme.dataDirectory, name))))]))
}

describe('a restore', () => {
  test('begins the next generation with what the backup has, and says what is lost', async () => {
    const numbers = await acme.closePeriod('2025-06')
    expect(numbers).toEqual(['acme-000001', 'nordlink-000001'])
    const replacedSize = acme.running.service.store.log.size
    acme.stop()
    const restored = acme.restore(backup)
    expect(restored).toMatchObject({
      ok: true,
      value: {
        applied: true,
        generation: 2,
        size: backup.size,
        root: backup.root,
        replacedFile: `${acme.booksFile}.before-2`,
        replacedUnreadable: null,
        lost: {
          logEntries: replacedSize - backup.size,
          batches: 1,
          catalogues: 0,
          closedPeriods: ['2025-06'],
          agents: [{ agent: 'gw-1', epoch: 1, restoredSeq: 1, replacedSeq: 2 }],
        },
        numberGaps: [
          { entity: 'acme', series: 'acme', from: 1, to: 1 },
          { entity: 'nordlink', series: 'nordlink', from: 1, to: 1 },
        ],
      },
    })
    expect(restored.ok && restored.value.lost?.documents.map(({ number }) => number)).toEqual(numbers)
    expect(acme.problems()).toEqual([])
    const { store } = acme.start().service
    expect(store.log.size).toBe(backup.size + 1)
    expect(toHex(store.log.rootAt(backup.size))).toBe(backup.root)
    expect(store.checkpoints.latest()).toMatchObject({ size: backup.size + 1 })
    expect(store.checkpoints.latest()?.note).toMatch(/^meterline\/acme\/2\n/)
  })

  test('lets agents send again what they kept, and charges it once', () => {
    acme.stop()
    acme.restore(backup)
    const connection = acme.start().connect()
    connection.session.onMessage(acme.agent.hello())
    const [welcome] = connection.ofKind('welcome')
    expect(welcome).toMatchObject({ receivedSeq: 1, generation: 2 })
    const declared = welcome?.restore && openRestore(welcome.restore, acme.signingKey.publicKeyBase64)
    const value = { generation: 2, size: backup.size, by: 'Ada', reason: 'the disk broke' }
    expect(declared).toMatchObject({ ok: true, value })
    const again = acme.sealed[1]
    if (again !== undefined) connection.session.onMessage(again)
    acme.running.clock.advance(0)
    expect(connection.ofKind('receipt')).toMatchObject([{ seq: 2 }])
    const events = ['a', 'b'].map((id) => ({ source: 'trk-1', id }))
    const dispositions = acme.running.commands.dispositions('acme', events)
    expect(dispositions).toMatchObject({ ok: true, value: [{ kind: 'charged' }, { kind: 'charged' }] })
    expect(acme.problems()).toEqual([])
  })

  test('leaves numbers of lost documents unused, which the log says', async () => {
    await acme.closePeriod('2025-06')
    acme.stop()
    acme.restore(backup)
    acme.start()
    expect(await acme.closePeriod('2025-06')).toEqual(['acme-000002', 'nordlink-000002'])
    expect(acme.problems()).toEqual([])
  })

  test('can follow another restore, also from a backup of an earlier generation', async () => {
    acme.stop()
    acme.restore(backup)
    acme.start()
    acme.use(usageEvent({ id: 'c' }))
    const second = await acme.backup()
    expect(second.generation).toBe(2)
    acme.use(usageEvent({ id: 'd' }))
    acme.stop()
    expect(acme.restore(second)).toMatchObject({ ok: true, value: { generation: 3, lost: { batches: 1 } } })
    expect(acme.problems()).toEqual([])
    expect(acme.restore(backup)).toMatchObject({ ok: true, value: { generation: 4, lost: { batches: 2 } } })
    expect(acme.problems()).toEqual([])
    const status = acme.start().commands.tenantStatus('acme')
    const restores = [{ generation: 4, size: backup.size, by: 'Ada', reason: 'the disk broke' }]
    expect(status).toMatchObject({ ok: true, value: { generation: 4, restores } })
  })

  test('leaves a generation out when it does not continue the last one', async () => {
    acme.use(usageEvent({ id: 'c' }))
    const newer = await acme.backup()
    acme.stop()
    // By mistake the older one first: agents may come to know entries of its generation that are then given up.
    expect(acme.restore(backup)).toMatchObject({ ok: true, value: { generation: 2 } })
    expect(acme.restore(newer)).toMatchObject({ ok: true, value: { generation: 4, lost: { logEntries: 1 } } })
    expect(acme.problems()).toEqual([])
  })

  test('keeps the replaced books as they were', () => {
    acme.stop()
    const before = dataFiles()
    expect(Object.keys(before)).toEqual(['acme.db', 'acme.db-wal'])
    acme.restore(backup)
    const after = dataFiles()
    expect(after['acme.db.before-2']).toBe(before['acme.db'])
    expect(after['acme.db.before-2-wal']).toBe(before['acme.db-wal'])
    expect(Object.keys(after).toSorted()).toEqual(['acme.db', 'acme.db.before-2', 'acme.db.before-2-wal'])
  })

  test('as a dry run tells the same and changes nothing', () => {
    acme.stop()
    const before = dataFiles()
    const tried = acme.restore(backup, { dryRun: true })
    expect(tried).toMatchObject({ ok: true, value: { applied: false, generation: 2, lost: { batches: 1 } } })
    expect(dataFiles()).toEqual(before)
  })
})

describe('a restore over books', () => {
  test('that are damaged asks for the last numbers, leaves those unused, and begins a generation that nothing began before', async () => {
    await acme.closePeriod('2025-06')
    acme.stop()
    acme.restore(backup)
    truncateSync(acme.booksFile, 5_000)
    expect(acme.restore(backup)).toMatchObject({ ok: false, fault: { code: 'numbers_unknown' } })
    const restored = acme.restore(backup, { lastNumbers: [{ entity: 'acme', series: 'acme', last: 7 }] })
    expect(restored).toMatchObject({
      ok: true,
      value: {
        // Generation 2 is known to have been, and it may have been given up.
        generation: 4,
        lost: null,
        replacedFile: `${acme.booksFile}.before-4`,
        numberGaps: [{ entity: 'acme', series: 'acme', from: 1, to: 7 }],
      },
    })
    expect(restored.ok && restored.value.replacedUnreadable).toMatch(/.+/)
    expect(acme.problems()).toEqual([])
  })

  test('that are gone leaves the last numbers of notes unused, too', async () => {
    acme.stop()
    for (const name of readdirSync(acme.dataDirectory)) rmSync(join(acme.dataDirectory, name))
    // As people name them: by what stands before the number.
    const lastNumbers = ['acme', 'acme-cn'].map((series) => ({ entity: series, series, last: 7 }))
    expect(acme.restore(backup, { lastNumbers })).toMatchObject({
      value: { numberGaps: [{ series: 'acme' }, { entity: 'acme', series: 'acme-cn', from: 1, to: 7 }] },
    })
    const { commands, clock } = acme.start()
    const [document = ''] = await acme.closePeriod('2025-06')
    const all = { key: null, by: 'Ada', kind: 'credit-note' as const, lines: null, amount: null, reason: 'agreed' }
    expect(await clock.until(commands.noteIssue('acme', { ...all, document }))).toMatchObject({
      value: { decision: { document: 'acme-000008', note: 'acme-cn-000008' } },
    })
    expect(acme.problems()).toEqual([])
  })

  test('that are gone begins with what somebody says', () => {
    acme.stop()
    for (const name of readdirSync(acme.dataDirectory)) rmSync(join(acme.dataDirectory, name))
    const restored = acme.restore(backup, { lastNumbers: [], leastGeneration: 5 })
    expect(restored).toMatchObject({ ok: true, value: { generation: 6, replacedFile: null, lost: null } })
    expect(acme.problems()).toEqual([])
    expect(Object.keys(dataFiles())).toEqual(['acme.db'])
  })

  test('that an earlier version wrote, which had no generations, knows what is lost', () => {
    acme.stop()
    changeFile(acme.booksFile, 'DROP TABLE generation; DROP TABLE number_gap; DROP TABLE log_node')
    const lost = { logEntries: 3, batches: 1 }
    expect(acme.restore(backup)).toMatchObject({ ok: true, value: { generation: 2, replacedUnreadable: null, lost } })
  })

  test('that are of another log names what it can', () => {
    acme.stop()
    const other = new RestorableTenant()
    other.use(usageEvent({ id: 'z' }))
    other.stop()
    for (const ending of ['', '-wal']) {
      if (existsSync(other.booksFile + ending)) copyFileSync(other.booksFile + ending, acme.booksFile + ending)
    }
    other.remove()
    const restored = acme.restore(backup)
    expect(restored).toMatchObject({
      ok: true,
      value: { lost: null, replacedUnreadable: 'it holds another log than the backup' },
    })
  })
})

describe('a restore is refused', () => {
  const manifest = (change: (text: string) => string) => (): void => {
    writeFileSync(backup.manifestFile, change(readFileSync(backup.manifestFile, 'utf8')))
  }

  test.each([
    ['without its manifest', () => rmSync(backup.manifestFile), 'manifest_unusable'],
    ['with a manifest that is none', manifest(() => '{}'), 'manifest_unusable'],
    [
      'with a manifest of another size',
      manifest((text) => text.replace(/"size": \d+/, '"size": 3')),
      'manifest_unusable',
    ],
    ['of another tenant', manifest((text) => text.replace('"acme"', '"other"')), 'backup_of_another'],
    ['without its file', () => rmSync(backup.file), 'backup_unreadable'],
    ['cut off', () => truncateSync(backup.file, 4_096), 'backup_differs'],
    ['with a changed byte', () => flipByte(backup.file, 9_000), 'backup_differs'],
    [
      'with a changed byte and a manifest that knows',
      () => {
        const before = toHex(sha256(readFileSync(backup.file)))
        flipByte(backup.file, readFileSync(backup.file).indexOf('NordLink'))
        manifest((text) => text.replace(before, toHex(sha256(readFileSync(backup.file)))))()
      },
      'backup_has_problems',
    ],
  ])('%s', (_what, damage, code) => {
    acme.stop()
    const before = dataFiles()
    damage()
    expect(acme.restore(backup)).toMatchObject({ ok: false, fault: { code } })
    expect(dataFiles()).toEqual(before)
  })

  test.each([
    ['that another key signed', { signingKey: openSigningKey(generateSigningKey().privatePem) }, 'manifest_unusable'],
    ['for a reason that no agent could read', { reason: 'x'.repeat(5_000) }, 'order_invalid'],
    ['without a name', { by: '' }, 'order_invalid'],
  ])('%s', (_what, given, code) => {
    acme.stop()
    const before = dataFiles()
    expect(acme.restore(backup, given)).toMatchObject({ ok: false, fault: { code } })
    expect(dataFiles()).toEqual(before)
  })
})

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(file, bytes)
}
