import { fault, ok } from '@meterline/shared/base/errors.ts'
import type { RestoreDeclaration } from '@meterline/shared/model/restore-declaration.ts'
import type { LogTrust } from '../checkpoint-trust.ts'
import { nextUplinkState } from '../uplink-state.ts'
import type {
  BatchReceipt,
  ChainPosition,
  OutboxBatch,
  StreamingState,
  TakeBackOrder,
  UplinkEffect,
  UplinkEvent,
  UplinkFacts,
  UplinkState,
  WelcomeEvent,
} from '../uplink-types.ts'

export const hashOf = (seq: number): Uint8Array => new Uint8Array(32).fill(seq)
export const chain: ChainPosition = { sealedSeq: 9, sealedHash: hashOf(9), settledSeq: 4, settledHash: hashOf(4) }
/** Generation 2 of the log, verified up to 100 entries; batches 3 and 4 are kept after their receipts. */
export const trust: LogTrust = {
  generation: 2,
  head: { size: 100, root: hashOf(100), note: 'note of 100' },
  doubted: false,
}
export const facts: UplinkFacts = { tenant: 'acme', epoch: 1, chain, resendableFromSeq: 3, trust }
export const withChain = (changed: ChainPosition): UplinkFacts => ({ ...facts, chain: changed })
export const batch = (seq: number, bytes = 1000): OutboxBatch => ({ seq, batchHash: hashOf(seq), bytes })
export const receipt = (seq: number): BatchReceipt => ({ epoch: 1, seq, batchHash: hashOf(seq), logIndex: seq + 100 })
export const refused = fault('busy', 'try again later')
export const distrust = fault('checkpoint_forked', 'another log')
export const restore = (size: number, generation = 3): RestoreDeclaration => ({
  tenant: 'acme',
  generation,
  size,
  root: hashOf(size),
  by: 'ada',
  reason: 'the disk broke',
  atMs: 1,
})
export const order: TakeBackOrder = {
  toSeq: 2,
  toHash: hashOf(2),
  trust: { generation: 3, head: { size: 50, root: hashOf(50), note: null }, doubted: false },
}
export const welcome = (receivedSeq: number, more: Partial<WelcomeEvent> = {}): WelcomeEvent => ({
  kind: 'welcome',
  receivedSeq,
  chainHash: hashOf(receivedSeq),
  generation: 2,
  restore: ok(restore(40, 2)),
  ...more,
})
export const declared = (size: number): Partial<WelcomeEvent> => ({ generation: 3, restore: ok(restore(size)) })

/** A session that is sending batch 7 and has 5 and 6 under way. */
export const streaming: StreamingState = {
  phase: 'streaming',
  attempt: 3,
  received: { seq: 4, hash: hashOf(4) },
  nextSeq: 8,
  loading: false,
  room: true,
  ready: [batch(7)],
  sending: true,
  inFlight: [
    { ...batch(5), receipt: null },
    { ...batch(6), receipt: null },
  ],
}

export const states: Readonly<Record<UplinkState['phase'], UplinkState>> = {
  disconnected: { phase: 'disconnected', attempt: 3 },
  connecting: { phase: 'connecting', attempt: 3 },
  greeting: { phase: 'greeting', attempt: 3 },
  verifying: { phase: 'verifying', attempt: 3, received: { seq: 4, hash: hashOf(4) } },
  'taking-back': { phase: 'taking-back', attempt: 3, order },
  streaming,
  quarantined: { phase: 'quarantined', attempt: 3, fault: refused },
  stopped: { phase: 'stopped' },
}

export function shortly(effect: UplinkEffect): string {
  switch (effect.kind) {
    case 'load':
      return `load ${effect.fromSeq}`
    case 'send':
      return `send ${effect.seq}`
    case 'settle':
      return `settle ${effect.receipt.seq}`
    case 'take-back':
      return `take back to ${effect.order.toSeq}`
    case 'arm':
    case 'disarm':
      return `${effect.kind} ${effect.timer}`
    default:
      return effect.kind
  }
}

/** Feeds events one after the other and writes down what each was answered with. */
export function run(
  from: UplinkState,
  story: readonly UplinkEvent[],
  about = facts,
): { state: UplinkState; did: string[] } {
  const did: string[] = []
  let state = from
  for (const event of story) {
    const next = nextUplinkState(state, event, about)
    state = next.state
    did.push(next.effects.map(shortly).join(', '))
  }
  return { state, did }
}
