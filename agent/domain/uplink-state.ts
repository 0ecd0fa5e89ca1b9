import { fault } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { chainForked, disconnect, quarantine, unchanged } from './uplink-steps.ts'
import { pump, whileStreaming } from './uplink-streaming.ts'
import type {
  StreamingState,
  UplinkEffect,
  UplinkEvent,
  UplinkFacts,
  UplinkState,
  UplinkTimer,
  UplinkTransition,
} from './uplink-types.ts'

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

function connect(attempt: number): UplinkTransition {
  return { state: { phase: 'connecting', attempt }, effects: [{ kind: 'open' }] }
}

const timers: readonly UplinkTimer[] = ['retry', 'greeting', 'answer', 'steady', 'probe']

function stopped(state: UplinkState): UplinkTransition {
  if (state.phase === 'stopped') return unchanged(state)
  const effects: UplinkEffect[] = timers.map((timer) => ({ kind: 'disarm', timer }))
  return { state: { phase: 'stopped' }, effects: [...effects, { kind: 'close' }] }
}
