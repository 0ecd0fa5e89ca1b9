import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import type { UplinkEffect, UplinkFacts, UplinkFaultCode, UplinkState, UplinkTransition } from './uplink-types.ts'

/** What ends with a streaming session: its timers. */
export const disarmStreaming: readonly UplinkEffect[] = [
  { kind: 'disarm', timer: 'answer' },
  { kind: 'disarm', timer: 'steady' },
]
/** The same, for one that we end. */
export const leaveStreaming: readonly UplinkEffect[] = [...disarmStreaming, { kind: 'close' }]

/** Nothing is to be done; the state may still have been noted. */
export function unchanged(state: UplinkState): UplinkTransition {
  return { state, effects: [] }
}

/** The session is over: connect again after a pause that grows with the attempts. */
export function disconnect(attempt: number, effects: readonly UplinkEffect[]): UplinkTransition {
  return {
    state: { phase: 'disconnected', attempt: attempt + 1 },
    effects: [{ kind: 'disarm', timer: 'greeting' }, ...effects, { kind: 'arm', timer: 'retry', attempt }],
  }
}

/** Stops sending. `probeAttempt` says how patiently to ask again by a new session; null: only a person ends it. */
export function quarantine(reason: Fault, probeAttempt: number | null): UplinkTransition {
  const effects: UplinkEffect[] = [
    { kind: 'report', fault: reason },
    { kind: 'disarm', timer: 'greeting' },
    ...leaveStreaming,
  ]
  if (probeAttempt !== null) effects.push({ kind: 'arm', timer: 'probe', attempt: probeAttempt })
  return { state: { phase: 'quarantined', attempt: (probeAttempt ?? 0) + 1, fault: reason }, effects }
}

/** The fault of two chains that differ at a batch both have. */
export function chainForked(seq: number): Fault<UplinkFaultCode> {
  return fault(
    'chain_forked',
    `The aggregator holds another batch ${seq} of this agent and epoch than this journal does: ` +
      'two machines ran as this agent, or one was restored from an older copy. Register a new epoch for it.',
    { seq },
  )
}

/**
 * The fault of an aggregator whose restored backup is older than what is kept here: it names the batches that nobody
 * has any more.
 */
export function behind(receivedSeq: number, { chain, resendableFromSeq }: UplinkFacts): Fault<UplinkFaultCode> {
  const { settledSeq } = chain
  const goneFromSeq = receivedSeq + 1
  const goneToSeq = Math.min(resendableFromSeq === 0 ? settledSeq : resendableFromSeq - 1, settledSeq)
  const gone = goneFromSeq === goneToSeq ? `Batch ${goneToSeq} is` : `Batches ${goneFromSeq} to ${goneToSeq} are`
  return fault(
    'aggregator_behind',
    `The aggregator was restored from a backup and holds only batch ${receivedSeq}, but gave receipts up to ${settledSeq}. ` +
      `${gone} no longer kept here, so nothing can follow. Restore a newer backup; or give the agent a new epoch and ` +
      `run "meterline-agent recover --received ${receivedSeq}", which carries over what is left.`,
    { receivedSeq, settledSeq, goneFromSeq, goneToSeq },
  )
}
