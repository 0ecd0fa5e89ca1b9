import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** One line of a text file, without its line break. */
export interface TextLine {
  /** Counted from 1. */
  readonly number: number
  readonly bytes: Buffer
}

/** Far above any row of a trace; what is longer is no trace and would only fill the memory. */
const LONGEST_LINE_BYTES = 1024 * 1024
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * The lines of a file, one at a time, empty ones included. A file that begins with the two bytes of gzip (RFC 1952,
 * section 2.3.1) is unpacked on the way, whatever its name. Throws with file and line when a line is over 1 MiB, and
 * what the file system or the unpacking complains about.
 */
export async function* readTextLines(file: string): AsyncGenerator<TextLine> {
  let number = 0
  let begun: Buffer = Buffer.alloc(0)
  for await (const chunk of (await opened(file)) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const piece = chunk.subarray(start, end)
      number += 1
      yield { number, bytes: withoutReturn(begun.length === 0 ? piece : Buffer.concat([begun, piece])) }
      begun = Buffer.alloc(0)
      start = end + 1
    }
    if (start < chunk.length) begun = Buffer.concat([begun, chunk.subarray(start)])
    if (begun.length > LONGEST_LINE_BYTES) {
      throw new Error(`${file}:${number + 1}: the line is longer than ${LONGEST_LINE_BYTES} bytes`)
    }
  }
  if (begun.length > 0) yield { number: number + 1, bytes: withoutReturn(begun) }
}

/** How many lines a file has that are not empty, for progress. */
export async function countLines(file: string): Promise<number> {
  let lines = 0
  for await (const line of readTextLines(file)) if (line.bytes.length > 0) lines += 1
  return lines
}

async function opened(file: string): Promise<Readable> {
  const handle = await open(file)
  const magic = Buffer.alloc(2)
  try {
    await handle.read(magic, 0, 2, 0)
  } finally {
    await handle.close()
  }
  const bytes = createReadStream(file)
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return bytes
  // An error of either stream ends the second with it, and whoever iterates that one gets it thrown.
  return pipeline(bytes, createGunzip(), () => undefined)
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
}
