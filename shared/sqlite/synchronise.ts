import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'

/** Waits until what was written to a file, or which names a directory has, is on the disk. */
export function synchronise(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Gives a file another name, in place of whatever has it. The file's contents must be on the disk already. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  synchronise(dirname(to))
}
