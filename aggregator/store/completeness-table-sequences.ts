import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SequenceRun } from '../domain/completeness/sequence-run.ts'

/** A stream of sequence numbers: those one subject of one source sends under one reset ('' when it names none). */
export interface SequenceStream {
  readonly source: string
  readonly subject: string
  readonly reset: string
}

/** The runs of a stream after some batches. */
export interface SequenceWrite extends SequenceStream {
  readonly runs: readonly SequenceRun[]
}

/** Streams of a tenant that are kept at most; further ones are not followed. */
export const mostStreams = 200_000

interface StreamRow extends SequenceStream {
  readonly runs: string
}

/** Sequence numbers by stream: where each stands, and its holes. */
export class SequenceTable {
  readonly #find
  readonly #save
  readonly #listHoled
  readonly #prune
  readonly #most: number
  #streams: number
  #prunedTo = -Infinity

  /** Follows `most` streams at most. */
  constructor(db: Database, most = mostStreams) {
    this.#most = most
    this.#find = db.prepare<[string, string, string], { runs: string }>(
      'SELECT runs FROM sequence_stream WHERE source = ? AND subject = ? AND reset = ?',
    )
    this.#save = db.prepare<[string, string, string, number, number, string]>(
      `INSERT INTO sequence_stream (source, subject, reset, last_ms, holed, runs) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (source, subject, reset) DO UPDATE
       SET last_ms = excluded.last_ms, holed = excluded.holed, runs = excluded.runs`,
    )
    this.#listHoled = db.prepare<[number], StreamRow>(
      `SELECT source, subject, reset, runs FROM sequence_stream WHERE holed = 1
       ORDER BY source, subject, reset LIMIT ?`,
    )
    this.#prune = db.prepare<[number]>('DELETE FROM sequence_stream WHERE last_ms < ?')
    this.#streams = db.prepare<[], { count: number }>('SELECT count(*) AS count FROM sequence_stream').get()?.count ?? 0
  }

  /** The runs of a stream; undefined when it is new. */
  runs({ source, subject, reset }: SequenceStream): readonly SequenceRun[] | undefined {
    const row = this.#find.get(source, subject, reset)
    return row === undefined ? undefined : runsOf(row.runs)
  }

  /** Whether one more stream may be followed beside some that are new in the same transaction. */
  hasRoom(newStreams: number): boolean {
    return this.#streams + newStreams < this.#most
  }

  /** Saves streams inside the caller's transaction; `created` of them were new. */
  save(writes: readonly SequenceWrite[], created: number): void {
    this.#streams += created
    for (const { source, subject, reset, runs } of writes) {
      const lastMs = Math.max(...runs.map(({ headMs }) => headMs))
      const holed = runs.some(({ missing, givenUp }) => missing.length > 0 || givenUp > 0) ? 1 : 0
      this.#save.run(source, subject, reset, lastMs, holed, JSON.stringify(runs))
    }
  }

  /** Forgets streams that ended before an instant; looks once for each such instant. */
  prune(beforeMs: number): void {
    if (beforeMs <= this.#prunedTo) return
    this.#prunedTo = beforeMs
    this.#streams -= this.#prune.run(beforeMs).changes
  }

  /** At most `limit` streams in which numbers are missing. */
  holed(limit: number): readonly SequenceWrite[] {
    return this.#listHoled.all(limit).map(({ runs, ...stream }) => ({ ...stream, runs: runsOf(runs) }))
  }
}

function runsOf(text: string): readonly SequenceRun[] {
  const runs: unknown = JSON.parse(text)
  assertThat(Array.isArray(runs), 'the runs of a stream in our own file can be read')
  return runs as readonly SequenceRun[]
}
