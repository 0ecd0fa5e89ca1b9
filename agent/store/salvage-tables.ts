import type { PageFile } from './salvage-pages.ts'
import type { StoredValue } from './salvage-record.ts'
import { pageKinds, readRow, readTreePage, walkTree, type RowPlace } from './salvage-tree.ts'

/**
 * The columns of each table, newest version of the file: `k` its row number, `i` integer, `t` text, `b` bytes, capitals
 * where null is allowed. `least`: how many of them the oldest version wrote.
 */
const shapes = {
  chain: { columns: 'kttiibiibII', least: 10 },
  chunk: { columns: 'kiibbI', least: 5 },
  batch: { columns: 'kiiiiibbbbbI', least: 11 },
  settled_batch: { columns: 'kiiIiI', least: 5 },
  salvaged_chunk: { columns: 'kiibbi', least: 6 },
  suspense: { columns: 'kbttttTiiiibTTTTTITI', least: 12 },
  suspense_closed: { columns: 'kbtttttTTTiiiiBiiiTTI', least: 20 },
  sparkplug_birth: { columns: 'ttttitI', least: 6 },
  snapshot: { columns: 'kbbi', least: 4 },
  snapshot_part: { columns: 'kbb', least: 3 },
  subject: { columns: 'ktbti', least: 5 },
  counter: { columns: 'kiiiiiiiI', least: 8 },
  log_head: { columns: 'kiiIBTI', least: 7 },
  log_evidence: { columns: 'kittIIBTitib', least: 12 },
  recovery: { columns: 'kitTti', least: 6 },
  key_block: { columns: 'kib', least: 3 },
  key_run: { columns: 'kiiiii', least: 6 },
  key_bucket: { columns: 'kb', least: 2 },
  key_filter: { columns: 'kb', least: 2 },
} as const

export type JournalTable = keyof typeof shapes

/** Something of a file that cannot be read, by its page; page 0 is the write-ahead log. */
export interface BrokenPage {
  readonly page: number
  readonly why: string
}

/** Lost pages of one page's kind can be very many: those beyond are counted together. */
const mostBroken = 10_000

/**
 * The rows of a journal, found without SQLite: by walking every table from its root, and where that fails by looking at
 * each page that belongs to no table. A broken page costs the rows on it and no others.
 */
export class SalvagedTables {
  readonly broken: readonly BrokenPage[]
  readonly #pages: PageFile
  readonly #places = new Map<JournalTable, Map<number, RowPlace>>()
  readonly #keyless = new Map<JournalTable, RowPlace[]>()
  readonly #broken: BrokenPage[] = []
  readonly #visited: Uint8Array

  constructor(pages: PageFile) {
    this.#pages = pages
    this.#visited = new Uint8Array(pages.pageCount + 1)
    if (pages.lostFrames > 0) {
      this.#note({ page: 0, why: `${pages.lostFrames} pages in the write-ahead log are as they were before` })
    }
    this.#walkAll()
    this.#findStrays()
    this.broken = this.#broken
  }

