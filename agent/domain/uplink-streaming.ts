import { fault } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { chainForked, disarmStreaming, disconnect, leaveStreaming, quarantine, unchanged } from './uplink-steps.ts'
import {
  uplinkWindow,
  type BatchReceipt,
  type ChainPosition,
  type OutboxBatch,
  type StreamingState,
  type UplinkEffect,
  type UplinkEvent,
  type UplinkFacts,
  type UplinkTransition,
} from './uplink-types.ts'

/** What an event does to a session whose hello was answered. */
export function whileStreaming(state: StreamingState, event: UplinkEvent, facts: UplinkFacts): UplinkTransition {
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
    case 'distrusted':
      // Whether the next session may send is for its checkpoint to say.
      return quarantine(event.fault, state.attempt)
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
export function pump(state: StreamingState, chain: ChainPosition, effects: readonly UplinkEffect[]): UplinkTransition {
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

function bytesOf(batches: readonly OutboxBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.bytes, 0)
}
