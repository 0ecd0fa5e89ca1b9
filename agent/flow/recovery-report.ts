/** What was carried over from one file. */
export interface SalvagedSource {
  readonly file: string
  /** The epoch its chain row tells, or null when that row cannot be read. */
  readonly epoch: number | null
  /** Rating units carried over, and the usage records in them. */
  readonly units: number
  readonly records: number
  /** Units left out because a unit of the same event was carried over from an earlier file. */
  readonly duplicates: number
  readonly suspended: number
  readonly keys: number
}

/** Something that could not be carried over. `which`: its number in the file, of a page its place. */
export interface LostPart {
  readonly file: string
  readonly what:
    | 'chunk'
    | 'batch'
    | 'suspense'
    | 'keys'
    | 'snapshot'
    | 'subject'
    | 'birth'
    | 'counter'
    | 'checkpoint'
    | 'recovery'
    | 'page'
  readonly which: string
  readonly why: string
}

/** What a recovery did, nothing left out. */
export interface RecoveryReport {
  /** Where the journal that was in the new one's place lies now, or null when there was none. */
  readonly movedTo: string | null
  readonly sources: readonly SalvagedSource[]
  readonly lost: readonly LostPart[]
}

/** Why a recovery was refused or given up. The files are then as they were. */
export type RecoverFaultCode =
  'recover_no_source' | 'recover_in_use' | 'recover_of_another' | 'recover_epoch' | 'recover_failed'
