import type { Database } from '@meterline/shared/sqlite/open.ts'

/** What is counted over a tenant's whole life. */
export const totalNames = [
  'batches',
  'units',
  'records',
  'duplicates',
  'conflicts',
  'suspended',
  'released',
  'discarded',
  'voided',
  'evidenceNotKept',
] as const
export type TotalName = (typeof totalNames)[number]
export type Totals = Readonly<Record<TotalName, number>>

/** How much each total grows by. */
export type Counted = Partial<Totals>

/** Running totals, so that a status needs no scan. */
export class TotalTable {
  readonly #add
  readonly #list

  constructor(db: Database) {
    this.#add = db.prepare<[string, number]>(
      'INSERT INTO total (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value',
    )
    this.#list = db.prepare<[], { name: string; value: number }>('SELECT name, value FROM total')
  }

  /** Adds to the totals, inside the caller's transaction. */
  add(counted: Counted): void {
    for (const name of totalNames) {
      const count = counted[name] ?? 0
      if (count !== 0) this.#add.run(name, count)
    }
  }

  all(): Totals {
    const stored = new Map(this.#list.all().map((row) => [row.name, row.value]))
    const entries = totalNames.map((name) => [name, stored.get(name) ?? 0] as const)
    return Object.fromEntries(entries) as Totals
  }
}
