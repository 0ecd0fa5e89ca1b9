import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'

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

/**
 * The next state of the uplink and what to do: a pure function of the state, the event and where the chain stands.
 * An event that means nothing in a state changes nothing there, so late timers and repeated messages do no harm.
 */
export function nextUplinkState(state: UplinkState, event: UplinkEvent, facts: UplinkFacts): UplinkTransition {
  if (event.kind === 'stop') return stopped(state)
  switch (state.phase) {
    case 'disconnected':
      return event.kind === 'timer' && event.timer === 'retry' ? connect(state.attempt) : unchanged(state)
    case 'connecting':
      return whileConnecting(state, event)
    case 'greeting':
      return whileGreeting(state, event, facts)
    case 'streaming':
      return whileStreaming(state, event, facts)
    case 'quarantined':
      return event.kind === 'timer' && event.timer === 'probe' ? connect(state.attempt) : unchanged(state)
    case 'stopped':
      return unchanged(state)
  }
}

function whileConnecting(state: UplinkState & { phase: 'connecting' }, event: UplinkEvent): UplinkTransition {
  if (event.kind === 'closed') return disconnect(state.attempt, [])
  if (event.kind !== 'opened') return unchanged(state)
  return {
    state: { phase: 'greeting', attempt: state.attempt },
    effects: [{ kind: 'hello' }, { kind: 'arm', timer: 'greeting', attempt: 0 }],
  }
}

function whileGreeting(
  state: UplinkState & { phase: 'greeting' },
  event: UplinkEvent,
  facts: UplinkFacts,
): UplinkTransition {
  switch (event.kind) {
    case 'welcome':
      return welcomed(state.attempt, event, facts)
    case 'refusal': {
      // A person can put a session's refusal right at the aggregator (register the agent), so it is asked again later.
      if (event.permanent) return quarantine(event.fault, state.attempt)
      return disconnect(state.attempt, [{ kind: 'report', fault: event.fault }, { kind: 'close' }])
    }
    case 'closed':
      return disconnect(state.attempt, [])
    case 'timer': {
      if (event.timer !== 'greeting') return unchanged(state)
      const silence = fault('greeting_unanswered', 'The aggregator did not answer the hello in time; connecting again.')
      return disconnect(state.attempt, [{ kind: 'report', fault: silence }, { kind: 'close' }])
    }
    default:
      return unchanged(state)
  }
}

/** Compares what the aggregator holds with our chain: it may only hold what we sealed, and all of what it receipted. */
function welcomed(
  attempt: number,
  welcome: { readonly receivedSeq: number; readonly chainHash: Uint8Array },
  { chain }: UplinkFacts,
): UplinkTransition {
  const { receivedSeq, chainHash } = welcome
  if (receivedSeq > chain.sealedSeq) {
    return quarantine(
      fault(
        'aggregator_ahead',
        `The aggregator holds batch ${receivedSeq} of this agent and epoch, this journal only knows ${chain.sealedSeq}: ` +
          'it was restored from an older copy, or another machine runs as this agent. Register a new epoch for it.',
        { receivedSeq, sealedSeq: chain.sealedSeq },
      ),
      attempt,
    )
  }
  if (receivedSeq < chain.settledSeq) {
    return quarantine(
      fault(
        'aggregator_behind',
        `The aggregator holds only batch ${receivedSeq}, but gave receipts up to ${chain.settledSeq}: ` +
          'it was restored from an older copy. Restore it to a state that holds everything it gave receipts for.',
        { receivedSeq, settledSeq: chain.settledSeq },
      ),
      attempt,
    )
  }
  const ours =
    receivedSeq === chain.settledSeq ? chain.settledHash : receivedSeq === chain.sealedSeq ? chain.sealedHash : null
  if (ours !== null && !equalBytes(ours, chainHash)) return quarantine(chainForked(receivedSeq), attempt)
  const streaming: StreamingState = {
    phase: 'streaming',
    attempt,
    received: { seq: receivedSeq, hash: chainHash },
    // Batches that were received but whose receipt was lost on the way are sent again: the same batch gets the same
    // receipt, and nothing leaves the outbox on any other word.
    nextSeq: chain.settledSeq + 1,
    loading: false,
    room: true,
    ready: [],
    sending: false,
    inFlight: [],
  }
  return pump(streaming, chain, [
    { kind: 'disarm', timer: 'greeting' },
    { kind: 'arm', timer: 'steady', attempt: 0 },
  ])
}

