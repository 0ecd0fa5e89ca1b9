import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { trustAfterRestore } from './checkpoint-trust.ts'
import { behind, chainForked, disconnect, quarantine, unchanged } from './uplink-steps.ts'
import { pump } from './uplink-streaming.ts'
import type {
  StreamingState,
  TakeBackOrder,
  UplinkEvent,
  UplinkFacts,
  UplinkFaultCode,
  UplinkTransition,
  VerifyingState,
  WelcomeEvent,
} from './uplink-types.ts'

/**
 * Compares what the aggregator holds with our chain: it may only hold what we sealed, and all of what it gave receipts
 * for, unless it declares that its log was restored from a backup.
 */
export function welcomed(attempt: number, welcome: WelcomeEvent, facts: UplinkFacts): UplinkTransition {
  const { receivedSeq, chainHash, generation } = welcome
  const { chain, trust } = facts
  const seen = trust.generation
  if (generation < seen) {
    const text =
      `The aggregator's log is in generation ${generation}, this agent has seen generation ${seen}: it was restored from ` +
      'an older copy without declaring it. Restore it with "meterline-aggregator restore", or put the newer books back.'
    return quarantine(fault('log_rolled_back', text, { generation, seenGeneration: seen }), attempt)
  }
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
  const ours =
    receivedSeq === chain.settledSeq ? chain.settledHash : receivedSeq === chain.sealedSeq ? chain.sealedHash : null
  if (ours !== null && !equalBytes(ours, chainHash)) return quarantine(chainForked(receivedSeq), attempt)
  if (generation > seen) return restored(attempt, welcome, facts)
  if (receivedSeq < chain.settledSeq) {
    return quarantine(
      fault(
        'aggregator_behind',
        `The aggregator holds only batch ${receivedSeq}, but gave receipts up to ${chain.settledSeq}: it was put back to ` +
          'an older copy without declaring it. Restore it with "meterline-aggregator restore", and what it lost is sent again.',
        { receivedSeq, settledSeq: chain.settledSeq },
      ),
      attempt,
    )
  }
  const received = { seq: receivedSeq, hash: chainHash }
  // The greeting timer goes on: a checkpoint that continues the verified log has to come before anything is sent.
  if (trust.doubted) return { state: { phase: 'verifying', attempt, received }, effects: [] }
  return stream(attempt, received, facts)
}

/** What an event does to a session whose aggregator must first show that its log is the one this agent has verified. */
export function whileVerifying(state: VerifyingState, event: UplinkEvent, facts: UplinkFacts): UplinkTransition {
  switch (event.kind) {
    case 'trusted':
      return stream(state.attempt, state.received, facts)
    case 'distrusted':
      return quarantine(event.fault, state.attempt)
    case 'refusal': {
      if (event.permanent) return quarantine(event.fault, state.attempt)
      return disconnect(state.attempt, [{ kind: 'report', fault: event.fault }, { kind: 'close' }])
    }
    case 'closed':
      return disconnect(state.attempt, [])
    case 'timer': {
      if (event.timer !== 'greeting') return unchanged(state)
      const text =
        'The aggregator contradicted the log that this agent has verified, and shows no checkpoint that continues it. ' +
        'Nothing is sent until it does, or until it declares a restore. The evidence is in the status.'
      return quarantine(fault('checkpoint_unproven', text), state.attempt)
    }
    default:
      return unchanged(state)
  }
}

/** A generation begins that this agent has not seen: it is accepted when it is declared and our batches can follow it. */
function restored(attempt: number, welcome: WelcomeEvent, facts: UplinkFacts): UplinkTransition {
  const { receivedSeq, chainHash, generation, restore } = welcome
  const { tenant, chain, resendableFromSeq, trust } = facts
  if (restore === null) return quarantine(undeclared(generation, 'shows no declaration of the restore'), attempt)
  if (!restore.ok) return quarantine(undeclared(generation, restore.fault.message), attempt)
  const declared = restore.value
  if (declared.tenant !== tenant || declared.generation !== generation) {
    const what = `shows the declaration of generation ${declared.generation} of tenant ${declared.tenant}`
    return quarantine(undeclared(generation, what), attempt)
  }
  const next = trustAfterRestore(trust, declared)
  if (!next.ok) {
    const { state, effects } = quarantine(next.fault, attempt)
    return { state, effects: [{ kind: 'keep-evidence', fault: next.fault }, ...effects] }
  }
  const lost = receivedSeq < chain.settledSeq
  if (lost && (resendableFromSeq === 0 || resendableFromSeq > receivedSeq + 1)) {
    return quarantine(behind(receivedSeq, facts), attempt)
  }
  const order: TakeBackOrder = {
    toSeq: lost ? receivedSeq : chain.settledSeq,
    toHash: lost ? chainHash : chain.settledHash,
    trust: next.value,
  }
  return {
    state: { phase: 'taking-back', attempt, order },
    effects: [{ kind: 'disarm', timer: 'greeting' }, { kind: 'close' }, { kind: 'take-back', order }],
  }
}

function stream(attempt: number, received: VerifyingState['received'], { chain }: UplinkFacts): UplinkTransition {
  const streaming: StreamingState = {
    phase: 'streaming',
    attempt,
    received,
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

function undeclared(generation: number, what: string): Fault<UplinkFaultCode> {
  const text =
    `The aggregator says that its log was restored and is in generation ${generation}, but it cannot be believed: ${what}. ` +
    'Restore it with "meterline-aggregator restore" and its own signing key.'
  return fault('restore_undeclared', text, { generation })
}
