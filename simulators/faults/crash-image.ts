import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Copies the files of a process as they are at this very moment, which is what a crash would leave: database files and
 * their write-ahead logs, with whatever part of a transaction has been written. The shared-memory index beside them is
 * left behind, because it does not survive a crash either. Everything runs in one thread, so nothing moves meanwhile.
 */
export function copyCrashImage(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const file of readdirSync(from, { withFileTypes: true })) {
    if (file.isFile() && !file.name.endsWith('-shm')) copyFileSync(join(from, file.name), join(to, file.name))
  }
}

/** Throws a folder away. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
