import { createHash } from 'node:crypto'
import { eventKeyBytes } from '@meterline/shared/integrity/event-key.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { openScratchDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { checkToKeep, sameContent } from '../domain/admit.ts'

// The wall clock of a unit is told from its anchor, which may be this far off (`anchorToleranceMs`).
const toleranceMs = 2

/**
 * What a recovery has carried over already, for sources that hold the same events: copies of one disk, or two machines
 * under one name. Kept in a scratch file, so that its size is no matter.
 */
export class SeenEvents {
  readonly #db: Database = openScratchDatabase()
  readonly #find = this.#prepare()

  /** Whether an event is new, the same again, or another one under the same id. The first one counts. */
  take(source: number, key: Uint8Array | null, event: UsageEvent, received: ClockReading): 'new' | 'same' | 'other' {
    return key === null ? this.#takePlain(source, event, received) : this.#takeNamed(key, event, received)
  }

  close(): void {
    this.#db.close()
  }

  #takeNamed(key: Uint8Array, event: UsageEvent, received: ClockReading): 'new' | 'same' | 'other' {
    const known = this.#find.named.get(key)
    if (known !== undefined) return sameContent(known, event) ? 'same' : 'other'
    const { check0, check1 } = keptCheck(event, received.wallMs)
    this.#find.insertNamed.run(key, check0, check1)
    return 'new'
  }

  /** Events without an id may be there twice with good reason: each source's n-th of a kind is the others' n-th. */
  #takePlain(source: number, event: UsageEvent, received: ClockReading): 'new' | 'same' {
    const text = JSON.stringify([event, received], (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    )
    const digest = createHash('sha256').update(text).digest().subarray(0, eventKeyBytes)
    const known = this.#find.plain.get(digest) ?? { source, seen: 0, carried: 0 }
    const seen = known.source === source ? known.seen + 1 : 1
    this.#find.writePlain.run(digest, source, seen, Math.max(known.carried, seen))
    return seen > known.carried ? 'new' : 'same'
  }

  #prepare() {
    this.#db.exec(`
      CREATE TABLE named (key BLOB PRIMARY KEY, check0 INTEGER NOT NULL, check1 INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE plain (
        digest BLOB PRIMARY KEY, source INTEGER NOT NULL, seen INTEGER NOT NULL, carried INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`)
    return {
      named: this.#db.prepare<[Uint8Array], { check0: number; check1: number }>(
        'SELECT check0, check1 FROM named WHERE key = ?',
      ),
      insertNamed: this.#db.prepare<[Uint8Array, number, number]>('INSERT INTO named VALUES (?, ?, ?)'),
      plain: this.#db.prepare<[Uint8Array], { source: number; seen: number; carried: number }>(
        'SELECT source, seen, carried FROM plain WHERE digest = ?',
      ),
      writePlain: this.#db.prepare<[Uint8Array, number, number, number]>(
        `INSERT INTO plain VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET source = excluded.source, seen = excluded.seen, carried = excluded.carried`,
      ),
    }
  }
}

/** The content check the key index would keep of an event that was received at about this time. */
export function keptCheck(event: UsageEvent, receivedWallMs: number): { check0: number; check1: number } {
  const statesNoTime = Math.abs(event.timeMs - receivedWallMs) <= toleranceMs
  return checkToKeep(event, statesNoTime ? event.timeMs : receivedWallMs, { check0: 0, check1: 0 })
}
