import type { LoggedTruncation, LoggedWrite, LogRecord } from './undo-log.ts'

/** A change that was not synchronised when the power went. */
export type UnsyncedChange = LoggedWrite | LoggedTruncation

/**
 * What becomes of an unsynchronised change: it reached the disk, it did not, or it was torn: only its bytes before this
 * offset of the file did (a multiple of the sector size; disks write sectors whole).
 */
export type Fate = 'kept' | 'dropped' | { readonly tornAt: number }

/** What disks write whole. */
export const sectorBytes = 512

/**
 * The file as a power cut leaves it. `current` is what its process last saw; `lost` are the changes whose fsync failed
 * (the system forgot that they were never written), with what was written durably over them; `unsynced` is what came
 * since the last fsync. Keeping a change without one before it is what a disk does that reorders its writes.
 */
export function imageAfterPowerCut(
  current: Uint8Array,
  lost: readonly LogRecord[],
  unsynced: readonly UnsyncedChange[],
  fateOf: (change: UnsyncedChange, index: number) => Fate,
): Uint8Array {
  const image = new FileImage(current)
  for (const change of unsynced.toReversed()) {
    image.resize(change.sizeBefore)
    image.write(change.kind === 'write' ? change.offset : change.size, change.replaced)
  }
  revertLost(image, lost)
  for (const [index, change] of unsynced.entries()) {
    const fate = fateOf(change, index)
    if (fate === 'dropped') continue
    if (change.kind === 'truncation') image.resize(change.size)
    else if (fate === 'kept') image.write(change.offset, change.bytes)
    else image.write(change.offset, change.bytes.subarray(0, Math.max(0, fate.tornAt - change.offset)))
  }
  return image.contents()
}

/** Bytes of lost writes turn back into what stood there before, but for those written durably since; sizes stay. */
function revertLost(image: FileImage, lost: readonly LogRecord[]): void {
  if (lost.length === 0) return
  const covered = new Uint8Array(image.size)
  for (const record of lost.toReversed()) {
    if (record.kind === 'cover') covered.fill(1, record.offset, record.offset + record.length)
    if (record.kind !== 'write') continue
    const end = Math.min(record.offset + record.bytes.length, image.size)
    for (let at = record.offset; at < end; at += 1) {
      if (covered[at] === 0) image.write(at, Uint8Array.of(record.replaced[at - record.offset] ?? 0))
    }
  }
}

/** The bytes of a file in memory, written and resized as a file is: what is new and was never written is zero. */
class FileImage {
  #bytes: Uint8Array
  size: number

  constructor(contents: Uint8Array) {
    this.#bytes = contents.slice()
    this.size = contents.length
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    if (offset + bytes.length > this.size) this.resize(offset + bytes.length)
    this.#bytes.set(bytes, offset)
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(2 * size)
      larger.set(this.#bytes.subarray(0, this.size))
      this.#bytes = larger
    }
    // What was cut off must not come back when the file grows again.
    else if (size < this.size) this.#bytes.fill(0, size, this.size)
    this.size = size
  }

  contents(): Uint8Array {
    return this.#bytes.subarray(0, this.size)
  }
}
