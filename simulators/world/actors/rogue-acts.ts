import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { maxMessageBytes } from '@meterline/shared/wire/messages.ts'
import type { AgentMessage, Hello, RefusalCode } from '@meterline/shared/wire/messages.ts'
import type { MeantEvent } from '../../oracle/published.ts'
import type { Deviation, MadeBatch, RogueChain } from './rogue-chain.ts'

/** What is done in one session, and how it has to end. */
export interface RogueAct {
  readonly name: string
  /** What it says of itself instead of the truth. */
  readonly hello?: Partial<Hello>
  /** Sent before the hello. */
  readonly first?: AgentMessage
  /** Sent once welcomed; null when the hello is refused already. */
  readonly message: AgentMessage | null
  /** The right answers: a receipt for one of its own batches, or refusals. */
  readonly expects: readonly ('receipt' | RefusalCode)[]
  /** Whether it has to be kept as evidence. */
  readonly evidence: boolean
  /** Whether nothing more of this epoch may be taken afterwards. */
  readonly quarantines: boolean
}

/** What an act may use. */
export interface RogueMeans {
  readonly random: Random
  readonly chain: RogueChain
  /** The chain of the epoch before; null in the first one. */
  readonly formerChain: RogueChain | null
  readonly otherAgent: string
  readonly otherKey: SigningKey
  readonly nowMs: number
  /** Events that stand for nothing that was published: they may never reach the log. */
  readonly events: readonly MeantEvent[]
}

type Draw = (means: RogueMeans) => RogueAct | null

/** A flipped bit shows as units, tables or counts that the header does not commit to, or as bytes that are no body. */
const changedBody: readonly RefusalCode[] = [
  'batch_root_mismatch',
  'batch_tables_mismatch',
  'batch_count_mismatch',
  'batch_malformed',
  'too_large',
]

/** Everything that is wrong in a way the aggregator has to see. Each gives null where it makes no sense yet. */
const acts: readonly Draw[] = [
  (means) => refused('signs with another key', made(means, {}, means.otherKey), 'signature_invalid'),
  (means) => {
    const { header, signature, body } = made(means).message
    const message = { kind: 'batch' as const, header, signature: flipped(signature, means.random), body }
    return refusedMessage('changes a signature', message, 'signature_invalid')
  },
  (means) =>
    refused("uses another agent's name", made(means, { agent: means.otherAgent }), 'agent_certificate_mismatch'),
  (means) => refused('uses another tenant', made(means, { tenant: 'other' }), 'agent_certificate_mismatch'),
  (means) => ({
    ...refused(
      'leaves a batch out',
      made(means, { seq: means.chain.seq + 2 + means.random.below(1000) }),
      'sequence_gap',
    ),
    evidence: false,
  }),
  (means) => refused('is of an epoch to come', made(means, { epoch: means.chain.epoch + 1 }), 'epoch_unknown'),
  ({ formerChain, ...means }) =>
    formerChain === null ? null : ofFormerEpoch('is of an epoch gone by', made({ ...means, chain: formerChain })),
  ({ formerChain }) => {
    const former = formerChain?.received.at(-1)
    return former === undefined ? null : ofFormerEpoch('replays what an epoch gone by sent', former)
  },
  (means) => {
    const { message } = made(means)
    const body = flipped(message.body, means.random)
    return { ...refusedMessage('changes a body', { ...message, body }, 'batch_root_mismatch'), expects: changedBody }
  },
  (means) => {
    const { message } = made(means)
    const body = message.body.subarray(0, message.body.length - 1 - means.random.below(8))
    return refusedMessage('cuts a body off', { ...message, body }, 'batch_malformed')
  },
  (means) => {
    const { message } = made(means)
    const body = Buffer.concat([message.body, Buffer.alloc(maxMessageBytes)])
    return { ...refusedMessage('sends too much', { ...message, body }, 'too_large'), evidence: false }
  },
  (means) => {
    const { message } = made(means)
    return refusedMessage('sends noise', { ...message, header: means.random.bytes(80) }, 'batch_malformed')
  },
  (means) => badHello('says it is somebody else', { agent: means.otherAgent }, 'agent_certificate_mismatch', true),
  () => badHello('says it is of another tenant', { tenant: 'other' }, 'agent_certificate_mismatch', true),
  () => badHello('speaks a protocol of the future', { protocolVersion: 99 }, 'protocol_unsupported'),
  ({ chain }) => badHello('says it is of the next epoch', { epoch: chain.epoch + 1 }, 'epoch_unknown'),
  () => badHello('has half a hash', { chainHash: new Uint8Array(16) }, 'message_malformed'),
  ({ chain }) =>
    chain.seq === 0
      ? null
      : badHello('has forgotten its last batch', { lastSealedSeq: chain.seq - 1 }, 'chain_forked', true),
  ({ chain, random }) =>
    chain.seq === 0
      ? null
      : badHello('remembers its last batch otherwise', { chainHash: random.bytes(32) }, 'chain_forked', true),
  (means) => ({
    ...refused('speaks before it is welcomed', made(means), 'hello_expected'),
    first: made(means).message,
    message: null,
    evidence: false,
  }),
  ({ chain, random }) => {
    const again = chain.received[random.below(Math.max(1, chain.received.length))]
    if (again === undefined) return null
    const { message } = again
    return { name: 'sends again', message, expects: ['receipt'], evidence: false, quarantines: false }
  },
]

/** What makes two histories of one agent: nothing more of the epoch is taken after it. */
const forks: readonly Draw[] = [
  (means) => {
    if (means.chain.seq === 0) return null
    const seq = 1 + means.random.below(means.chain.seq)
    const previous = means.chain.received[seq - 2]?.hash
    const deviation = previous === undefined ? { seq } : { seq, previousHash: previous }
    return { ...refused('tells another story', made(means, deviation), 'chain_forked'), quarantines: true }
  },
  (means) => {
    if (means.chain.seq === 0) return null
    const deviation = { previousHash: means.random.bytes(32) }
    return { ...refused('goes on from elsewhere', made(means, deviation), 'chain_forked'), quarantines: true }
  },
]

/** Draws something wrong; one time in eight something that ends the epoch. */
export function drawAct(means: RogueMeans): RogueAct | null {
  const choices = means.random.below(8) === 0 ? forks : acts
  return choices[means.random.below(choices.length)]?.(means) ?? null
}

function made(means: Omit<RogueMeans, 'formerChain'>, deviation: Deviation = {}, key?: SigningKey): MadeBatch {
  return means.chain.make(means.events, means.nowMs, null, deviation, key)
}

function refused(name: string, { message }: MadeBatch, expects: RefusalCode): RogueAct {
  return refusedMessage(name, message, expects)
}

function refusedMessage(name: string, message: AgentMessage, expects: RefusalCode): RogueAct {
  return { name, message, expects: [expects], evidence: true, quarantines: false }
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = random.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  return copy
}

/** An epoch that ended with a quarantine stays quarantined, and says so first. */
function ofFormerEpoch(name: string, { message }: MadeBatch): RogueAct {
  const act = refusedMessage(name, message, 'epoch_unknown')
  return { ...act, expects: ['epoch_unknown', 'agent_quarantined'], evidence: false }
}

function badHello(name: string, hello: Partial<Hello>, expects: RefusalCode, evidence = false): RogueAct {
  return { name, hello, message: null, expects: [expects], evidence, quarantines: false }
}
