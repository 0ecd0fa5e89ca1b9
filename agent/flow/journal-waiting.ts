import { failed, ok, type Result } from '@meterline/shared/base/errors.ts'
import type { TakeBackOutcome } from '../domain/uplink-types.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import type { GroupReply, JournalReply, StoredBatch, StoreFault } from './journal-port.ts'
import type { DiscardedRow, ReplayPage } from './suspense-port.ts'

/** Who waits for the reply to a request that was posted to the journal. */
export type Waiting =
  | { readonly kind: 'group'; readonly done: (reply: GroupReply) => void }
  | { readonly kind: 'tend' }
  | { readonly kind: 'load'; readonly done: (batches: readonly StoredBatch[]) => void }
  | { readonly kind: 'snapshot'; readonly done: (fault: StoreFault | null) => void }
  | { readonly kind: 'keep-parts'; readonly done: (fault: StoreFault | null) => void }
  | { readonly kind: 'load-parts'; readonly done: (parts: readonly StoredPart[]) => void }
  | { readonly kind: 'wanted-subjects'; readonly done: (subjects: readonly string[]) => void }
  | { readonly kind: 'learn-subjects'; readonly done: (fault: StoreFault | null) => void }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'evidence'; readonly done: (fault: StoreFault | null) => void }
  | { readonly kind: 'take-back'; readonly done: (outcome: Result<TakeBackOutcome, StoreFault>) => void }
  | { readonly kind: 'replay'; readonly done: (page: Result<ReplayPage, StoreFault>) => void }
  | { readonly kind: 'discard'; readonly done: (rows: Result<readonly DiscardedRow[], StoreFault>) => void }

/** Hands the reply to the one who waits for it. Requests are answered in the order they were posted. */
export function answer(waiting: Waiting, reply: JournalReply): void {
  if (waiting.kind === 'group' && reply.kind === 'group') waiting.done(reply)
  else if (waiting.kind === 'load' && reply.kind === 'load') waiting.done(reply.batches)
  else if (waiting.kind === 'snapshot' && reply.kind === 'snapshot') waiting.done(reply.fault)
  else if (waiting.kind === 'keep-parts' && reply.kind === 'keep-parts') waiting.done(reply.fault)
  else if (waiting.kind === 'load-parts' && reply.kind === 'load-parts') waiting.done(reply.parts)
  else if (waiting.kind === 'wanted-subjects' && reply.kind === 'wanted-subjects') waiting.done(reply.subjects)
  else if (waiting.kind === 'learn-subjects' && reply.kind === 'learn-subjects') waiting.done(reply.fault)
  else if (waiting.kind === 'evidence' && reply.kind === 'evidence') waiting.done(reply.fault)
  else if (waiting.kind === 'take-back' && reply.kind === 'take-back')
    waiting.done(reply.fault === null ? ok(reply.outcome) : failed(reply.fault))
  else if (waiting.kind === 'replay' && reply.kind === 'replay')
    waiting.done(reply.fault === null ? ok(reply.page) : failed(reply.fault))
  else if (waiting.kind === 'discard' && reply.kind === 'discard')
    waiting.done(reply.fault === null ? ok(reply.rows) : failed(reply.fault))
  else if (waiting.kind !== reply.kind) throw new Error(`the journal answered ${reply.kind} to ${waiting.kind}`)
}
