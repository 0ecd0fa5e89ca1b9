import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { parseManifest } from './backup-manifest.ts'
import { Backups } from './backup-tenant.ts'
import { copyBooks } from './copy-books.ts'
import type { BooksCopy, CopyBooks, CopyFault } from './copy-books.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'
import { verifyBooks } from './verify-books.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)

let folder = ''
let dataDirectory = ''
let toDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-backup-'))
  dataDirectory = join(folder, 'data')
  toDirectory = join(folder, 'backups')
  mkdirSync(dataDirectory)
  tenant = openTenant()
  tenant.apply()
  tenant.use([usageEvent({ id: 'a' }), usageEvent({ id: 'b' })])
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(folder, { recursive: true, force: true })
})

function openTenant(): TestTenant {
  const random = seededRandom('backup')
  return new TestTenant({ dataDirectory, signingKey, nowMs: usageTimeMs, random, log: silentLog() })
}

/** Backups of the tenant whose books are copied as `copy` says. */
function backupsWith(copy: CopyBooks): Backups {
  const { clock } = tenant
  return new Backups({
    dataDirectory,
    signingKey,
    clock,
    copyBooks: copy,
    log: silentLog(),
    version: '1',
    disk: temporaryDisk,
  })
}

const silent = (): void => undefined

describe('a backup', () => {
  test('is what the log was, verified and certified, with its manifest', async () => {
    const made = await tenant.clock.until(tenant.commands.backup({ tenant: 'acme', toDirectory }))
    if (!made.ok) throw new Error(made.fault.message)
    const { value } = made
    const { log } = tenant.service.store
    expect(value).toMatchObject({ tenant: 'acme', generation: 1, size: log.size, root: toHex(log.root()) })
    expect(readdirSync(toDirectory)).toEqual(['acme-20250615T120000Z.db', 'acme-20250615T120000Z.json'])
    expect(statSync(value.file).mode & 0o777).toBe(0o600)
    expect(toHex(sha256(readFileSync(value.file)))).toBe(value.sha256)
    const manifest = parseManifest(readFileSync(value.manifestFile, 'utf8'))
    const { manifestFile, ...says } = value
    expect(manifest).toEqual({ ok: true, value: { ...says, file: 'acme-20250615T120000Z.db', version: '1.2.3' } })
    expect(manifestFile).toBe(join(toDirectory, 'acme-20250615T120000Z.json'))
    const checkpoint = openCheckpoint(value.checkpoint, 'meterline/acme', signingKey.publicKeyBase64)
    expect(checkpoint).toMatchObject({ ok: true, value: { size: value.size, root: log.root() } })
    const verified = verifyBooks(value.file, 'acme', signingKey.publicKeyBase64)
    expect(verified).toMatchObject({ ok: true, value: { problems: [] } })
  })

  test('keeps the service working, and holds what was there when the copying began', async () => {
    const copied = Promise.withResolvers<Result<BooksCopy, CopyFault>>()
    const backups = backupsWith((order, phase) => {
      copied.resolve(copyBooks(order, phase))
      return copied.promise
    })
    const sizeBefore = tenant.service.store.log.size
    const making = backups.make(tenant.service, { tenant: 'acme', toDirectory }, silent)
    tenant.use([usageEvent({ id: 'c' })])
    expect(tenant.service.store.log.size).toBeGreaterThan(sizeBefore)
    const made = await tenant.clock.until(making)
    expect(made).toMatchObject({ ok: true, value: { size: sizeBefore } })
  })

  test('is not written over another, and only one is made at a time', async () => {
    const order = { tenant: 'acme', toDirectory }
    const first = tenant.commands.backup(order)
    const second = tenant.commands.backup(order)
    expect(await tenant.clock.until(first)).toMatchObject({ ok: true })
    expect(await tenant.clock.until(second)).toMatchObject({ ok: false, fault: { code: 'backup_running' } })
    const third = await tenant.clock.until(tenant.commands.backup(order))
    expect(third).toMatchObject({ ok: false, fault: { code: 'backup_exists' } })
    tenant.clock.advance(1_000)
    expect(await tenant.clock.until(tenant.commands.backup(order))).toMatchObject({ ok: true })
  })

  test('of books with problems is none, and says what is wrong', async () => {
    changeFile(
      tenantFile(dataDirectory, 'acme'),
      `UPDATE balance SET debit_micros = '7' WHERE entity = 'acme' AND account = 'revenue'`,
    )
    const made = await tenant.clock.until(tenant.commands.backup({ tenant: 'acme', toDirectory }))
    expect(made).toMatchObject({ ok: false, fault: { code: 'backup_has_problems' } })
    expect(made.ok ? '' : made.fault.message).toContain('I1: acme EUR revenue')
    expect(readdirSync(toDirectory)).toEqual([])
  })

  test.each([
    ['cannot be written', () => writeFileSync(toDirectory, 'a file'), 'backup_failed'],
    ['is of nobody', () => undefined, 'tenant_unknown'],
  ])('that %s is refused', async (_what, prepare, code) => {
    prepare()
    const named = code === 'tenant_unknown' ? 'nobody' : 'acme'
    const made = await tenant.clock.until(tenant.commands.backup({ tenant: named, toDirectory }))
    expect(made).toMatchObject({ ok: false, fault: { code } })
  })

  test('whose copying breaks off leaves nothing behind', async () => {
    const backups = backupsWith((order) => {
      writeFileSync(order.toFile, 'half a copy')
      return Promise.resolve(failed(fault('backup_failed', 'the disk is full')))
    })
    const made = await tenant.clock.until(backups.make(tenant.service, { tenant: 'acme', toDirectory }, silent))
    expect(made).toMatchObject({ ok: false, fault: { message: 'the disk is full' } })
    expect(readdirSync(toDirectory)).toEqual([])
    expect(tenant.clock.pending).toBe(1)
  })

  test('is certified only when the running log is the one that was copied', async () => {
    const backups = backupsWith((order, phase) => {
      const copied = copyBooks(order, phase)
      return Promise.resolve(copied.ok ? ok({ ...copied.value, root: '00'.repeat(32) }) : copied)
    })
    const { service } = tenant
    const made = await tenant.clock.until(backups.make(service, { tenant: 'acme', toDirectory }, silent))
    expect(made).toMatchObject({ ok: false, fault: { code: 'store_unavailable' } })
    expect(readdirSync(toDirectory)).toEqual([])
  })

  test('tells every two seconds that it goes on', async () => {
    const copied = Promise.withResolvers<Result<BooksCopy, CopyFault>>()
    const backups = backupsWith((_order, phase) => {
      phase('copying')
      return copied.promise
    })
    const told: string[] = []
    const making = backups.make(tenant.service, { tenant: 'acme', toDirectory }, (message) => void told.push(message))
    tenant.clock.advance(5_000)
    copied.resolve(failed(fault('backup_failed', 'enough')))
    await tenant.clock.until(making)
    expect(told).toEqual(['acme: copying, 2 s so far', 'acme: copying, 4 s so far'])
  })
})
