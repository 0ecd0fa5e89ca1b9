import { existsSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { renameDurably, synchronise } from '@meterline/shared/sqlite/synchronise.ts'

/** Where a recovered journal lies once it is whole, until it has taken its place. */
export function recoveredFile(file: string): string {
  return `${file}.recovered`
}

/** Where a recovered journal is being written. Left behind by a crash, it is worth nothing. */
export function unfinishedFile(file: string): string {
  return `${file}.recovering`
}

/** A name beside the journal that nothing has yet: `journal.damaged-<epoch>-<n>.db`. */
export function asideFile(file: string, epoch: number | null): string {
  const name = basename(file).replace(/\.db$/, '')
  for (let number = 1; ; number++) {
    const aside = join(dirname(file), `${name}.damaged-${epoch ?? 'unknown'}-${number}.db`)
    if (!existsSync(aside) && !existsSync(`${aside}-wal`)) return aside
  }
}

/** Says that the new journal is whole and closed: from here on it takes the place of the old one, also after a crash. */
export function declareRecovered(file: string): void {
  renameDurably(unfinishedFile(file), recoveredFile(file))
  finishReplacement(file)
}

/**
 * Puts a recovered journal in its place, if there is one. The old journal's log leaves before the old journal, and the new
 * one comes last: an old log beside a new file would be read into it. Every step can be done again after a crash; where
 * the old journal goes to is written in the new one.
 */
export function finishReplacement(file: string): void {
  const recovered = recoveredFile(file)
  if (!existsSync(recovered)) return
  const name = movedTo(recovered)
  if (name !== null) {
    const aside = join(dirname(file), name)
    for (const suffix of ['-wal', '']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
    }
  }
  rmSync(`${file}-wal`, { force: true })
  rmSync(`${file}-shm`, { force: true })
  synchronise(dirname(file))
  renameDurably(recovered, file)
}

/** Throws away what a crash in the middle of a recovery left of the new journal. */
export function removeUnfinished(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(unfinishedFile(file) + suffix, { force: true })
}

function movedTo(recovered: string): string | null {
  const db = openDatabase({ file: recovered })
  try {
    const row = db
      .prepare<[], { movedTo: string | null }>('SELECT moved_to AS movedTo FROM recovery ORDER BY id DESC LIMIT 1')
      .get()
    return row?.movedTo ?? null
  } finally {
    db.close()
  }
}
