import { afterEach, expect, test } from 'vitest'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { DeviceNumbers, GroupFiller } from '../flow/group.ts'
import { readClock } from '../flow/journal-client.ts'
import type { JournalPort, JournalReply } from '../flow/journal-port.ts'
import { TestDisks, type TestDisk } from '../flow/testing/test-disk.ts'
import { testSettings } from '../flow/testing/test-settings.ts'
import type { WriterSettings } from '../flow/writer.ts'
import { startWriterThread } from './thread.ts'

const clock = systemClock()
const signingKeyPem = generateSigningKey().privatePem
const group = { deliveries: 100, payloadBytes: 100_000 }
const disks = new TestDisks()
const open: JournalPort[] = []

afterEach(() => {
  for (const port of open.splice(0)) port.kill()
  disks.remove()
})

function settingsOn(disk: TestDisk): WriterSettings {
  return testSettings(disk, { disk: undefined, seal: { lingerMs: 600_000, maxUnits: 3, maxBytes: 100_000 } })
}

async function start(disk: TestDisk): Promise<Hands> {
  const started = await startWriterThread({ settings: settingsOn(disk), signingKeyPem })
  if (!started.ok) throw new Error(started.fault.message)
  open.push(started.value)
  return new Hands(started.value)
}

/** What posts to the thread and waits for its replies. */
class Hands {
  readonly port: JournalPort
  readonly failures: string[] = []
  readonly #filler = new GroupFiller(group)
  readonly #devices = new DeviceNumbers(100)
  readonly #waiting: ((reply: JournalReply) => void)[] = []

  constructor(port: JournalPort) {
    this.port = port
    port.listen({
      onReply: (reply) => this.#waiting.shift()?.(reply),
      onFailure: (failure) => this.failures.push(failure.code),
    })
  }

  async apply(ids: readonly string[]): Promise<JournalReply> {
    const device = this.#devices.numberOf('dev-1')
    for (const id of ids) {
      this.#filler.add(device, 'usage', Buffer.from(JSON.stringify({ id, meter: 'm', quantity: 1, time: 1 })), 0)
    }
    const at = readClock(clock)
    const reply = this.#reply()
    this.port.post({ kind: 'group', group: this.#filler.handOver(this.#devices.handOver(), at), receipts: [], at })
    const answered = await reply
    if (answered.kind === 'group') this.#filler.takeBack(answered.buffer)
    return answered
  }

  async load(): Promise<JournalReply> {
    const reply = this.#reply()
    this.port.post({ kind: 'load', fromSeq: 1, maxCount: 10, maxBytes: 1_000_000 })
    return await reply
  }

  #reply(): Promise<JournalReply> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

test('commits groups, hands the buffer back, seals, and reads batches with their bytes alone', async () => {
  const hands = await start(disks.add())
  const reply = await hands.apply(['e1', 'e2', 'e3', 'e4'])
  expect(reply).toMatchObject({
    kind: 'group',
    fault: null,
    refused: [],
    progress: { openUnits: 1, chain: { sealedSeq: 1 } },
  })
  expect(reply.kind === 'group' && reply.buffer instanceof ArrayBuffer).toBe(true)
  expect(await hands.apply(['e1', 'e5'])).toMatchObject({ fault: null, progress: { openUnits: 2, chain: null } })
  const loaded = await hands.load()
  expect(loaded).toMatchObject({ kind: 'load', batches: [{ seq: 1 }] })
  const [batch] = loaded.kind === 'load' ? loaded.batches : []
  // A view into a shared pool would drag the whole pool across the threads.
  for (const bytes of [batch?.header, batch?.signature, batch?.batchHash, batch?.body]) {
    expect(bytes?.buffer.byteLength).toBe(bytes?.byteLength)
  }
  const { status } = (await hands.port.ask({ kind: 'status' })) as { status: { counters: object } }
  expect(status.counters).toMatchObject({ deliveries: 6, events: 5, duplicates: 1 })
  await hands.port.close()
  expect(hands.failures).toEqual([])
  await expect(hands.port.ask({ kind: 'status' })).rejects.toThrow('closed')
})

test('what was answered is there after the thread was killed', async () => {
  const disk = disks.add()
  const before = await start(disk)
  await before.apply(['e1', 'e2'])
  before.port.kill()
  const after = await start(disk)
  expect(after.port.opening.progress.openUnits).toBe(2)
  expect(await after.apply(['e1', 'e3'])).toMatchObject({ fault: null, progress: { chain: { sealedSeq: 1 } } })
  await after.port.close()
})

test('says why it cannot start', async () => {
  const disk = disks.add()
  const settings = { ...settingsOn(disk), journalFile: `${disk.folder}/missing/journal.db` }
  expect(await startWriterThread({ settings, signingKeyPem })).toMatchObject({
    ok: false,
    fault: { code: 'journal_unusable' },
  })
  expect(await startWriterThread({ settings: settingsOn(disk), signingKeyPem: 'no key' })).toMatchObject({
    ok: false,
    fault: { code: 'writer_crashed' },
  })
})

test('is not handed a simulated disk', () => {
  const settings = { ...settingsOn(disks.add()), disk: temporaryDisk }
  expect(() => startWriterThread({ settings, signingKeyPem })).toThrow('stays with the thread')
})
