import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { LogTrust, VerifiedHead } from '../domain/checkpoint-trust.ts'
import { JournalClient } from '../flow/journal-client.ts'
import { TestDisk } from '../flow/testing/test-disk.ts'
import { testSettings } from '../flow/testing/test-settings.ts'
import { VirtualClock } from '../flow/testing/virtual-clock.ts'
import { openInlineJournal } from './inline.ts'

const hashOf = (size: number): Uint8Array => new Uint8Array(32).fill(size)
const head = (size: number): VerifiedHead => ({ size, root: hashOf(size), note: `note of ${size}` })
let disk: TestDisk
let clock: VirtualClock
let journal: JournalClient

beforeEach(() => {
  disk = new TestDisk()
  clock = new VirtualClock()
  const opened = openInlineJournal(
    testSettings(disk),
    openSigningKey(generateSigningKey().privatePem),
    seededRandom('client'),
    clock,
  )
  if (!opened.ok) throw new Error(opened.fault.message)
  journal = new JournalClient(opened.value, clock, 100)
})

afterEach(() => {
  journal.kill()
  disk.remove()
})

async function storedTrust(): Promise<LogTrust> {
  clock.advance(1_000)
  const { generation, head: stored, doubted } = (await journal.questions.status()).log
  return { generation, head: stored, doubted }
}

test('verified heads that come faster than they are taken: the newest is stored', async () => {
  for (let size = 1; size <= 50; size++) journal.keepVerifiedHead(head(size))
  expect(await storedTrust()).toEqual({ generation: 1, head: head(50), doubted: false })
})

test('a doubt is not ended by a head that was verified before it', async () => {
  for (let size = 1; size <= 3; size++) journal.keepVerifiedHead(head(size))
  journal.doubtLog(null, (fault) => expect(fault).toBeNull())
  expect(await storedTrust()).toMatchObject({ doubted: true })
  journal.keepVerifiedHead(head(4))
  expect(await storedTrust()).toEqual({ generation: 1, head: head(4), doubted: false })
})

test('a new generation does not begin with a head of the one before', async () => {
  for (let size = 1; size <= 3; size++) journal.keepVerifiedHead(head(size))
  const trust: LogTrust = { generation: 2, head: { ...head(2), note: null }, doubted: false }
  journal.takeBack({ toSeq: 0, toHash: hashOf(0), trust }, (outcome) =>
    expect(outcome).toEqual({ ok: true, value: 'done' }),
  )
  expect(await storedTrust()).toEqual(trust)
})
