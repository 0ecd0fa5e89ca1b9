import type { FileImage } from './file-image.ts'

/** Writes that SQLite makes without waiting in between: `from` is on the disk, of what differs in `to` any part may be. */
export interface WriteStage {
  readonly from: FileImage
  readonly to: FileImage
}

/** Magic number, format, page size, checkpoint number, two salts, two checksums: sqlite.org/fileformat2.html#walformat. */
const logHeaderBytes = 32
const saltOffset = 16

/**
 * Splits what one commit or checkpoint with `synchronous=FULL` wrote into the stages between its synchronisations, from
 * the images before and after it. What SQLite does (sqlite.org/wal.html and wal.c):
 *
 * 1. A commit that begins the log anew, because all of it has been checkpointed, writes the header with new salts over
 *    the old one and synchronises it before any frame. Without that the old header could meet new frames: recovery would
 *    take a part of the old log for the whole and put old pages over newer ones.
 * 2. It appends its frames, the last one marked as the commit, and synchronises. Only frames with the header's salts and
 *    an unbroken chain of checksums count, up to the last commit: so any part of these writes is as good as none of it,
 *    and all of it is the commit.
 * 3. A checkpoint, which a commit makes when the log has a thousand pages, writes pages into the database file while the
 *    log still holds all of them, and synchronises that file before anything of the log may be given up.
 * 4. Emptying the log, which only a checkpoint that was asked for does, comes last.
 */
export function writeStages(before: FileImage, after: FileImage): readonly WriteStage[] {
  const stages: WriteStage[] = []
  let disk = before
  const write = (to: FileImage): void => {
    if (!disk.database.equals(to.database) || !disk.log.equals(to.log)) stages.push({ from: disk, to })
    disk = to
  }
  const isEmptied = after.log.length === 0
  if (!isEmptied) {
    if (beginsAnew(before.log, after.log)) {
      const header = after.log.subarray(0, logHeaderBytes)
      write({ ...disk, log: Buffer.concat([header, before.log.subarray(logHeaderBytes)]) })
    }
    write({ ...disk, log: after.log })
  }
  write({ ...disk, database: after.database })
  write(after)
  return stages
}

/** Whether these two logs have different salts, so that no frame of one counts in the other. */
export function beginsAnew(before: Buffer, after: Buffer): boolean {
  return !saltsOf(before).equals(saltsOf(after))
}

function saltsOf(log: Buffer): Buffer {
  return log.subarray(saltOffset, saltOffset + 8)
}
