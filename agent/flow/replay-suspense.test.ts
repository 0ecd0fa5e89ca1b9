import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { receivedWallMs, type ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import { journalMigrations } from '../store/journal-schema.ts'
import { answerAboutSuspense } from './answer-about-suspense.ts'
import { originText } from './origin.ts'
import { discardSuspended, rehearsePage, replayPage } from './replay-suspense.ts'
import type { ReplayedRow, ReplaySelection } from './suspense-port.ts'
import { commit, deliver, journalledUnits, rulesOf, testWriter, type TestDelivery } from './testing/test-writer.ts'
import { TestDisk } from './testing/test-disk.ts'
import type { Writer } from './writer.ts'

const came: ClockReading = {
  bootId: 'a'.repeat(32),
  monotonicMs: 5_000,
  wallMs: 1_760_000_000_000,
  syncState: 'synced',
}
const later: ClockReading = { ...came, bootId: 'b'.repeat(32), monotonicMs: 90, wallMs: came.wallMs + 3_600_000 }
const everything: ReplaySelection = { after: 0, upTo: null, numbers: null, code: null, device: null }

const countersRule: RuleDefinition = {
  name: 'counters',
  records: '/items',
  id: ['device', '/no'],
  meters: [{ meter: 'data.bytes', quantity: '/bytes' }],
}
const withoutIds: RuleDefinition = {
  name: 'counters',
  records: '/items',
  atLeastOnce: true,
  meters: [{ meter: 'data.bytes', quantity: '/bytes' }],
}

let disk: TestDisk
let writer: Writer

beforeEach(() => {
  disk = new TestDisk()
  writer = testWriter(disk)
})

afterEach(() => {
  writer.journal.close()
  disk.remove()
})

/** A delivery that the rule `counters` is to read. */
function mapped(payload: unknown, idempotencyKey: string | null = null): TestDelivery {
  const origin = originText({ device: 'dev-1', rule: 'counters', topic: 'a/b', idempotencyKey })
  return { origin, kind: 'mapped', payload: JSON.stringify(payload) }
}

function plain(payload: unknown, idempotencyKey: string | null = null): TestDelivery {
  const origin = originText({ device: 'dev-1', rule: null, topic: null, idempotencyKey })
  return { origin, kind: 'usage', payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }
}

function replay(selection: Partial<ReplaySelection> = {}): readonly ReplayedRow[] {
  let rows: readonly ReplayedRow[] = []
  commit(writer, later, () => {
    rows = replayPage(writer, { ...everything, ...selection }, later).page.rows
  })
  return rows
}

/** The events journalled so far in short: id and quantity. */
function journalled(): readonly string[] {
  return journalledUnits(writer).map(({ unit: { eventId, records } }) => `${eventId} ${records[0]?.quantity}`)
}

function inSuspense(): readonly string[] {
  return writer.journal.suspense
    .list({ after: 0, limit: 100, code: null, device: null })
    .map(({ id, code, times }) => `${id} ${code} x${times}`)
}

function closed(): readonly string[] {
  return writer.journal.closedSuspense
    .list(0, 100)
    .map(({ id, outcome, events, duplicates }) => `${id} ${outcome} ${events}+${duplicates}`)
}

describe('a payload that a repaired rule understands', () => {
  test('becomes events of the moment it first came, once, and leaves the suspense', () => {
    deliver(
      writer,
      [
        mapped({
          items: [
            { no: 1, bytes: 7 },
            { no: 2, bytes: 8 },
          ],
        }),
      ],
      came,
    )
    expect(inSuspense()).toEqual(['1 rule_unknown x1'])
    writer.rules = rulesOf([countersRule])
    expect(replay()).toMatchObject([{ number: 1, outcome: 'replayed', events: 2, duplicates: 0, suspended: 0 }])
    expect(journalled()).toEqual(['dev-1/1 7', 'dev-1/2 8'])
    for (const { unit, anchor } of journalledUnits(writer)) {
      expect(unit.timeMs).toBe(came.wallMs)
      expect(receivedWallMs(unit, anchor)).toBe(came.wallMs)
      expect(anchor.bootId).toBe(came.bootId)
    }
    expect(inSuspense()).toEqual([])
    expect(closed()).toEqual(['1 replayed 2+0'])
    expect(writer.memory.suspense).toMatchObject({ rows: 0, bytes: 0, rowsByDevice: new Map() })
    expect(replay()).toEqual([])
    // The device sends it again: it is known by now.
    deliver(
      writer,
      [
        mapped({
          items: [
            { no: 1, bytes: 7 },
            { no: 2, bytes: 8 },
          ],
        }),
      ],
      later,
    )
    expect(journalled()).toHaveLength(2)
    expect(writer.memory.counters.duplicates).toBe(2)
  })

  test('gives only the records that were missing when some were read at once', () => {
    writer.rules = rulesOf([countersRule])
    const payload = {
      items: [
        { no: 1, bytes: 7 },
        { no: 2, octets: 8 },
        { no: 3, bytes: 9 },
        { no: 4, octets: 1 },
      ],
    }
    deliver(writer, [mapped(payload)], came)
    expect(journalled()).toEqual(['dev-1/1 7', 'dev-1/3 9'])
    expect(inSuspense()).toHaveLength(1)
    writer.rules = rulesOf([{ ...countersRule, meters: [{ meter: 'data.bytes', quantity: ['/bytes', '/octets'] }] }])
    expect(replay()).toMatchObject([{ outcome: 'replayed', events: 2, duplicates: 0 }])
    expect(journalled()).toEqual(['dev-1/1 7', 'dev-1/3 9', 'dev-1/2 8', 'dev-1/4 1'])
  })

  test('counts an event without an id as often as it was delivered, and its neighbours not again', () => {
    writer.rules = rulesOf([withoutIds])
    const payload = { items: [{ bytes: 7 }, { octets: 8 }] }
    deliver(writer, [mapped(payload), mapped(payload)], came)
    expect(inSuspense()).toMatchObject([expect.stringContaining('x2')])
    writer.rules = rulesOf([{ ...withoutIds, meters: [{ meter: 'data.bytes', quantity: ['/bytes', '/octets'] }] }])
    expect(replay()).toMatchObject([{ events: 2 }])
    expect(journalled()).toEqual(['null 7', 'null 7', 'null 8', 'null 8'])
  })

  test('gets the id that its place in the request gives it', () => {
    const request = [
      plain(
        [
          { meter: 'm', quantity: 1 },
          { meter: 'm', quantity: 0.5 },
          { meter: 'm', quantity: 3 },
        ],
        'k',
      ),
    ]
    deliver(writer, request, came)
    expect(journalled()).toEqual(['k/0 1', 'k/2 3'])
    expect(writer.journal.suspense.row(1)?.positions).toEqual([1])
  })

  test('goes back to suspense in part when only a part is understood', () => {
    deliver(
      writer,
      [
        mapped({
          items: [
            { no: 1, bytes: 7 },
            { no: 2, octets: 8 },
          ],
        }),
      ],
      came,
    )
    writer.rules = rulesOf([countersRule])
    expect(replay()).toMatchObject([{ outcome: 'replayed', events: 1, suspended: 1 }])
    expect(writer.journal.suspense.row(2)).toMatchObject({ positions: [1], firstMs: came.wallMs })
    expect(replay()).toMatchObject([{ number: 2, outcome: 'stays' }])
  })

  test('is a conflict of its own when its id was used in the meantime', () => {
    deliver(writer, [mapped({ items: [{ no: 1, bytes: 7 }] })], came)
    writer.rules = rulesOf([countersRule])
    deliver(writer, [mapped({ items: [{ no: 1, bytes: 99 }] })], came)
    expect(replay()).toMatchObject([{ outcome: 'replayed', events: 0, suspended: 1 }])
    expect(inSuspense()).toEqual(['2 event_conflict x1'])
    expect(replay()).toMatchObject([{ number: 2, outcome: 'stays', code: 'event_conflict' }])
    expect(journalled()).toEqual(['dev-1/1 99'])
  })
})

describe('what stays', () => {
  test('gets the reason of now', () => {
    deliver(writer, [mapped({ items: [{ no: 1, octets: 7 }] })], came)
    writer.rules = rulesOf([countersRule])
    const [row] = replay()
    expect(row).toMatchObject({ outcome: 'stays', code: 'quantity_missing' })
    expect(inSuspense()).toEqual(['1 quantity_missing x1'])
    // It is still the same thing: delivered again it is counted where it is.
    deliver(writer, [mapped({ items: [{ no: 1, octets: 7 }] })], later)
    expect(inSuspense()).toEqual(['1 quantity_missing x2'])
  })

  test('is what was cut, and says so', () => {
    writer.journal.close()
    disk.remove()
    disk = new TestDisk()
    writer = testWriter(disk, { payloadBytes: 10 })
    deliver(writer, [mapped({ items: [{ no: 1, bytes: 7 }] })], came)
    writer.rules = rulesOf([countersRule])
    expect(replay()).toMatchObject([
      { outcome: 'stays', code: 'rule_unknown', message: expect.stringContaining('beginning') },
    ])
    expect(inSuspense()).toEqual(['1 rule_unknown x1'])
  })

  test('is not asked about in a dry run, which changes nothing', () => {
    deliver(writer, [mapped({ items: [{ no: 1, bytes: 7 }, { no: 2 }] }), plain('no json')], came)
    writer.rules = rulesOf([countersRule])
    expect(rehearsePage(writer, everything, later).rows).toMatchObject([
      { number: 1, outcome: 'replayed', events: 1, suspended: 1 },
      { number: 2, outcome: 'stays', code: 'payload_not_json' },
    ])
    expect(inSuspense()).toEqual(['1 rule_unknown x1', '2 payload_not_json x1'])
    expect(journalled()).toEqual([])
  })

  test('keeps everything where there is no room for what would be left of it', () => {
    writer.journal.close()
    disk.remove()
    disk = new TestDisk()
    writer = testWriter(disk, { rows: 2 })
    const items = (bytes: number): unknown => ({
      items: [
        { no: 1, bytes },
        { no: 2, bytes },
      ],
    })
    deliver(writer, [plain('no json'), mapped(items(7))], came)
    writer.rules = rulesOf([countersRule])
    deliver(writer, [mapped(items(8))], came)
    // Two conflicts would take two places where one becomes free.
    expect(replay({ numbers: [2] })).toMatchObject([{ outcome: 'stays', code: 'rule_unknown' }])
    expect(inSuspense()).toEqual(['1 payload_not_json x1', '2 rule_unknown x1'])
    commit(writer, later, () => void discardSuspended(writer, { numbers: [1], reason: 'junk', by: 'Ada' }, later))
    expect(replay({ numbers: [2] })).toMatchObject([{ outcome: 'replayed', events: 0, suspended: 2 }])
    expect(writer.memory.suspense.rows).toBe(2)
  })
})

describe('a selection', () => {
  test('is by number, reason or device, page by page, and never meets what the replay itself put there', () => {
    for (let number = 0; number < 3; number++)
      deliver(writer, [mapped({ items: [{ no: number, bytes: 1 }, {}] })], came)
    deliver(writer, [plain('no json')], came)
    writer.rules = rulesOf([countersRule])
    expect(replay({ code: 'payload_not_json' }).map(({ number }) => number)).toEqual([4])
    expect(replay({ device: 'dev-2' })).toEqual([])
    expect(replay({ numbers: [2, 9] })).toMatchObject([
      { number: 2, outcome: 'replayed' },
      { number: 9, outcome: 'unknown' },
    ])
    let page = { next: 0 as number | null, upTo: null as number | null }
    const seen: number[] = []
    while (page.next !== null) {
      const from = { after: page.next, upTo: page.upTo }
      commit(writer, later, () => {
        const replayed = replayPage(writer, { ...everything, ...from }, later).page
        seen.push(...replayed.rows.map(({ number }) => number))
        page = replayed
      })
    }
    expect(seen).toEqual([1, 3, 4, 5])
  })
})

test('an entry of an earlier version, which noted no clocks, counts as of the wall clock it has', () => {
  writer.journal.close()
  disk.remove()
  disk = new TestDisk()
  const db = openDatabase({ file: disk.journalFile, disk: temporaryDisk })
  migrate(db, journalMigrations.slice(0, 1))
  const payload = Buffer.from(JSON.stringify({ id: 'e1', meter: 'm', quantity: 5 }))
  db.prepare<[Uint8Array, number, number, number, Uint8Array]>(
    `INSERT INTO suspense (identity, code, message, device, kind, event_id, first_ms, last_ms, times, payload_bytes, payload)
     VALUES (?, 'meter_missing', 'no meter', 'dev-1', 'usage', 'e1', ?, ?, 1, ?, ?)`,
  ).run(new Uint8Array(16), came.wallMs, came.wallMs, payload.length, payload)
  db.close()
  writer = testWriter(disk)
  expect(replay()).toMatchObject([{ outcome: 'replayed', events: 1 }])
  const [journalledUnit] = journalledUnits(writer)
  expect(journalledUnit).toMatchObject({
    unit: { timeMs: came.wallMs },
    anchor: { bootId: later.bootId, wallMs: came.wallMs },
  })
})

describe('discarding', () => {
  const order = { numbers: [1, 7], reason: 'a bench device', by: 'Ada' }

  test('keeps the entry with reason and name, and counts the same thing there when it comes again', () => {
    deliver(writer, [plain('no json')], came)
    let rows: unknown
    commit(writer, later, () => {
      rows = discardSuspended(writer, order, later)
    })
    expect(rows).toEqual([
      { number: 1, outcome: 'discarded' },
      { number: 7, outcome: 'unknown' },
    ])
    expect(inSuspense()).toEqual([])
    deliver(writer, [plain('no json')], later)
    expect(inSuspense()).toEqual([])
    expect(answerAboutSuspense(writer.journal, { kind: 'suspense-show', number: 1 })).toMatchObject({
      shown: { state: 'closed', outcome: 'discarded', reason: 'a bench device', closedBy: 'Ada', times: 2 },
    })
    expect(replay({ numbers: [1] })).toMatchObject([{ outcome: 'unknown' }])
    writer.journal.closedSuspense.prune(Number.MAX_SAFE_INTEGER)
    expect(closed()).toEqual(['1 discarded 0+0'])
  })
})
