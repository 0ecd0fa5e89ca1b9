import type { Database } from '@meterline/shared/sqlite/open.ts'

/** Something refused, with the bytes that show it. */
export interface EvidenceRow {
  readonly agent: string
  readonly code: string
  readonly message: string
  readonly address: string
  /** Hash that is equal for the very same thing sent again: that is counted, not stored twice. */
  readonly fingerprint: Uint8Array
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly body: Uint8Array
  readonly seenMs: number
}

/** Evidence as it is kept, newest last. */
export interface StoredEvidence {
  readonly id: number
  readonly agent: string
  readonly code: string
  readonly message: string
  readonly address: string
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly seen: number
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly bodyBytes: number
}

/** How much evidence is kept: the first pieces of each agent, since those tell how it began. */
export const evidenceCaps = { piecesPerAgent: 100, pieces: 2_000 } as const

/** Evidence of what was refused, capped so that nobody can fill the disk with it. */
export class EvidenceTable {
  readonly #countAgain
  readonly #insert
  readonly #countPieces
  readonly #list

  constructor(db: Database) {
    this.#countAgain = db.prepare<[number, string, string, Uint8Array]>(
      `UPDATE evidence SET seen = seen + 1, last_seen_ms = ? WHERE agent = ? AND code = ? AND fingerprint = ?`,
    )
    this.#insert = db.prepare<
      [string, string, Uint8Array, string, string, Uint8Array, Uint8Array, Uint8Array, number, number]
    >(
      `INSERT INTO evidence
         (agent, code, fingerprint, message, address, header, signature, body, first_seen_ms, last_seen_ms, seen)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    )
    this.#countPieces = db.prepare<[string], { ofAgent: number; all: number }>(
      'SELECT count(*) FILTER (WHERE agent = ?) AS ofAgent, count(*) AS "all" FROM evidence',
    )
    this.#list = db.prepare<[number], StoredEvidence>(
      `SELECT id, agent, code, message, address, first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs, seen,
              header, signature, length(body) AS bodyBytes
       FROM evidence ORDER BY id DESC LIMIT ?`,
    )
  }

  /** Keeps a piece, inside the caller's transaction. Returns false when the caps are reached and it is not kept. */
  keep(row: EvidenceRow): boolean {
    if (this.#countAgain.run(row.seenMs, row.agent, row.code, row.fingerprint).changes > 0) return true
    const count = this.#countPieces.get(row.agent)
    if (count !== undefined && (count.ofAgent >= evidenceCaps.piecesPerAgent || count.all >= evidenceCaps.pieces)) {
      return false
    }
    this.#insert.run(
      row.agent,
      row.code,
      row.fingerprint,
      row.message,
      row.address,
      row.header,
      row.signature,
      row.body,
      row.seenMs,
      row.seenMs,
    )
    return true
  }

  /** The newest pieces, oldest first. */
  list(limit: number): readonly StoredEvidence[] {
    return this.#list.all(limit).toReversed()
  }

  count(): number {
    return this.#countPieces.get('')?.all ?? 0
  }
}
