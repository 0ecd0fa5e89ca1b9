/** A write that is not durable, with the bytes it replaced (fewer than it wrote where it went beyond the end). */
export interface LoggedWrite {
  readonly kind: 'write'
  readonly offset: number
  readonly replaced: Uint8Array
  readonly bytes: Uint8Array
  readonly sizeBefore: number
}

/** A change of a file's size that is not durable, with the bytes it cut off. */
export interface LoggedTruncation {
  readonly kind: 'truncation'
  readonly size: number
  readonly replaced: Uint8Array
  readonly sizeBefore: number
}

/** A range that was written durably after the records before it. */
export interface LoggedCover {
  readonly kind: 'cover'
  readonly offset: number
  readonly length: number
}

/** One record of what faulty-disk.h calls a log. */
export type LogRecord = LoggedWrite | LoggedTruncation | LoggedCover

const headBytes = 40

/**
 * Reads a log of the faulty disk, in the byte order of the machine. A record that is not complete at the end is left
 * out: the process was killed before it did what it was about to put on record.
 */
export function parseUndoLog(log: Uint8Array): readonly LogRecord[] {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength)
  const records: LogRecord[] = []
  let at = 0
  while (at + headBytes <= log.length) {
    const kind = view.getUint32(at, true)
    const end = at + headBytes + view.getUint32(at + 4, true)
    if (end > log.length) break
    const [offset, replacedBytes, length, sizeBefore] = [8, 16, 24, 32].map((field) =>
      Number(view.getBigUint64(at + field, true)),
    ) as [number, number, number, number]
    const replaced = log.subarray(at + headBytes, at + headBytes + replacedBytes)
    if (kind === 1) {
      const bytes = log.subarray(at + headBytes + replacedBytes, end)
      records.push({ kind: 'write', offset, replaced, bytes, sizeBefore })
    } else if (kind === 2) records.push({ kind: 'truncation', size: offset, replaced, sizeBefore })
    else if (kind === 3) records.push({ kind: 'cover', offset, length })
    else throw new Error(`the log of the faulty disk has a record of kind ${kind} at byte ${at}`)
    at = end
  }
  return records
}
