import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { RestoreDeclaration } from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointFaultCode, LogTrust } from './checkpoint-trust.ts'

/** Where the journal's chain stands. Everything after `settledSeq` up to `sealedSeq` is in the outbox. */
export interface ChainPosition {
  readonly sealedSeq: number
  /** Hash of batch `sealedSeq`, 32 bytes; zeros before the first batch. */
  readonly sealedHash: Uint8Array
  /** Every batch up to here has left the outbox under its receipt. */
  readonly settledSeq: number
  readonly settledHash: Uint8Array
}

/** A batch of the outbox, as far as deciding about it needs to know it. */
export interface OutboxBatch {
  readonly seq: number
  readonly batchHash: Uint8Array
  /** Size of header, signature and body together. */
  readonly bytes: number
}

/** The aggregator's word that it holds a batch durably, at this index of the tenant's log. */
export interface BatchReceipt {
  readonly epoch: number
  readonly seq: number
  readonly batchHash: Uint8Array
  readonly logIndex: number
}

/** A batch that was sent in this session and has not left the window; `receipt` waits for those before it. */
export interface SentBatch extends OutboxBatch {
  readonly receipt: BatchReceipt | null
}

/** The states of the uplink; SPEC.md has the diagram and the reasons. */
export type UplinkState =
  | { readonly phase: 'disconnected'; readonly attempt: number }
  | { readonly phase: 'connecting'; readonly attempt: number }
  | { readonly phase: 'greeting'; readonly attempt: number }
  | VerifyingState
  | { readonly phase: 'taking-back'; readonly attempt: number; readonly order: TakeBackOrder }
  | StreamingState
  | { readonly phase: 'quarantined'; readonly attempt: number; readonly fault: Fault }
  | { readonly phase: 'stopped' }

/** A session whose hello was answered by an aggregator that is doubted: its checkpoint has to come first. */
export interface VerifyingState {
  readonly phase: 'verifying'
  readonly attempt: number
  readonly received: ReceivedPosition
}

/** What the aggregator said it holds. */
export interface ReceivedPosition {
  readonly seq: number
  readonly hash: Uint8Array
}

/** Where the outbox is to begin again, and what is known of the log from then on. */
export interface TakeBackOrder {
  /** The last batch that stays settled, and its hash. */
  readonly toSeq: number
  readonly toHash: Uint8Array
  readonly trust: LogTrust
}

/** `gone`: batches after `toSeq` are not kept any more. `forked`: those that are do not follow the given hash. */
export type TakeBackOutcome = 'done' | 'gone' | 'forked'

/** A session whose hello was answered: batches go out, receipts come in. */
export interface StreamingState {
  readonly phase: 'streaming'
  readonly attempt: number
  /** The hash is compared when that batch is read from the outbox again. */
  readonly received: ReceivedPosition
  /** The batch to read from the outbox next. */
  readonly nextSeq: number
  readonly loading: boolean
  /** False after a send that filled the transport's buffer, until it says that there is room again. */
  readonly room: boolean
  /** Read and not yet sent, in sequence. The first one is being sent while `sending`. */
  readonly ready: readonly OutboxBatch[]
  readonly sending: boolean
  /** Sent and not yet settled, in sequence. */
  readonly inFlight: readonly SentBatch[]
}

/** Why the agent stops sending by its own judgement; everything else comes from the aggregator's refusal. */
export type UplinkFaultCode =
  | 'aggregator_ahead'
  | 'aggregator_behind'
  | 'chain_forked'
  | 'log_rolled_back'
  | 'restore_undeclared'
  | 'checkpoint_unproven'
  | 'receipt_mismatch'
  | 'greeting_unanswered'
  | 'batches_unanswered'

/** The timers of the uplink; at most one of each runs. */
export type UplinkTimer = 'retry' | 'greeting' | 'answer' | 'steady' | 'probe'

/** Everything that can happen to the uplink. */
export type UplinkEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'closed' }
  | WelcomeEvent
  /** A checkpoint came and continues what was verified. */
  | { readonly kind: 'trusted' }
  /** A checkpoint came and cannot be relied on. */
  | { readonly kind: 'distrusted'; readonly fault: Fault }
  | { readonly kind: 'taken-back'; readonly outcome: TakeBackOutcome }
  /** The journal could not write it. */
  | { readonly kind: 'not-taken-back'; readonly fault: Fault }
  | { readonly kind: 'receipt'; readonly receipt: BatchReceipt }
  | { readonly kind: 'refusal'; readonly fault: Fault; readonly seq: number; readonly permanent: boolean }
  | { readonly kind: 'grown' }
  | { readonly kind: 'loaded'; readonly batches: readonly OutboxBatch[] }
  | { readonly kind: 'sent'; readonly room: boolean }
  | { readonly kind: 'room' }
  | { readonly kind: 'timer'; readonly timer: UplinkTimer }
  | { readonly kind: 'stop' }

/** The answer to the hello. */
export interface WelcomeEvent {
  readonly kind: 'welcome'
  readonly receivedSeq: number
  readonly chainHash: Uint8Array
  readonly generation: number
  /** The declaration that began this generation, or why it cannot be read; null when none was shown. */
  readonly restore: Result<RestoreDeclaration, Fault> | null
}

/** What is to be done about it, in this order. */
export type UplinkEffect =
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | { readonly kind: 'hello' }
  | { readonly kind: 'load'; readonly fromSeq: number; readonly maxCount: number; readonly maxBytes: number }
  | { readonly kind: 'send'; readonly seq: number }
  | { readonly kind: 'settle'; readonly receipt: BatchReceipt }
  | { readonly kind: 'take-back'; readonly order: TakeBackOrder }
  /** The restore that the welcome shows contradicts the verified log. */
  | { readonly kind: 'keep-evidence'; readonly fault: Fault<CheckpointFaultCode> }
  | { readonly kind: 'arm'; readonly timer: UplinkTimer; readonly attempt: number }
  | { readonly kind: 'disarm'; readonly timer: UplinkTimer }
  | { readonly kind: 'report'; readonly fault: Fault }

/** The next state and what to do on the way there. */
export interface UplinkTransition {
  readonly state: UplinkState
  readonly effects: readonly UplinkEffect[]
}

/** What the uplink knows about itself besides its state. */
export interface UplinkFacts {
  readonly tenant: string
  readonly epoch: number
  readonly chain: ChainPosition
  /** The first batch that the journal could send again or has to send; 0 when it holds none. */
  readonly resendableFromSeq: number
  readonly trust: LogTrust
}

/** How much may be under way: read ahead, or sent without a receipt. */
export const uplinkWindow = { batches: 16, bytes: 4 * 1024 * 1024 } as const

/** How the uplink begins: it connects when its first retry timer, armed without a pause, has run. */
export const initialUplinkState: UplinkState = { phase: 'disconnected', attempt: 0 }
