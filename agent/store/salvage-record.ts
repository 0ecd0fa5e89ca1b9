import { journalPageBytes, type PageFile } from './salvage-pages.ts'

/** A column as SQLite stores it. Integers beyond 2^53 do not occur in a journal and are read as null. */
export type StoredValue = null | number | string | Buffer

/** Where the payload of a cell lies: the part on its page, and the first of its overflow pages (0: none). */
export interface Payload {
  readonly bytes: number
  readonly localFrom: number
  readonly localBytes: number
  readonly overflow: number
}

const usable = journalPageBytes
const overflowBytes = usable - 4

/** The most of a payload that stays on a leaf of a table, and on any page of an index (fileformat2.html, section 1.6). */
export const mostLocal = { table: usable - 35, index: Math.floor(((usable - 12) * 64) / 255) - 23 } as const
const leastLocal = Math.floor(((usable - 12) * 32) / 255) - 23

/** A variable-length integer and where it ends; null when it is longer than what fits into a double exactly. */
export function readVarint(page: Buffer, at: number): readonly [value: number, end: number] | null {
  let value = 0
  for (let index = 0; index < 8; index++) {
    const byte = page[at + index]
    if (byte === undefined) return null
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return Number.isSafeInteger(value) ? [value, at + index + 1] : null
  }
  return null
}

/** Where a payload of so many bytes that begins at `from` lies; null when it does not fit onto its page. */
export function payloadAt(page: Buffer, from: number, bytes: number, most: number): Payload | null {
  const wanted = leastLocal + ((bytes - leastLocal) % overflowBytes)
  const localBytes = bytes <= most ? bytes : wanted <= most ? wanted : leastLocal
  const spills = localBytes < bytes
  if (from + localBytes + (spills ? 4 : 0) > page.length) return null
  return { bytes, localFrom: from, localBytes, overflow: spills ? page.readUInt32BE(from + localBytes) : 0 }
}

/** Gathers a payload from its page and its overflow pages, which are told to `onPage`. Text: why it cannot be read. */
export function readPayload(
  pages: PageFile,
  page: Buffer,
  payload: Payload,
  onPage: (number: number) => void,
): Buffer | string {
  if (payload.bytes > pages.pageCount * usable) return 'it says it is longer than the file'
  const whole = Buffer.alloc(payload.bytes)
  let filled = page.copy(whole, 0, payload.localFrom, payload.localFrom + payload.localBytes)
  let next = payload.overflow
  while (filled < whole.length) {
    const part = pages.page(next)
    if (part === null) return `its overflow page ${next} is not there`
    onPage(next)
    filled += part.copy(whole, filled, 4, 4 + Math.min(overflowBytes, whole.length - filled))
    next = part.readUInt32BE(0)
  }
  return next === 0 || payload.overflow === 0 ? whole : 'its overflow pages go on after its end'
}

/** The columns of a record (fileformat2.html, section 2.1); null when its header and its bytes do not fit each other. */
export function readRecord(record: Buffer): StoredValue[] | null {
  const head = readVarint(record, 0)
  if (head === null || head[0] > record.length) return null
  const [headEnd] = head
  const values: StoredValue[] = []
  let typeAt = head[1]
  let at = headEnd
  while (typeAt < headEnd) {
    const type = readVarint(record, typeAt)
    if (type === null || type[1] > headEnd) return null
    const bytes = bytesOfType(type[0])
    if (bytes === null || at + bytes > record.length) return null
    values.push(readValue(record, at, type[0], bytes))
    typeAt = type[1]
    at += bytes
  }
  return at === record.length ? values : null
}

const bytesOfIntegers = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function bytesOfType(type: number): number | null {
  if (type < 10) return bytesOfIntegers[type] ?? null
  return type < 12 ? null : Math.floor((type - 12) / 2)
}

function readValue(record: Buffer, at: number, type: number, bytes: number): StoredValue {
  if (type === 0 || type === 7) return null
  if (type === 8 || type === 9) return type - 8
  if (type === 6) {
    const value = record.readBigInt64BE(at)
    return BigInt.asIntN(54, value) === value ? Number(value) : null
  }
  if (type < 6) return record.readIntBE(at, bytes)
  const content = record.subarray(at, at + bytes)
  if (type % 2 === 0) return content
  const text = content.toString('utf8')
  return Buffer.byteLength(text, 'utf8') === bytes && !text.includes('\ufffd') ? text : null
}
