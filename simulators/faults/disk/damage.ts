import type { Random } from '@meterline/shared/base/random.ts'
import type { FileImage } from './file-image.ts'
import { settledLogBytes } from './log-frames.ts'

const pageBytes = 4096

/** A file that somebody, or time, has changed behind everybody's back. */
export interface DamagedImage {
  readonly image: FileImage
  /** What was done to it. */
  readonly what: string
}

/**
 * Damages a file at rest: mostly one bit, sometimes a page that comes back as zeros, seldom an end that is missing. Of a
 * log only what lies before its last transaction: nothing can tell a damaged end from one that a power cut tore off.
 */
export function damagedImage(random: Random, image: FileImage): DamagedImage {
  const logBytes = settledLogBytes(image.log)
  if (logBytes > 0 && random.below(4) === 0) {
    const offset = random.below(logBytes)
    return {
      image: { ...image, log: flipped(image.log, offset, random.below(8)) },
      what: `a bit of the log at ${offset}`,
    }
  }
  const { database } = image
  const offset = random.below(Math.max(1, database.length))
  const page = Math.floor(offset / pageBytes)
  const kind = random.below(10)
  if (kind < 7)
    return {
      image: { ...image, database: flipped(database, offset, random.below(8)) },
      what: `a bit at ${offset}, on page ${page + 1}`,
    }
  if (kind < 9) {
    const zeroed = Buffer.from(database)
    zeroed.fill(0, page * pageBytes, (page + 1) * pageBytes)
    return { image: { ...image, database: zeroed }, what: `page ${page + 1} is zeros` }
  }
  return { image: { ...image, database: Buffer.from(database.subarray(0, offset)) }, what: `it ends at ${offset}` }
}

function flipped(bytes: Buffer, offset: number, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[offset] = (changed[offset] ?? 0) ^ (1 << bit)
  return changed
}
