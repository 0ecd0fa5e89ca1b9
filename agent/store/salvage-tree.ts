import { journalPageBytes, type PageFile } from './salvage-pages.ts'
import {
  mostLocal,
  payloadAt,
  readPayload,
  readRecord,
  readVarint,
  type Payload,
  type StoredValue,
} from './salvage-record.ts'

/** The four kinds of pages of a B-tree (fileformat2.html, section 1.6), by their first byte. */
export const pageKinds = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const

/** Where a row is: its page and the number of its cell there. The key of an index is no number; its `rowid` is 0. */
export interface RowPlace {
  readonly page: number
  readonly cell: number
  readonly rowid: number
}

/** Something of a tree that cannot be read, or cannot be right. */
export interface BrokenPlace {
  readonly page: number
  readonly why: string
}

/** What a walk through a tree found. */
export interface TreeRows {
  readonly rows: readonly RowPlace[]
  readonly broken: readonly BrokenPlace[]
}

interface Cell {
  readonly from: number
  readonly end: number
  readonly rowid: number
  readonly child: number
  readonly payload: Payload | null
}

const kinds: readonly number[] = Object.values(pageKinds)

/**
 * Walks a table or index from its root, page by page, and goes on behind whatever is broken. `onPage` is told each page
 * that belongs to it.
 */
export function walkTree(pages: PageFile, root: number, onPage: (number: number) => void): TreeRows {
  const rows: RowPlace[] = []
  const broken: BrokenPlace[] = []
  const seen = new Set<number>()
  const ahead = [root]
  for (let number = ahead.pop(); number !== undefined; number = ahead.pop()) {
    if (seen.has(number)) {
      broken.push({ page: number, why: 'it is named twice in its tree' })
      continue
    }
    seen.add(number)
    const read = readTreePage(pages, number)
    broken.push(...read.broken)
    if (read.kind === null) continue
    onPage(number)
    rows.push(...read.rows)
    // The last child first, so that rows come in their order.
    ahead.push(...read.children.toReversed())
  }
  return { rows, broken }
}

interface TreePage extends TreeRows {
  /** Null: it is no page of a tree. */
  readonly kind: number | null
  readonly children: readonly number[]
}

/** What one page of a tree holds. */
export function readTreePage(pages: PageFile, number: number): TreePage {
  const page = pages.page(number)
  const start = number === 1 ? 100 : 0
  const kind = page?.[start]
  if (page === null || kind === undefined || !kinds.includes(kind)) {
    const why = page === null ? 'it is not there' : 'it is no page of a table'
    return { kind: null, rows: [], children: [], broken: [{ page: number, why }] }
  }
  const hasRows = kind !== pageKinds.tableInterior
  const hasChildren = kind === pageKinds.tableInterior || kind === pageKinds.indexInterior
  const rows: RowPlace[] = []
  const children: number[] = []
  const broken: BrokenPlace[] = []
  const cellCount = page.readUInt16BE(start + 3)
  let cellBytes = 0
  for (let cell = 0; cell < cellCount; cell++) {
    const found = cellAt(page, start, kind, cell)
    if (found === null) {
      broken.push({ page: number, why: `its cell ${cell} cannot be read` })
      continue
    }
    cellBytes += Math.max(4, found.end - found.from)
    if (hasChildren) children.push(found.child)
    if (hasRows) rows.push({ page: number, cell, rowid: found.rowid })
  }
  if (hasChildren) children.push(page.readUInt32BE(start + 8))
  const wrongSpace = broken.length === 0 ? spaceFault(page, start, hasChildren ? 12 : 8, cellCount, cellBytes) : null
  if (wrongSpace !== null) broken.push({ page: number, why: wrongSpace })
  return { kind, rows, children, broken }
}

/** The columns of a row, or why they cannot be read. `onPage` is told the overflow pages. */
export function readRow(
  pages: PageFile,
  place: RowPlace,
  onPage: (number: number) => void = nobody,
): StoredValue[] | string {
  const shared = pages.page(place.page)
  if (shared === null) return 'its page is not there'
  // Reading overflow pages takes the place of the page in memory.
  const page = Buffer.from(shared)
  const start = place.page === 1 ? 100 : 0
  const cell = cellAt(page, start, page[start] ?? 0, place.cell)
  if (cell === null || cell.payload === null) return 'its cell cannot be read'
  const record = readPayload(pages, page, cell.payload, onPage)
  if (typeof record === 'string') return record
  return readRecord(record) ?? 'its columns do not fit its length'
}

function cellAt(page: Buffer, start: number, kind: number, index: number): Cell | null {
  const isInterior = kind === pageKinds.tableInterior || kind === pageKinds.indexInterior
  const pointerAt = start + (isInterior ? 12 : 8) + 2 * index
  if (pointerAt + 2 > page.length) return null
  const from = page.readUInt16BE(pointerAt)
  if (from < pointerAt + 2 || from + 4 > page.length) return null
  const child = isInterior ? page.readUInt32BE(from) : 0
  let at = isInterior ? from + 4 : from
  if (kind === pageKinds.tableInterior) {
    const key = readVarint(page, at)
    return key === null ? null : { from, end: key[1], rowid: key[0], child, payload: null }
  }
  const length = readVarint(page, at)
  if (length === null) return null
  at = length[1]
  let rowid = 0
  if (kind === pageKinds.tableLeaf) {
    const key = readVarint(page, at)
    if (key === null) return null
    ;[rowid, at] = key
  }
  const payload = payloadAt(page, at, length[0], kind === pageKinds.tableLeaf ? mostLocal.table : mostLocal.index)
  if (payload === null) return null
  const end = payload.localFrom + payload.localBytes + (payload.overflow === 0 ? 0 : 4)
  return { from, end, rowid, child, payload }
}

/**
 * Cells, free blocks, fragments and the gap before the cells fill a page exactly. When they do not, a number in the
 * page's head is wrong, and rows may be missing although all that are named can be read.
 */
function spaceFault(page: Buffer, start: number, headBytes: number, cells: number, cellBytes: number): string | null {
  const pointersEnd = start + headBytes + 2 * cells
  const contentStart = page.readUInt16BE(start + 5) || journalPageBytes
  let freeBytes = page[start + 7] ?? 0
  let block = page.readUInt16BE(start + 1)
  for (let blocks = 0; block !== 0; blocks++) {
    if (block + 4 > page.length || blocks > journalPageBytes / 4) return 'its list of free space leads nowhere'
    freeBytes += page.readUInt16BE(block + 2)
    block = page.readUInt16BE(block)
  }
  if (contentStart < pointersEnd) return 'its content begins inside its head'
  const used = pointersEnd + (contentStart - pointersEnd) + cellBytes + freeBytes
  return used === journalPageBytes ? null : `its space does not add up (${used} of ${journalPageBytes} bytes)`
}

function nobody(): void {
  // Whose pages these are is known already.
}
