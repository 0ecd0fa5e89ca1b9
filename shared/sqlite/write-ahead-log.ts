import { readSync } from 'node:fs'
import { bitsThatExplain, differingBits, flipBit, logSum, type LogSum } from './log-checksum.ts'

/** What a write-ahead log holds, as far as it is committed. */
export interface LogContents {
  /** The newest committed content of each page in the log. */
  readonly pages: ReadonlyMap<number, Buffer | number>
  /** Pages of the database after the last commit; null when the log holds none. */
  readonly pageCount: number | null
  /** What no crash leaves behind, in words, or null. */
  readonly damage: string | null
  /** Frames of that damage that could not be put right again. */
  readonly lostFrames: number
}

const headerBytes = 32
const frameHeaderBytes = 24
const headerSumBytes = 24
const frameSumBytes = 8
/** With the last bit set, checksums read words in big-endian order; SQLite writes the machine's own order. */
const magic = 0x377f0682

/**
 * Reads a write-ahead log (sqlite.org/fileformat2.html, section 4) without SQLite, which takes a frame whose checksum is
 * wrong for the end of the log and drops everything after it without a word. That is right for a log torn by a power
 * cut, where nothing behind the tear was ever synchronised. It is damage when one flipped bit explains the checksum, or
 * when two further transactions follow: the second began after the first was on the disk. `pageBytes` is the page size
 * that the log must have. Frames behind the damage are read all the same.
 */
export function readLog(fd: number, logBytes: number, pageBytes: number): LogContents {
  const reader = new LogReader(fd, logBytes, pageBytes)
  return reader.read()
}

class LogReader {
  readonly #fd: number
  readonly #frames: number
  readonly #pageBytes: number
  readonly #pages = new Map<number, Buffer | number>()
  readonly #frame: Buffer
  #pending: [number, Buffer | number][] = []
  #pageCount: number | null = null
  #damage: string | null = null
  #lostFrames = 0

  constructor(fd: number, logBytes: number, pageBytes: number) {
    this.#fd = fd
    this.#pageBytes = pageBytes
    this.#frames = Math.max(0, Math.floor((logBytes - headerBytes) / (frameHeaderBytes + pageBytes)))
    this.#frame = Buffer.alloc(frameHeaderBytes + pageBytes)
  }

