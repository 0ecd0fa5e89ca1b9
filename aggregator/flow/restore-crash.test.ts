import type * as fileSystem from 'node:fs'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { finishRestores } from '../store/replace-books.ts'
import type { BackupReport } from './commands.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'

/** Lets the process die before the n-th change of a file's name or contents: from then on it changes nothing. */
const crash = vi.hoisted(() => {
  const plan = { at: -1, count: 0 }
  return {
    plan,
    around:
      <Arguments extends readonly unknown[], Answer>(change: (...given: Arguments) => Answer) =>
      (...given: Arguments): Answer => {
        plan.count += 1
        if (plan.at >= 0 && plan.count >= plan.at) throw new Error('crash')
        return change(...given)
      },
  }
})
vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof fileSystem>()
  const { renameSync, linkSync, rmSync: remove, copyFileSync, chmodSync, fsyncSync } = actual
  return {
    ...actual,
    renameSync: crash.around(renameSync),
    linkSync: crash.around(linkSync),
    rmSync: crash.around(remove),
    copyFileSync: crash.around(copyFileSync),
    chmodSync: crash.around(chmodSync),
    fsyncSync: crash.around(fsyncSync),
  }
})

let acme: RestorableTenant
let backup: BackupReport
let pristine = ''
let oldHead = ''
let newSize = 0
beforeAll(async () => {
  acme = new RestorableTenant()
  acme.use(usageEvent({ id: 'a' }))
  backup = await acme.backup()
  acme.use(usageEvent({ id: 'b' }))
  acme.stop()
  pristine = join(acme.folder, 'pristine')
  cpSync(acme.dataDirectory, pristine, { recursive: true })
  const { log } = acme.start().service.store
  oldHead = `${log.size} ${toHex(log.root())}`
  newSize = backup.size + 1
  acme.stop()
})
afterAll(() => acme.remove())

/** Puts the data directory back to what it was, and counts changes from now on. */
function begin(at: number): void {
  crash.plan.at = -1
  rmSync(acme.dataDirectory, { recursive: true, force: true })
  cpSync(pristine, acme.dataDirectory, { recursive: true })
  Object.assign(crash.plan, { at, count: 0 })
}

/** What an aggregator finds that starts on what a crash left: 'old', 'new' or what else it is. */
function foundAfterCrash(): string {
  crash.plan.at = -1
  finishRestores(acme.dataDirectory)
  expect(acme.problems()).toEqual([])
  const { log, generations } = acme.start().service.store
  const head = `${log.size} ${toHex(log.root())}`
  const found = `${log.size} in generation ${generations.current}`
  const isNew = log.size === newSize && toHex(log.rootAt(backup.size)) === backup.root
  acme.stop()
  if (head === oldHead && found.endsWith('generation 1')) return 'old'
  return isNew && found.endsWith('generation 2') ? 'new' : found
}

describe('a restore that is cut off', () => {
  test('leaves the old books or the new ones, wherever that was, and can be done again', () => {
    begin(-1)
    expect(acme.restore(backup)).toMatchObject({ ok: true })
    const changes = crash.plan.count
    expect(changes).toBeGreaterThan(12)
    expect(foundAfterCrash()).toBe('new')
    const found: string[] = []
    for (let at = 1; at <= changes; at++) {
      begin(at)
      const cutOff = acme.restore(backup)
      expect(cutOff).toMatchObject({ ok: false, fault: { code: 'restore_failed' } })
      expect(cutOff.ok ? '' : cutOff.fault.message).toContain('crash')
      found.push(foundAfterCrash())
      if (at % 7 !== 0) continue
      const again = acme.restore(backup)
      expect(again).toMatchObject({ ok: true })
      // The number of a generation is used up as soon as the books before it are kept under it.
      const possible = found.at(-1) === 'old' ? [2, 3] : [3]
      expect(possible).toContain(again.ok ? again.value.generation : null)
      expect(acme.problems()).toEqual([])
    }
    expect(existsSync(`${acme.booksFile}.restored`)).toBe(false)
    expect(new Set(found)).toEqual(new Set(['old', 'new']))
  })
})
