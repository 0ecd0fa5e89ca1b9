import { readFileSync, writeFileSync } from 'node:fs'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { openSource } from '../recover-source.ts'
import { settledSeqOf } from '../recover-start.ts'
import { salvageUnits } from '../recover-units.ts'
import { sealOpenBatch } from '../seal-batch.ts'
import { settleReceipts } from '../settle-receipts.ts'
import type { Writer } from '../writer.ts'
import { TestDisk } from './test-disk.ts'
import { commit, deliver, testWriter } from './test-writer.ts'

/** When everything in these journals came. */
export const storedAt: ClockReading = {
  bootId: 'ab'.repeat(16),
  monotonicMs: 5_000,
  wallMs: 1_760_000_000_000,
  syncState: 'synced',
}

/** What `storedJournal` would still send, in order. */
export const waitingIds = ['a-1', 'a-2', 'a-3', 'b-1', 'b-2', 'b-3', 'c-1', 'c-2', 'c-3', 'open-1', null, 'open-3']

/** A journal's file and its log as they were when its agent was killed, to be put down on any disk. */
export interface StoredJournal {
  readonly file: Buffer
  /** Null: the agent was closed, and everything is in the file. */
  readonly log: Buffer | null
}

/** Commits events of one device as one delivery. */
export function publish(writer: Writer, ids: readonly (string | null)[], quantity = 5): void {
  const time = storedAt.wallMs
  const events = ids.map((id) => ({ ...(id === null ? {} : { id }), meter: 'data.bytes', quantity, time }))
  deliver(writer, [{ origin: 'dev-1', kind: 'usage', payload: JSON.stringify(events) }], storedAt)
}

/** Seals what is open. */
export function seal(writer: Writer): void {
  commit(writer, storedAt, () => sealOpenBatch(writer, storedAt))
}

/** Says that the aggregator has everything that was sealed. */
export function settle(writer: Writer): void {
  const { sealedSeq, sealedHash } = writer.memory.chain
  writer.receipts.push({ epoch: 1, seq: sealedSeq, batchHash: sealedHash, logIndex: 7 })
  commit(writer, storedAt, () => settleReceipts(writer, storedAt))
  writer.receipts = []
}

/** A journal with a settled batch, three of two chunks that wait, an open one of three, and something in suspense. */
export function fillJournal(writer: Writer): void {
  publish(writer, ['settled-1', 'settled-2'])
  seal(writer)
  settle(writer)
  for (const name of ['a', 'b', 'c']) {
    publish(writer, [`${name}-1`, `${name}-2`])
    publish(writer, [`${name}-3`])
    seal(writer)
  }
  for (const id of ['open-1', null, 'open-3']) publish(writer, [id])
  deliver(writer, [{ origin: 'dev-1', kind: 'usage', payload: '{"meter":1}' }], storedAt)
}

/** What `fillJournal` leaves when its agent is closed, or killed. */
export function storedJournal(how: 'closed' | 'killed', fill: (writer: Writer) => void = fillJournal): StoredJournal {
  const disk = new TestDisk()
  try {
    const writer = testWriter(disk)
    fill(writer)
    if (how === 'closed') writer.journal.close()
    const file = readFileSync(disk.journalFile)
    const log = how === 'killed' ? readFileSync(`${disk.journalFile}-wal`) : null
    if (how === 'killed') writer.journal.close()
    return { file, log }
  } finally {
    disk.remove()
  }
}

/** Puts a journal down on a disk. */
export function putDown({ file, log }: StoredJournal, disk: TestDisk): void {
  writeFileSync(disk.journalFile, file)
  if (log !== null) writeFileSync(`${disk.journalFile}-wal`, log)
}

/** The same bytes with one bit flipped. */
export function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ (1 << bit)
  return changed
}

/** The ids of the units that a journal would still send, in order, read without SQLite. */
export function unsentIds(file: string): (string | null)[] {
  const source = openSource(file)
  try {
    const found = [...salvageUnits(source, settledSeqOf(source), () => undefined)]
    return found.flatMap(({ units }) => units.map(({ eventId }) => eventId))
  } finally {
    source.pages.close()
  }
}
