import type { Fault } from '@meterline/shared/base/errors.ts'

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
  | StreamingState
  | { readonly phase: 'quarantined'; readonly attempt: number; readonly fault: Fault }
  | { readonly phase: 'stopped' }

/** A session whose hello was answered: batches go out, receipts come in. */
export interface StreamingState {
  readonly phase: 'streaming'
  readonly attempt: number
  /** What the aggregator said it holds; the hash is compared when that batch is read from the outbox again. */
  readonly received: { readonly seq: number; readonly hash: Uint8Array }
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
  | 'receipt_mismatch'
  | 'greeting_unanswered'
  | 'batches_unanswered'

/** The timers of the uplink; at most one of each runs. */
export type UplinkTimer = 'retry' | 'greeting' | 'answer' | 'steady' | 'probe'

/** Everything that can happen to the uplink. */
export type UplinkEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'welcome'; readonly receivedSeq: number; readonly chainHash: Uint8Array }
  | { readonly kind: 'receipt'; readonly receipt: BatchReceipt }
  | { readonly kind: 'refusal'; readonly fault: Fault; readonly seq: number; readonly permanent: boolean }
  | { readonly kind: 'grown' }
  | { readonly kind: 'loaded'; readonly batches: readonly OutboxBatch[] }
  | { readonly kind: 'sent'; readonly room: boolean }
  | { readonly kind: 'room' }
  | { readonly kind: 'timer'; readonly timer: UplinkTimer }
  | { readonly kind: 'stop' }

/** What is to be done about it, in this order. */
export type UplinkEffect =
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | { readonly kind: 'hello' }
  | { readonly kind: 'load'; readonly fromSeq: number; readonly maxCount: number; readonly maxBytes: number }
  | { readonly kind: 'send'; readonly seq: number }
  | { readonly kind: 'settle'; readonly receipt: BatchReceipt }
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
  readonly epoch: number
  readonly chain: ChainPosition
}

/** How much may be under way: read ahead, or sent without a receipt. */
export const uplinkWindow = { batches: 16, bytes: 4 * 1024 * 1024 } as const

/** How the uplink begins: it connects when its first retry timer, armed without a pause, has run. */
export const initialUplinkState: UplinkState = { phase: 'disconnected', attempt: 0 }
