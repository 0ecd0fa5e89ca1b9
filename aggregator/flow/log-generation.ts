import type { Welcome } from '@meterline/shared/wire/messages.ts'

/** Which life of a tenant's log this is, and how it came about, as agents are told. */
export type LogGeneration = Pick<Welcome, 'generation' | 'restore'>

/** A restore from a backup that began a generation of the log. */
export interface RestoreSummary {
  readonly generation: number
  /** Entries of the generation before that were kept. */
  readonly size: number
  readonly by: string
  readonly reason: string
  readonly atMs: number
}
