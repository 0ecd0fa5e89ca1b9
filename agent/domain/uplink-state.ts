import { fault } from '@meterline/shared/base/errors.ts'
import { behind, chainForked, disconnect, quarantine, unchanged } from './uplink-steps.ts'
import { whileStreaming } from './uplink-streaming.ts'
import type {
  UplinkEffect,
  UplinkEvent,
  UplinkFacts,
  UplinkState,
  UplinkTimer,
  UplinkTransition,
} from './uplink-types.ts'
import { welcomed, whileVerifying } from './uplink-welcome.ts'

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
    case 'verifying':
      return whileVerifying(state, event, facts)
    case 'taking-back':
      return whileTakingBack(state, event, facts)
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

function whileTakingBack(
  state: UplinkState & { phase: 'taking-back' },
  event: UplinkEvent,
  facts: UplinkFacts,
): UplinkTransition {
  const { attempt, order } = state
  if (event.kind === 'not-taken-back') return disconnect(attempt, [{ kind: 'report', fault: event.fault }])
  if (event.kind !== 'taken-back') return unchanged(state)
  switch (event.outcome) {
    case 'done':
      // A hello says where a session starts from, so what has changed needs a new one.
      return connect(attempt)
    case 'gone':
      return quarantine(behind(order.toSeq, facts), attempt)
    case 'forked':
      return quarantine(chainForked(order.toSeq), attempt)
  }
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