function whileStreaming(state: StreamingState, event: UplinkEvent, facts: UplinkFacts): UplinkTransition {
  switch (event.kind) {
    case 'receipt':
      return receipted(state, event.receipt, facts)
    case 'grown':
      return pump(state, facts.chain, [])
    case 'loaded':
      return loaded(state, event.batches, facts)
    case 'sent':
      return sent(state, event.room, facts)
    case 'room':
      return pump({ ...state, room: true }, facts.chain, [])
    case 'refusal': {
      // A refused session may be put right at the aggregator; a refused batch is stored here for good and would be
      // refused again, so nobody but a person ends that quarantine.
      if (event.permanent) return quarantine(event.fault, event.seq === 0 ? state.attempt : null)
      return disconnect(state.attempt, [{ kind: 'report', fault: event.fault }, ...leaveStreaming])
    }
    case 'closed':
      return disconnect(state.attempt, disarmStreaming)
    case 'timer': {
      if (event.timer === 'steady') return { state: { ...state, attempt: 0 }, effects: [] }
      if (event.timer !== 'answer') return unchanged(state)
      const silence = fault(
        'batches_unanswered',
        `The aggregator gave no receipt for batch ${state.inFlight[0]?.seq ?? 0} in time; connecting again.`,
      )
      return disconnect(state.attempt, [{ kind: 'report', fault: silence }, ...leaveStreaming])
    }
    default:
      return unchanged(state)
  }
}

const disarmStreaming: readonly UplinkEffect[] = [
  { kind: 'disarm', timer: 'answer' },
  { kind: 'disarm', timer: 'steady' },
]
const leaveStreaming: readonly UplinkEffect[] = [...disarmStreaming, { kind: 'close' }]

function receipted(state: StreamingState, receipt: BatchReceipt, facts: UplinkFacts): UplinkTransition {
  const index = state.inFlight.findIndex((batch) => batch.seq === receipt.seq)
  const answered = state.inFlight[index]
  // A receipt for what is not under way repeats an earlier one, or answers what an earlier session sent.
  if (answered === undefined) return unchanged(state)
  if (receipt.epoch !== facts.epoch || !equalBytes(receipt.batchHash, answered.batchHash)) {
    return quarantine(
      fault(
        'receipt_mismatch',
        `The receipt for batch ${receipt.seq} names another epoch or hash than the batch that was sent: ` +
          'the aggregator holds something else under its number. The batch stays in the outbox.',
        { seq: receipt.seq },
      ),
      null,
    )
  }
  const inFlight = state.inFlight.with(index, { ...answered, receipt })
  // Receipts may overtake each other; the outbox is emptied from its front only.
  const firstOpen = inFlight.findIndex((batch) => batch.receipt === null)
  const settled = firstOpen < 0 ? inFlight : inFlight.slice(0, firstOpen)
  const effects: UplinkEffect[] = settled.flatMap((batch) =>
    batch.receipt === null ? [] : [{ kind: 'settle' as const, receipt: batch.receipt }],
  )
  if (settled.length === 0) return pump({ ...state, inFlight }, facts.chain, effects)
  const remaining = inFlight.slice(settled.length)
  effects.push(
    remaining.length === 0 ? { kind: 'disarm', timer: 'answer' } : { kind: 'arm', timer: 'answer', attempt: 0 },
  )
  return pump({ ...state, attempt: 0, inFlight: remaining }, facts.chain, effects)
}

