import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { diskError, temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { changeFile } from '@meterline/shared/sqlite/testing/change-file.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { findDispositions } from './find-dispositions.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let started: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-registry-'))
})
afterEach(() => {
  for (const tenant of started) tenant.registry.kill()
  started = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

function start(disk?: SimulatedDisk): TestTenant {
  const tenant = new TestTenant({
    dataDirectory,
    signingKey,
    nowMs: usageTimeMs,
    random: seededRandom('registry'),
    log: silentLog(),
    ...(disk === undefined ? {} : { disk }),
  })
  started.push(tenant)
  return tenant
}

/** Changes the tenant's file behind the back of the service. */
function behindItsBack(statement: string): void {
  changeFile(tenantFile(dataDirectory, 'acme'), statement)
}

/** A disk that refuses commits and checkpoints while it is told to, and notes those it lets pass. */
function failingDisk(): SimulatedDisk & { fails: Parameters<typeof diskError>[0] | null; readonly passed: string[] } {
  const disk = {
    fails: null as Parameters<typeof diskError>[0] | null,
    passed: [] as string[],
    write(...[db, what, run]: Parameters<SimulatedDisk['write']>): void {
      if (disk.fails !== null && what !== 'opening') throw diskError(disk.fails)
      temporaryDisk.write(db, what, run)
      if (what !== 'opening') disk.passed.push(what)
    },
  }
  return disk
}

describe('a tenant whose file fails', () => {
  test('does not keep the others from working, and says why', () => {
    writeFileSync(tenantFile(dataDirectory, 'broken'), 'this is no database, however often it is opened')
    const tenant = start()
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' })])
    expect(tenant.messages.at(-1)).toMatchObject({ kind: 'receipt' })
    expect(tenant.registry.find('broken')).toBe('failed')
    expect(tenant.registry.demand('broken')).toMatchObject({ fault: { code: 'tenant_failed' } })
    expect(tenant.registry.demand('absent')).toMatchObject({ fault: { code: 'tenant_unknown' } })
    expect(tenant.registry.failures()).toMatchObject([{ tenant: 'broken' }])
  })

  test('in the middle of its work receipts nothing, sends agents away, and opens again once the file is well', () => {
    const tenant = start()
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' })])
    behindItsBack('ALTER TABLE batch_body RENAME TO mislaid')
    tenant.send([usageEvent({ id: 'b' })])
    tenant.clock.advance(0)
    expect(tenant.messages.at(-1)).toMatchObject({ kind: 'refusal', code: 'store_unavailable', permanent: false })
    expect(tenant.messages.filter(({ kind }) => kind === 'receipt')).toHaveLength(1)
    expect(tenant.registry.find('acme')).toBe('failed')
    // It is tried again, with growing pauses, for as long as it takes.
    tenant.clock.advance(10 * 60_000)
    expect(tenant.registry.find('acme')).toBe('failed')
    behindItsBack('ALTER TABLE mislaid RENAME TO batch_body')
    tenant.clock.advance(2 * 60_000)
    const [known, lost] = findDispositions(tenant.service, [
      { source: 'trk-1', id: 'a' },
      { source: 'trk-1', id: 'b' },
    ])
    // What was not receipted never came: the agent sends it again.
    expect([known?.kind, lost?.kind]).toEqual(['charged', 'unknown'])
  })

  test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC'] as const)(
    'because its disk says %s gives no receipt, and takes the batch once the disk is well',
    (code) => {
      const disk = failingDisk()
      const tenant = start(disk)
      tenant.apply()
      tenant.use([usageEvent({ id: 'a' })])
      disk.fails = code
      tenant.send([usageEvent({ id: 'b' })])
      tenant.clock.advance(0)
      expect(tenant.messages.at(-1)).toMatchObject({ kind: 'refusal', code: 'store_unavailable', permanent: false })
      expect(tenant.messages.filter(({ kind }) => kind === 'receipt')).toHaveLength(1)
      tenant.clock.advance(10 * 60_000)
      expect(tenant.registry.find('acme')).toBe('failed')
      disk.fails = null
      disk.passed.length = 0
      tenant.clock.advance(2 * 60_000)
      expect(tenant.registry.find('acme')).toBe(tenant.service)
      // Whatever an earlier connection left in the log is made durable before anything is appended to it.
      expect(disk.passed.slice(0, 2)).toEqual(['log', 'checkpoint'])
    },
  )

  test('because its disk is full refuses nobody for good whose evidence it cannot keep', () => {
    const disk = failingDisk()
    const tenant = start(disk)
    tenant.apply()
    disk.fails = 'SQLITE_FULL'
    const foreign = tenant.connect({ agent: 'gw-1' })
    foreign.session.onMessage(tenant.agent.hello({ agent: 'gw-2' }))
    expect(foreign.messages).toMatchObject([{ kind: 'refusal', code: 'store_unavailable', permanent: false }])
    disk.fails = null
    tenant.clock.advance(2 * 60_000)
    const again = tenant.connect({ agent: 'gw-1' })
    again.session.onMessage(tenant.agent.hello({ agent: 'gw-2' }))
    expect(again.messages).toMatchObject([{ kind: 'refusal', code: 'agent_certificate_mismatch', permanent: true }])
  })

  test('whose log somebody reads is opened once he has finished', () => {
    const tenant = start()
    tenant.apply()
    const reader = openDatabase({ file: tenantFile(dataDirectory, 'acme'), readOnly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM log').get()
    tenant.use([usageEvent({ id: 'a' })])
    tenant.registry.kill()
    const later = start()
    expect(later.registry.failures()[0]?.reason).toContain('while another program reads it')
    reader.close()
    later.clock.advance(60_000)
    expect(later.registry.failures()).toEqual([])
    expect(later.service.hasUnrated).toBe(false)
  })

  test('because of a newer version waits for a person', () => {
    const tenant = start()
    tenant.apply()
    tenant.registry.kill()
    behindItsBack('PRAGMA user_version = 99; PRAGMA application_id = 99')
    const later = start()
    expect(later.registry.failures()[0]?.reason).toContain('newer')
    expect(later.clock.pending).toBe(0)
  })

  test('because its body was damaged before it was rated stops rating and says which batch', () => {
    const tenant = start()
    tenant.apply()
    tenant.use([usageEvent({ id: 'a' })])
    tenant.registry.kill()
    behindItsBack(`
      UPDATE rating_cursor SET batch_index = -1;
      DROP TRIGGER batch_body_no_update;
      UPDATE batch_body SET body = substr(body, 1, length(body) - 1);
    `)
    const later = start()
    later.clock.advance(0)
    expect(later.registry.failures()).toMatchObject([
      { reason: expect.stringContaining('Batch 1 in the file is damaged') as string },
    ])
    expect(later.clock.pending).toBe(0)
  })
})
