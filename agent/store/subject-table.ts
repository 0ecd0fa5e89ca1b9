import type { Statement } from 'better-sqlite3'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SubjectTerms, ToldSubject } from '../domain/subject-book.ts'
import { rowSum } from './row-sums.ts'

interface SubjectRow {
  readonly subject: string
  readonly bindingsHash: Uint8Array
  /** JSON: `[plan, from, to or null]` for each binding. */
  readonly bindings: string
  readonly sum: number
}

/**
 * What the aggregator said of subjects, in the order it said so: one row a subject, replaced by the next. A row that is
 * not what was written is passed over: the subject is asked about again. The caller owns the transaction and the caps.
 */
export class SubjectTable {
  readonly #db: Database
  readonly #write: Statement<[string, Uint8Array, string, number]>
  readonly #remove: Statement<[string]>

  constructor(db: Database) {
    this.#db = db
    // Replaced, a row goes to the end: the first ones are of subjects that were told of longest ago.
    this.#write = db.prepare(
      'INSERT OR REPLACE INTO subject (subject, bindings_hash, bindings, sum) VALUES (?, ?, ?, ?)',
    )
    this.#remove = db.prepare('DELETE FROM subject WHERE subject = ?')
  }

  write({ subject, terms }: ToldSubject): void {
    const bindings = JSON.stringify(
      terms.bindings.map(({ plan, fromMs, toMs }) => [plan, fromMs, toMs === Infinity ? null : toMs]),
    )
    const hash = Buffer.from(terms.bindingsHash, 'hex')
    this.#write.run(subject, hash, bindings, rowSum([subject, hash, bindings]))
  }

  remove(subject: string): void {
    this.#remove.run(subject)
  }

  /** All of them, told longest ago first. */
  *all(): Generator<ToldSubject> {
    const rows = this.#db
      .prepare<[], SubjectRow>('SELECT subject, bindings_hash AS bindingsHash, bindings, sum FROM subject ORDER BY id')
      .iterate()
    // Neighbours mostly say the same, and are then read once.
    let last: { readonly bindings: string; readonly terms: SubjectTerms } | null = null
    for (const { subject, bindingsHash, bindings, sum } of rows) {
      if (sum !== rowSum([subject, bindingsHash, bindings])) continue
      const hash = Buffer.from(bindingsHash).toString('hex')
      if (last === null || last.bindings !== bindings || last.terms.bindingsHash !== hash)
        last = { bindings, terms: { bindingsHash: hash, bindings: readBindings(bindings) } }
      yield { subject, terms: last.terms }
    }
  }
}

function readBindings(text: string): SubjectTerms['bindings'] {
  const rows = JSON.parse(text) as readonly [string, number, number | null][]
  return rows.map(([plan, fromMs, toMs]) => ({ plan, fromMs, toMs: toMs ?? Infinity }))
}
