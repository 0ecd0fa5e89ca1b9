import { assertThat } from '@meterline/shared/base/errors.ts'
import { eventKeyBytes, eventKeyInto } from '@meterline/shared/integrity/event-key.ts'
import { OpenBatch } from '@meterline/shared/model/unit-codec.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import {
  receivedWallMs,
  type BatchTables,
  type ClockReading,
  type RatingUnit,
} from '@meterline/shared/model/usage-record.ts'
import type { Journal, JournalIdentity } from '../store/journal.ts'
import { keyEntryBytes, type StoredKeys } from '../store/salvage-keys.ts'
import { keptCheck, SeenEvents } from '../store/salvage-seen.ts'
import { suspenseIdentity, type SuspenseInput } from '../store/suspense-table.ts'
import { conflictPart } from './suspend.ts'

/** What became of what a source held. */
export interface CarriedOver {
  units: number
  records: number
  duplicates: number
  suspended: number
  keys: number
}

const unitsPerChunk = 1_000
const chunkBytes = 262_144
const keysPerCommit = 16_384
// Each key causes work at every level of the index it passes through.
const maintenancePerKey = 8

const key = new Uint8Array(eventKeyBytes)

/** Writes what a recovery found into a new journal, a thousand units to a transaction. */
export class RecoveryWriter {
  readonly #journal: Journal
  readonly #identity: JournalIdentity
  readonly #nowMs: number
  readonly #seen = new SeenEvents()
  #open = begun()
  #stagedKeys = 0

  constructor(journal: Journal, identity: JournalIdentity, nowMs: number) {
    this.#journal = journal
    this.#identity = identity
    this.#nowMs = nowMs
  }

  /** Carries over event keys that are not there yet. To be done before the units: their own checks are the better ones. */
  takeKeys({ arrivedMs, entries }: StoredKeys, done: CarriedOver): void {
    const { keys } = this.#journal
    for (let at = 0; at < entries.length; at += keyEntryBytes) {
      if (keys.lookup(entries, at) !== null) continue
      const word = (index: number): number => entries.readUInt32LE(at + 16 + 4 * index)
      keys.stage(entries, at, word(0), word(1), word(2), word(3))
      done.keys += 1
      this.#stagedKeys += 1
      if (this.#stagedKeys >= keysPerCommit) this.#commitKeys(arrivedMs)
    }
    this.#commitKeys(arrivedMs)
  }

  /** Carries over units, each once, however many sources hold it; the same id with other content goes to suspense. */
  takeUnits(source: number, units: readonly RatingUnit[], tables: BatchTables, done: CarriedOver): void {
    for (const unit of units) {
      const anchor = tables.anchors[unit.anchor]
      assertThat(anchor !== undefined, 'a unit that was read names an anchor of its tables')
      const event = eventOf(unit)
      const received = { ...anchor, monotonicMs: unit.receivedMonotonicMs, wallMs: receivedWallMs(unit, anchor) }
      if (event.id !== null) eventKeyInto(this.#identity.tenant, event.source, event.id, key, 0)
      const novelty = this.#seen.take(source, event.id === null ? null : key, event, received)
      if (novelty === 'same') done.duplicates += 1
      else if (novelty === 'other') this.#suspend(event, received, done)
      else this.#append(unit, event, received, tables, done)
    }
  }

  /** Writes what is still in memory. */
  finish(): void {
    this.#flush()
    this.#commitKeys(this.#nowMs)
    this.#seen.close()
  }

  #append(unit: RatingUnit, event: UsageEvent, received: ClockReading, tables: BatchTables, done: CarriedOver): void {
    const { keys } = this.#journal
    if (event.id !== null && keys.lookup(key, 0) === null) {
      const { check0, check1 } = keptCheck(event, received.wallMs)
      keys.stage(key, 0, check0, check1, 0, 0)
      this.#stagedKeys += 1
    }
    const snapshot = unit.snapshot === null ? null : (tables.snapshots[unit.snapshot] ?? null)
    const prerated = unit.records.map(({ preratedMicros }) => preratedMicros)
    const spends = unit.records.map((record) => record.spends)
    this.#open.append(event, received, snapshot, prerated, spends)
    done.units += 1
    done.records += unit.records.length
    if (this.#open.full || this.#open.unitCount >= unitsPerChunk || this.#open.bytes >= chunkBytes) this.#flush()
  }

  #flush(): void {
    const chunk = this.#open.finish()
    this.#open = begun()
    if (chunk.unitCount === 0) return
    this.#journal.commit(() => {
      this.#journal.salvaged.insert(chunk)
      this.#writeKeys(this.#nowMs)
    })
  }

  #suspend(event: UsageEvent, received: ClockReading, done: CarriedOver): void {
    const { evidence, code, message, eventId, positions } = conflictPart(event)
    const from = { device: event.source, kind: 'usage', rule: null, topic: null, idempotencyKey: null }
    const { wallMs: atMs, bootId, monotonicMs, syncState } = received
    const when = { atMs, bootId, monotonicMs, syncState }
    const what = { code, message, eventId, positions, payloadBytes: evidence.length, payload: evidence }
    const input: SuspenseInput = { ...from, ...when, ...what }
    const identity = suspenseIdentity(input)
    const { suspense } = this.#journal
    this.#journal.commit(() => {
      this.#writeKeys(this.#nowMs)
      if (suspense.find(identity) !== null) return
      suspense.insert(input, identity)
      done.suspended += 1
    })
  }

  #commitKeys(arrivedMs: number): void {
    if (this.#stagedKeys > 0) this.#journal.commit(() => this.#writeKeys(arrivedMs))
  }

  #writeKeys(arrivedMs: number): void {
    this.#journal.keys.writeStaged(arrivedMs)
    this.#journal.keys.maintain(this.#stagedKeys * maintenancePerKey)
    this.#stagedKeys = 0
  }
}

function begun(): OpenBatch {
  const open = new OpenBatch()
  open.begin()
  return open
}

function eventOf({ eventId, source, subject, timeMs, labels, facts, records }: RatingUnit): UsageEvent {
  const measured = records.map(({ meter, quantity }) => ({ meter, quantity }))
  return { id: eventId, source, subject, timeMs, labels, facts, measured }
}
