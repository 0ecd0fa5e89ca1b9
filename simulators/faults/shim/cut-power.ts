import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import { imageAfterPowerCut, sectorBytes, type Fate, type UnsyncedChange } from './power-cut-image.ts'
import { parseUndoLog, type LogRecord } from './undo-log.ts'

/** How much of what was not synchronised is lost: everything; some, in any order; or some, with one write torn. */
export type CutMix = 'everything' | 'some' | 'torn'

/** What a power cut did. */
export interface CutCounts {
  readonly dropped: number
  readonly kept: number
  readonly torn: number
  /** Writes lost because their fsync had failed before. */
  readonly lostBefore: number
  /** Names that were created, removed or changed and are again as they were. */
  readonly names: number
}

interface DiskFolders {
  readonly folder: string
  readonly stateFolder: string
}

/** Whether anything is on record that a power cut would put into question. */
export function hasUnsynced({ stateFolder }: DiskFolders): boolean {
  return readdirSync(stateFolder).some(
    (name) => name.endsWith('.unsynced') && statSync(join(stateFolder, name)).size > 0,
  )
}

/**
 * Makes of the files what a power cut leaves, and empties the record: what is there now is what is on the disk.
 * SQLite's shared-memory index goes with the memory it is.
 */
export function cutPower(disk: DiskFolders, mix: CutMix, random: Random): CutCounts {
  const { folder, stateFolder } = disk
  const counts = { dropped: 0, kept: 0, torn: 0, lostBefore: 0, names: 0 }
  for (const [inode, file] of filesByInode(disk)) {
    const unsynced = recordsOf(stateFolder, inode, 'unsynced').filter((record) => record.kind !== 'cover')
    const lost = recordsOf(stateFolder, inode, 'lost')
    if (unsynced.length + lost.length === 0) continue
    const fates = drawFates(unsynced, mix, random)
    writeFileSync(
      file,
      imageAfterPowerCut(readFileSync(file), lost, unsynced, (_change, at) => fates[at] ?? 'dropped'),
    )
    counts.lostBefore += lost.filter(({ kind }) => kind === 'write').length
    counts.dropped += fates.filter((fate) => fate === 'dropped').length
    counts.kept += fates.filter((fate) => fate === 'kept').length
    counts.torn += fates.filter((fate) => typeof fate === 'object').length
  }
  counts.names = revertNames(stateFolder, mix, random)
  for (const name of readdirSync(stateFolder)) if (name !== 'control') rmSync(join(stateFolder, name))
  for (const name of readdirSync(folder)) if (name.endsWith('-shm')) rmSync(join(folder, name))
  return counts
}

/** Every file that may have to be changed: those of the folder, and those removed whose removal is not durable. */
function filesByInode({ folder, stateFolder }: DiskFolders): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(stateFolder)) {
    if (name.endsWith('.kept')) files.set(basename(name, '.kept'), join(stateFolder, name))
  }
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name)
    if (entry.isFile()) files.set(String(statSync(file, { bigint: true }).ino), file)
  }
  return files
}

function recordsOf(stateFolder: string, inode: string, kind: 'unsynced' | 'lost'): readonly LogRecord[] {
  const log = join(stateFolder, `${inode}.${kind}`)
  return existsSync(log) ? parseUndoLog(readFileSync(log)) : []
}

function drawFates(changes: readonly UnsyncedChange[], mix: CutMix, random: Random): readonly Fate[] {
  if (mix === 'everything') return changes.map(() => 'dropped')
  const fates: Fate[] = changes.map(() => (random.below(2) === 0 ? 'kept' : 'dropped'))
  if (mix === 'some' || changes.length === 0) return fates
  const torn = random.below(changes.length)
  const change = changes[torn]
  if (change?.kind !== 'write') return fates
  const firstSector = Math.floor(change.offset / sectorBytes)
  const sectors = Math.ceil((change.offset + change.bytes.length) / sectorBytes) - firstSector
  // Within one sector nothing can be torn: then it is there or it is not.
  if (sectors > 1) fates[torn] = { tornAt: (firstSector + 1 + random.below(sectors - 1)) * sectorBytes }
  return fates
}

/**
 * Takes back changes of names that were not durable, the last first. File systems keep such changes in order, so what is
 * lost of them is always a last part; with 'everything' it is all of them.
 */
function revertNames(stateFolder: string, mix: CutMix, random: Random): number {
  const log = join(stateFolder, 'directory.log')
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
  const survive = mix === 'everything' ? 0 : random.below(lines.length + 1)
  for (const line of lines.slice(survive).toReversed()) revertName(stateFolder, line.split('\t'))
  return lines.length - survive
}

function revertName(stateFolder: string, [kind, file = '', ...rest]: readonly string[]): void {
  const kept = (inode = ''): string => join(stateFolder, `${inode}.kept`)
  if (kind === 'create') rmSync(file, { force: true })
  else if (kind === 'unlink') {
    // Killed before the call, the process left the file where it was.
    if (!existsSync(file)) renameSync(kept(rest[0]), file)
  } else if (kind === 'rename') {
    const [to = '', replaced = '0'] = rest
    if (existsSync(to) && !existsSync(file)) renameSync(to, file)
    if (replaced !== '0' && existsSync(kept(replaced))) renameSync(kept(replaced), to)
  } else throw new Error(`the faulty disk has a line about names that cannot be read: ${kind}`)
}
