import type { Database } from './open.ts'
import { writerThrough } from './simulated-disk.ts'

/** The way every commit of a file goes: prepared once, one transaction after the other. */
export class Transactions {
  readonly #db: Database
  readonly #begin: () => void
  readonly #commit: () => void
  readonly #rollback: () => void

  constructor(db: Database) {
    this.#db = db
    const begin = db.prepare('BEGIN IMMEDIATE')
    const commit = db.prepare('COMMIT')
    const rollback = db.prepare('ROLLBACK')
    this.#begin = () => void begin.run()
    this.#commit = writerThrough(db, 'commit', () => void commit.run())
    this.#rollback = () => void rollback.run()
  }

  /**
   * Runs `work` in one transaction and returns once it is on the disk. When `work` or the commit throws, the error comes
   * out, and nothing of it is seen through this connection. After an error of synchronising only the disk knows whether
   * it is there: close the connection, open the file anew (`emptyLog`) and believe what is found then.
   */
  run(work: () => void): void {
    this.#begin()
    try {
      work()
      this.#commit()
    } catch (error) {
      // Some errors make SQLite roll back by itself.
      if (this.#db.inTransaction) this.#rollback()
      throw error
    }
  }
}
