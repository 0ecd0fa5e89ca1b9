import type { Fault } from '@meterline/shared/base/errors.ts'
import type {
  HeldSnapshot,
  JournalAnswer,
  JournalOpening,
  JournalQuestion,
  JournalReply,
  JournalRequest,
} from '../flow/journal-port.ts'
import type { WriterSettings } from '../flow/writer.ts'

/** What the writer's thread starts with. */
export interface WriterStart {
  readonly settings: WriterSettings
  readonly signingKeyPem: string
}

/** From the flow to the writer's thread. The buffer of a group is transferred, not copied. */
export type ToWriter =
  | { readonly kind: 'request'; readonly request: JournalRequest }
  | { readonly kind: 'question'; readonly number: number; readonly question: JournalQuestion }
  | { readonly kind: 'close' }

/** From the writer's thread to the flow. The buffers of groups and the bodies of batches are transferred. */
export type FromWriter =
  | { readonly kind: 'opened'; readonly opening: JournalOpening; readonly held: HeldSnapshot }
  | { readonly kind: 'unusable'; readonly fault: Fault }
  | { readonly kind: 'reply'; readonly reply: JournalReply }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: JournalAnswer }
  | { readonly kind: 'failed'; readonly fault: Fault }
