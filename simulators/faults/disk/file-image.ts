import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * A SQLite file with its write-ahead log, as bytes. The shared-memory index beside them is no part of it: it does not
 * survive a crash, and SQLite builds it anew from the log.
 */
export interface FileImage {
  readonly database: Buffer
  /** Empty where there is no log. */
  readonly log: Buffer
}

/** Reads both files as they are at this moment; what is not there is empty. */
export function readFileImage(file: string): FileImage {
  return { database: bytesOf(file), log: bytesOf(`${file}-wal`) }
}

/** Puts an image where `file` was, without the index of the process that wrote it. */
export function writeFileImage(file: string, { database, log }: FileImage): void {
  writeFileSync(file, database)
  writeFileSync(`${file}-wal`, log)
  rmSync(`${file}-shm`, { force: true })
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