  read(): LogContents {
    if (this.#frames > 0) {
      const header = this.#header()
      if (header !== null) this.#readFrames(header)
    }
    return { pages: this.#pages, pageCount: this.#pageCount, damage: this.#damage, lostFrames: this.#lostFrames }
  }

  /** The header, with a flipped bit turned back; null when it is none: then SQLite takes nothing from this log either. */
  #header(): Buffer | null {
    const header = Buffer.alloc(headerBytes)
    readSync(this.#fd, header, 0, headerBytes, 0)
    if (this.#fitsHeader(header)) return header
    const repaired = turnedBack(header, (candidate) => this.#fitsHeader(candidate) && this.#startsFrames(candidate))
    if (repaired === null) return null
    this.#damage = 'a bit of its header is flipped'
    return repaired
  }

  #fitsHeader(header: Buffer): boolean {
    if (header.readUInt32BE(0) >>> 1 !== magic >>> 1 || header.readUInt32BE(8) !== this.#pageBytes) return false
    const sum = logSum(header.subarray(0, headerSumBytes), [0, 0], isBigEndian(header))
    return sum[0] === header.readUInt32BE(24) && sum[1] === header.readUInt32BE(28)
  }

  #startsFrames(header: Buffer): boolean {
    const frame = this.#readFrame(0)
    return fitsFrame(frame, storedSum(header, 24), header)
  }

  #readFrames(header: Buffer): void {
    let before = storedSum(header, 24)
    for (let index = 0; index < this.#frames; index++) {
      const frame = this.#readFrame(index)
      if (fitsFrame(frame, before, header)) {
        this.#take(frame, index, false)
        before = storedSum(frame, 16)
        continue
      }
      const repaired = repairedFrame(frame, before, header)
      if (repaired !== null) {
        this.#damage ??= `a bit of frame ${index + 1} of ${this.#frames} is flipped`
        this.#take(repaired, index, true)
        before = storedSum(repaired, 16)
        continue
      }
      // The sum that is stored in a frame lets the ones behind it be checked even when the frame itself is wrong.
      if (!this.#goesOnAfter(index, header)) return
      this.#damage ??= `frame ${index + 1} of ${this.#frames} is damaged, and later transactions follow it`
      this.#lostFrames += 1
      before = storedSum(frame, 16)
    }
  }

  /** Whether two whole transactions follow a frame that is wrong. */
  #goesOnAfter(index: number, header: Buffer): boolean {
    let before = storedSum(this.#readFrame(index), 16)
    let commits = 0
    for (let next = index + 1; next < this.#frames && commits < 2; next++) {
      const frame = this.#readFrame(next)
      if (saltBits(frame, header) !== 0) return false
      if (fitsFrame(frame, before, header) && frame.readUInt32BE(4) !== 0) commits += 1
      before = storedSum(frame, 16)
    }
    return commits === 2
  }

  #take(frame: Buffer, index: number, repaired: boolean): void {
    const page = frame.readUInt32BE(0)
    const at = headerBytes + index * this.#frame.length + frameHeaderBytes
    this.#pending.push([page, repaired ? Buffer.from(frame.subarray(frameHeaderBytes)) : at])
    const pageCount = frame.readUInt32BE(4)
    if (pageCount === 0) return
    for (const [number, content] of this.#pending) this.#pages.set(number, content)
    this.#pending = []
    this.#pageCount = pageCount
  }

  /** Valid until the next one is read. */
  #readFrame(index: number): Buffer {
    readSync(this.#fd, this.#frame, 0, this.#frame.length, headerBytes + index * this.#frame.length)
    return this.#frame
  }
}

function fitsFrame(frame: Buffer, before: LogSum, header: Buffer): boolean {
  if (frame.readUInt32BE(0) === 0 || saltBits(frame, header) !== 0) return false
  return sumBits(frameSum(frame, before, header), frame) === 0
}

function frameSum(frame: Buffer, before: LogSum, header: Buffer): LogSum {
  const head = logSum(frame.subarray(0, frameSumBytes), before, isBigEndian(header))
  return logSum(frame.subarray(frameHeaderBytes), head, isBigEndian(header))
}

/** A copy of a frame that one flipped bit explains, with that bit turned back if it can be told; null when none does. */
function repairedFrame(frame: Buffer, before: LogSum, header: Buffer): Buffer | null {
  const repaired = Buffer.from(frame)
  const found = frameSum(frame, before, header)
  const wanted = storedSum(frame, 16)
  const wrongSaltBits = saltBits(frame, header)
  const wrongSumBits = sumBits(found, frame)
  if (wrongSumBits === 0 && wrongSaltBits === 1) header.copy(repaired, 8, 16, 24)
  else if (wrongSaltBits !== 0) return null
  else if (wrongSumBits === 1) {
    repaired.writeUInt32BE(found[0], 16)
    repaired.writeUInt32BE(found[1], 20)
  } else {
    const bigEndian = isBigEndian(header)
    const head = repaired.subarray(0, frameSumBytes)
    const content = repaired.subarray(frameHeaderBytes)
    const inHead = bitsThatExplain(head, content.length, found, wanted, bigEndian)
    const inContent = bitsThatExplain(content, 0, found, wanted, bigEndian)
    const [place] = [...inHead, ...inContent]
    if (place === undefined) return null
    // One wrong bit does less harm than two: where it cannot be told which it is, the page stays as it was found.
    if (inHead.length + inContent.length > 1) return repaired
    flipBit(inHead.length === 1 ? head : content, place, bigEndian)
  }
  return fitsFrame(repaired, before, header) ? repaired : null
}

/** How many bits of a frame's salts are not those of the log. */
function saltBits(frame: Buffer, header: Buffer): number {
  return (
    differingBits(frame.readUInt32BE(8), header.readUInt32BE(16)) +
    differingBits(frame.readUInt32BE(12), header.readUInt32BE(20))
  )
}

/** How many bits of a frame's stored sums are not those found. */
function sumBits(found: LogSum, frame: Buffer): number {
  return differingBits(found[0], frame.readUInt32BE(16)) + differingBits(found[1], frame.readUInt32BE(20))
}

/** The header with the one bit turned back that makes it fit, as a copy; null when there is none. */
function turnedBack(bytes: Buffer, fits: (candidate: Buffer) => boolean): Buffer | null {
  const candidate = Buffer.from(bytes)
  for (let at = 0; at < candidate.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      candidate[at] = (candidate[at] ?? 0) ^ bit
      if (fits(candidate)) return candidate
      candidate[at] = (candidate[at] ?? 0) ^ bit
    }
  }
  return null
}

function storedSum(bytes: Buffer, at: number): LogSum {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
}

function isBigEndian(header: Buffer): boolean {
  return (header.readUInt32BE(0) & 1) === 1
}
