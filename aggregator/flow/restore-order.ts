import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { NumberGap } from '@meterline/shared/model/log-entry.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { SeriesNumber } from '../store/books-outline.ts'
import type { DocumentSummary } from './document-summary.ts'

export type { SeriesNumber } from '../store/books-outline.ts'

/** A tenant's books are to be what they were in a backup. */
export interface RestoreOrder {
  readonly dataDirectory: string
  readonly tenant: string
  /** The backup, as `backup` wrote it; its manifest lies beside it with the ending `.json`. */
  readonly backupFile: string
  /** Who restores it, and why: both go into the log and to every agent. */
  readonly by: string
  readonly reason: string
  /** The key that signed the books; it signs the declaration and the first checkpoint of the new generation. */
  readonly signingKey: SigningKey
  readonly nowMs: number
  /** Checks everything and tells what would happen, and changes nothing. */
  readonly dryRun?: boolean
  /**
   * The last numbers that were given to documents, as far as somebody knows (`entity` may be the series itself, as it is
   * named on documents): numbering goes on after them, and after those that the replaced file has. Without them a restore is refused when that file cannot tell ('numbers_unknown'); an
   * empty list says that no document was issued after the backup.
   */
  readonly lastNumbers?: readonly SeriesNumber[]
  /** The generation that begins is at least this one, where the replaced file cannot tell which there were. */
  readonly leastGeneration?: number
  /** Simulation only: the disk the books lie on; see `SimulatedDisk`. */
  readonly disk?: SimulatedDisk
}

/** What the replaced books had and the restored ones have not. */
export interface LostByRestore {
  readonly logEntries: number
  readonly batches: number
  readonly catalogues: number
  readonly documents: readonly DocumentSummary[]
  readonly closedPeriods: readonly string[]
  /** How many batches of each agent and epoch are not in the restored books: the agents send those again that they have. */
  readonly agents: readonly {
    readonly agent: string
    readonly epoch: number
    readonly restoredSeq: number
    readonly replacedSeq: number
  }[]
}

/** What a restore did, or in a dry run would do. */
export interface RestoreReport {
  readonly tenant: string
  /** false: this was a dry run. */
  readonly applied: boolean
  readonly generation: number
  /** Log entries that the backup has, and the root over them (hexadecimal). */
  readonly size: number
  readonly root: string
  readonly backupFile: string
  /** Where the replaced books are kept; null when there were none. */
  readonly replacedFile: string | null
  /** Why the replaced books could not be read; null when they could, or there were none. */
  readonly replacedUnreadable: string | null
  /** Null when that cannot be known: the replaced books cannot be read, or there were none. */
  readonly lost: LostByRestore | null
  /** Numbers that no document will have again; named in the log. */
  readonly numberGaps: readonly NumberGap[]
}

/** Why books were not restored. The files are then as they were. */
export type RestoreFaultCode =
  | 'manifest_unusable'
  | 'backup_unreadable'
  | 'backup_differs'
  | 'backup_of_another'
  | 'backup_has_problems'
  | 'numbers_unknown'
  | 'order_invalid'
  | 'restore_failed'
