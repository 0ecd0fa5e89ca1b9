import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { usageEvent } from '../flow/fixtures/sealing-agent.ts'
import type { CopyOrder } from '../flow/copy-books.ts'
import { RestorableTenant } from '../flow/testing/restorable-tenant.ts'
import { copyBooksInThread } from './thread.ts'

let acme: RestorableTenant
const folder = mkdtempSync(join(tmpdir(), 'meterline-backup-thread-'))
beforeAll(() => {
  acme = new RestorableTenant()
  acme.use(usageEvent({ id: 'a' }))
})
afterAll(() => {
  acme.remove()
  rmSync(folder, { recursive: true, force: true })
})

function order(given: Partial<CopyOrder> = {}): CopyOrder {
  return {
    booksFile: acme.booksFile,
    toFile: join(folder, 'copy.db'),
    tenant: 'acme',
    publicKeyBase64: acme.signingKey.publicKeyBase64,
    ...given,
  }
}

test('books are copied and verified in a thread, which says what it does', async () => {
  const phases: string[] = []
  const copied = await copyBooksInThread(order(), (name) => void phases.push(name))
  expect(copied).toMatchObject({ ok: true, value: { generation: 1, size: acme.running.service.store.log.size } })
  expect(phases).toEqual(['copying', 'verifying', 'hashing'])
})

test('what goes wrong in the thread comes back', async () => {
  const copied = await copyBooksInThread(order({ booksFile: join(folder, 'nothing.db') }), () => undefined)
  expect(copied).toMatchObject({ ok: false, fault: { code: 'backup_failed' } })
})

test('a thread that cannot even begin is a backup that failed', async () => {
  const broken = { ...order(), booksFile: undefined } as unknown as CopyOrder
  const copied = await copyBooksInThread(broken, () => undefined)
  expect(copied).toMatchObject({ ok: false, fault: { code: 'backup_failed' } })
})

test('a simulated disk is not handed to the thread', () => {
  expect(() => copyBooksInThread(order({ disk: temporaryDisk }), () => undefined)).toThrow('stays with the thread')
})