  /** The numbers of the rows of a table, ascending. */
  rowids(table: JournalTable): number[] {
    return [...(this.#places.get(table)?.keys() ?? [])].toSorted((left, right) => left - right)
  }

  /** One row, its own number in the place of its first column; text: why it cannot be read. Undefined: there is none. */
  row(table: JournalTable, rowid: number): StoredValue[] | string | undefined {
    const place = this.#places.get(table)?.get(rowid)
    return place === undefined ? undefined : this.#read(table, place)
  }

  /** The rows of a table, those of a table without row numbers too; text: why one cannot be read. */
  *rows(table: JournalTable): Generator<{ readonly rowid: number; readonly values: StoredValue[] | string }> {
    for (const place of this.#keyless.get(table) ?? []) yield { rowid: 0, values: this.#read(table, place) }
    for (const rowid of this.rowids(table)) {
      const values = this.row(table, rowid)
      if (values !== undefined) yield { rowid, values }
    }
  }

  #read(table: JournalTable, place: RowPlace): StoredValue[] | string {
    const values = readRow(this.#pages, place)
    if (typeof values === 'string') return `${values} (page ${place.page})`
    if (!fitsShape(table, values)) return `its columns are not those of a row of ${table} (page ${place.page})`
    const { columns } = shapes[table]
    while (values.length < columns.length) values.push(null)
    if (columns.startsWith('k')) values[0] = place.rowid
    return values
  }

  #walkAll(): void {
    const onPage = (page: number): void => {
      this.#visited[page] = 1
    }
    const schema = walkTree(this.#pages, 1, onPage)
    for (const { page, why } of schema.broken) this.#note({ page, why: `of the schema: ${why}` })
    for (const place of schema.rows) {
      const entry = readRow(this.#pages, place)
      const [kind, name, , root] = typeof entry === 'string' ? [] : entry
      if (typeof kind !== 'string' || typeof name !== 'string' || typeof root !== 'number') {
        this.#note({ page: place.page, why: `entry ${place.rowid} of the schema cannot be read` })
        continue
      }
      // Indexes are made anew, and tables that are not named above can be done without.
      if (kind !== 'table') continue
      const tree = walkTree(this.#pages, root, onPage)
      if (!isJournalTable(name)) continue
      for (const { page, why } of tree.broken) this.#note({ page, why: `of ${name}: ${why}` })
      for (const row of tree.rows) this.#take(name, row)
    }
  }

  /** Leaves that no walk came to: their parents are broken. What was deleted lies on free pages and stays there. */
  #findStrays(): void {
    const free = this.#pages.freePages()
    for (let number = 2; number <= this.#pages.pageCount; number++) {
      if (this.#visited[number] === 1 || free.has(number)) continue
      const kind = this.#pages.page(number)?.[0]
      if (kind !== pageKinds.tableLeaf && kind !== pageKinds.indexLeaf) continue
      for (const place of readTreePage(this.#pages, number).rows) this.#takeStray(place, kind)
    }
  }

  #takeStray(place: RowPlace, kind: number): void {
    const values = readRow(this.#pages, place)
    if (typeof values === 'string') {
      if (kind === pageKinds.tableLeaf) this.#note({ page: place.page, why: `row ${place.rowid}: ${values}` })
      return
    }
    const names = Object.keys(shapes).filter(isJournalTable)
    const fitting = names.find((name) => hasKeys(name) === (kind === pageKinds.tableLeaf) && fitsShape(name, values))
    if (fitting !== undefined) this.#take(fitting, place)
  }

  #take(table: JournalTable, place: RowPlace): void {
    if (!hasKeys(table)) {
      const rows = this.#keyless.get(table) ?? []
      rows.push(place)
      this.#keyless.set(table, rows)
      return
    }
    const rows = this.#places.get(table) ?? new Map<number, RowPlace>()
    // A page that is reached by its tree counts for more than a stray one with an older copy of the same row.
    if (!rows.has(place.rowid)) rows.set(place.rowid, place)
    this.#places.set(table, rows)
  }

  #note(broken: BrokenPage): void {
    if (this.#broken.length < mostBroken) this.#broken.push(broken)
    else if (this.#broken.length === mostBroken)
      this.#broken.push({ page: broken.page, why: 'this page and further ones cannot be read either' })
  }
}

function isJournalTable(name: string): name is JournalTable {
  return Object.hasOwn(shapes, name)
}

function hasKeys(table: JournalTable): boolean {
  return shapes[table].columns.startsWith('k')
}

function fitsShape(table: JournalTable, values: readonly StoredValue[]): boolean {
  const { columns, least } = shapes[table]
  if (values.length < least || values.length > columns.length) return false
  return values.every((value, index) => fitsColumn(columns[index] ?? '', value))
}

function fitsColumn(column: string, value: StoredValue): boolean {
  if (value === null) return column === 'k' || column !== column.toLowerCase()
  switch (column.toLowerCase()) {
    case 'i':
      return typeof value === 'number'
    case 't':
      return typeof value === 'string'
    case 'b':
      return typeof value === 'object'
    default:
      return false
  }
}
