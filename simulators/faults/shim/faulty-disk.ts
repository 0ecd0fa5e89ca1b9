import { closeSync, mkdirSync, openSync, readSync, realpathSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import { cutPower, hasUnsynced, type CutCounts, type CutMix } from './cut-power.ts'

/** What the disk has done since it was made. */
export interface DiskCounts {
  readonly writes: number
  readonly syncs: number
  readonly failedSyncs: number
  /** Writes and new files that found no room. */
  readonly refusedWrites: number
}

// The layout of `struct control` in faulty-disk.h: eight numbers of 32 bits.
const fields = { syncsToFail: 0, full: 4, syncDelayMicros: 8, swallowSyncs: 12 } as const
const countsAt = 16
const controlBytes = 4096
const forEver = 0xffff_ffff

/**
 * One data folder of a real process as a disk that fails when it is told to. The process preloads the library and is
 * given `environmentOfDisks`; faults are switched while it runs, and after it was killed `cutPower` makes of its files
 * what a power cut would have left.
 */
export class FaultyDisk {
  readonly folder: string
  readonly stateFolder: string
  readonly #control: number

  /** `stateFolder` must be on the same file system as `folder`, and outside of it. Both are made when they are not there. */
  constructor(folder: string, stateFolder: string) {
    mkdirSync(folder, { recursive: true })
    mkdirSync(stateFolder, { recursive: true })
    // The library compares names as the system knows them.
    this.folder = realpathSync(folder)
    this.stateFolder = realpathSync(stateFolder)
    this.#control = openSync(join(this.stateFolder, 'control'), 'w+')
    writeSync(this.#control, Buffer.alloc(controlBytes))
  }

  /** From now on each fsync takes this much longer, before anything becomes durable. */
  delaySyncs(micros: number): void {
    this.#set('syncDelayMicros', micros)
  }

  /** So many fsyncs of files fail with EIO from now on; none: the disk is well again. */
  failSyncs(count: number | 'for ever'): void {
    this.#set('syncsToFail', count === 'for ever' ? forEver : count)
  }

  /** Whether there is no room: files cannot grow, new ones cannot be created, and what is there can be overwritten. */
  fill(full: boolean): void {
    this.#set('full', full ? 1 : 0)
  }

  /** Whether fsync says that it did what it did not do: what a program without fsync, or a lying disk, comes to. */
  swallowSyncs(swallow: boolean): void {
    this.#set('swallowSyncs', swallow ? 1 : 0)
  }

  counts(): DiskCounts {
    const [writes, syncs, failedSyncs, refusedWrites] = [0, 1, 2, 3].map((at) => this.#get(countsAt + 4 * at)) as [
      number,
      number,
      number,
      number,
    ]
    return { writes, syncs, failedSyncs, refusedWrites }
  }

  /** Whether anything written is not durable at this moment. */
  hasUnsynced(): boolean {
    return hasUnsynced(this)
  }

  /** The power goes. The process must be dead; faults that were switched on stay on. */
  cutPower(mix: CutMix, random: Random): CutCounts {
    return cutPower(this, mix, random)
  }

  close(): void {
    closeSync(this.#control)
  }

  #set(field: keyof typeof fields, value: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    writeSync(this.#control, bytes, 0, 4, fields[field])
  }

  #get(at: number): number {
    const bytes = Buffer.alloc(4)
    readSync(this.#control, bytes, 0, 4, at)
    return bytes.readUInt32LE()
  }
}

/** What a process is started with so that these folders are such disks for it. */
export function environmentOfDisks(library: string, disks: readonly FaultyDisk[]): Readonly<Record<string, string>> {
  const listed = disks.map(({ folder, stateFolder }) => `${folder}=${stateFolder}`).join(':')
  return { LD_PRELOAD: library, METERLINE_FAULTY_DISKS: listed }
}