function loaded(state: StreamingState, batches: readonly OutboxBatch[], facts: UplinkFacts): UplinkTransition {
  if (!state.loading) return unchanged(state)
  const last = batches.at(-1)
  // The outbox had nothing: what was asked for has been settled meanwhile. The next event that adds to it asks again.
  if (last === undefined) return unchanged({ ...state, loading: false })
  const atReceived = batches.find((batch) => batch.seq === state.received.seq)
  if (atReceived !== undefined && !equalBytes(atReceived.batchHash, state.received.hash)) {
    return quarantine(chainForked(atReceived.seq), state.attempt)
  }
  const grown: StreamingState = { ...state, loading: false, nextSeq: last.seq + 1, ready: [...state.ready, ...batches] }
  return pump(grown, facts.chain, [])
}

function sent(state: StreamingState, room: boolean, facts: UplinkFacts): UplinkTransition {
  const [batch, ...ready] = state.ready
  if (!state.sending || batch === undefined) return unchanged(state)
  const effects: UplinkEffect[] = state.inFlight.length === 0 ? [{ kind: 'arm', timer: 'answer', attempt: 0 }] : []
  const inFlight = [...state.inFlight, { ...batch, receipt: null }]
  return pump({ ...state, sending: false, room, ready, inFlight }, facts.chain, effects)
}

/** Sends the next batch when the transport has room, and reads ahead as far as the window allows. */
function pump(state: StreamingState, chain: ChainPosition, effects: readonly UplinkEffect[]): UplinkTransition {
  const all = [...effects]
  let next = state
  const first = state.ready[0]
  if (first !== undefined && state.room && !state.sending) {
    next = { ...next, sending: true }
    all.push({ kind: 'send', seq: first.seq })
  }
  const fromSeq = Math.max(next.nextSeq, chain.settledSeq + 1)
  const maxCount = uplinkWindow.batches - next.ready.length - next.inFlight.length
  const maxBytes = uplinkWindow.bytes - bytesOf(next.ready) - bytesOf(next.inFlight)
  if (!next.loading && fromSeq <= chain.sealedSeq && maxCount > 0 && maxBytes > 0) {
    next = { ...next, loading: true, nextSeq: fromSeq }
    all.push({ kind: 'load', fromSeq, maxCount, maxBytes })
  }
  return { state: next, effects: all }
}

function connect(attempt: number): UplinkTransition {
  return { state: { phase: 'connecting', attempt }, effects: [{ kind: 'open' }] }
}

function disconnect(attempt: number, effects: readonly UplinkEffect[]): UplinkTransition {
  return {
    state: { phase: 'disconnected', attempt: attempt + 1 },
    effects: [{ kind: 'disarm', timer: 'greeting' }, ...effects, { kind: 'arm', timer: 'retry', attempt }],
  }
}

/** Stops sending. `probeAttempt` says how patiently to ask again by a new session; null: only a person ends it. */
function quarantine(reason: Fault, probeAttempt: number | null): UplinkTransition {
  const effects: UplinkEffect[] = [
    { kind: 'report', fault: reason },
    { kind: 'disarm', timer: 'greeting' },
    ...leaveStreaming,
  ]
  if (probeAttempt !== null) effects.push({ kind: 'arm', timer: 'probe', attempt: probeAttempt })
  return { state: { phase: 'quarantined', attempt: (probeAttempt ?? 0) + 1, fault: reason }, effects }
}

const timers: readonly UplinkTimer[] = ['retry', 'greeting', 'answer', 'steady', 'probe']

function stopped(state: UplinkState): UplinkTransition {
  if (state.phase === 'stopped') return unchanged(state)
  const effects: UplinkEffect[] = timers.map((timer) => ({ kind: 'disarm', timer }))
  return { state: { phase: 'stopped' }, effects: [...effects, { kind: 'close' }] }
}

function unchanged(state: UplinkState): UplinkTransition {
  return { state, effects: [] }
}

function chainForked(seq: number): Fault<UplinkFaultCode> {
  return fault(
    'chain_forked',
    `The aggregator holds another batch ${seq} of this agent and epoch than this journal does: ` +
      'two machines ran as this agent, or one was restored from an older copy. Register a new epoch for it.',
    { seq },
  )
}

function bytesOf(batches: readonly OutboxBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.bytes, 0)
}
