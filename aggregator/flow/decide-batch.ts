import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { BatchFault, BatchHeader, DecodedBatch } from '@meterline/shared/model/batch.ts'
import { batchHashOf, openBatchBody, verifyBatchSignature } from '@meterline/shared/model/batch-codec.ts'
import type { BatchMessage, RefusalCode } from '@meterline/shared/wire/messages.ts'
import type { Chain, ReceivedBatch } from '../store/batch-table.ts'

/** Who sent a batch, as the session established it: one object per session. */
export interface Sender {
  readonly tenant: string
  readonly agent: string
  readonly address: string
}

/** What the catalogue in force says about an agent. */
export interface RegisteredAgent {
  /** Raw Ed25519 public key in base64. */
  readonly signingKey: string
  readonly epoch: number
}

/** An agent that has sent nothing in its epoch. */
export const emptyChain: Chain = { receivedSeq: 0, chainHash: new Uint8Array(32), quarantined: null }

/** Why something is refused, and what follows from it. */
export interface RefusalDecision {
  readonly code: RefusalCode
  readonly message: string
  readonly seq: number
  readonly permanent: boolean
  /** Keep the bytes. */
  readonly evidence: boolean
  /** Take nothing more of this agent and epoch: two boxes sign as one, or one went back in time. */
  readonly quarantine: boolean
}

/** What is to be done with a batch. */
export type BatchDecision =
  | {
      readonly kind: 'accept'
      readonly header: BatchHeader
      readonly batchHash: Uint8Array
      readonly decoded: DecodedBatch
    }
  | { readonly kind: 'again'; readonly header: BatchHeader; readonly received: ReceivedBatch }
  | { readonly kind: 'refuse'; readonly refusal: RefusalDecision }

/** What has to be known about the sender of a batch before it can be decided. */
export interface Standing {
  readonly registered: RegisteredAgent | null
  readonly chain: Chain
  /** The batch stored under the same epoch and sequence number, when there is one. */
  readonly earlier: ReceivedBatch | undefined
}

/**
 * Decides about one batch, without any effect. The order of the checks matters: who it claims to be, whether its bytes
 * are that agent's, whether its turn has come, and only then what is in it.
 */
export function decideBatch(
  message: BatchMessage,
  sender: Sender,
  header: BatchHeader,
  standing: Standing,
): BatchDecision {
  const { registered, chain, earlier } = standing
  const { seq } = header
  if (header.tenant !== sender.tenant || header.agent !== sender.agent) {
    const claimed = `agent ${header.agent} of ${header.tenant}`
    const text = `The batch is of ${claimed}, the session belongs to ${sender.agent} of ${sender.tenant}.`
    return refuse('agent_certificate_mismatch', text, seq, { evidence: true })
  }
  if (registered === null) return refuse('agent_unknown', `Agent ${sender.agent} is not registered.`, seq, {})
  if (chain.quarantined !== null) return refuse('agent_quarantined', quarantineText(sender, chain.quarantined), seq, {})
  if (header.epoch !== registered.epoch) {
    const text = `The batch is of epoch ${header.epoch}, agent ${sender.agent} is registered with epoch ${registered.epoch}.`
    return refuse('epoch_unknown', text, seq, { evidence: true })
  }
  if (earlier !== undefined && equalBytes(earlier.batchHash, batchHashOf(message.header))) {
    return { kind: 'again', header, received: earlier }
  }
  const signed = verifyBatchSignature(registered.signingKey, message.header, message.signature)
  if (!signed.ok) {
    const text = `The signature of batch ${seq} is not that of agent ${sender.agent}'s registered key.`
    return refuse('signature_invalid', text, seq, { evidence: true })
  }
  const turn = decideTurn(sender, header, standing)
  if (turn !== null) return turn
  const opened = openBatchBody(header, message.body)
  if (!opened.ok) return refuse(bodyRefusal(opened.fault), opened.fault.message, seq, { evidence: true })
  return { kind: 'accept', header, batchHash: signed.value, decoded: opened.value }
}

/** Whether this batch, which is truly the agent's, comes next in its chain. */
function decideTurn(sender: Sender, header: BatchHeader, { chain }: Standing): BatchDecision | null {
  const { seq } = header
  if (seq <= chain.receivedSeq) {
    const text =
      `Agent ${sender.agent} signed another batch ${seq} before. Two boxes run as this agent, or it was restored from ` +
      'a copy. Find out which one is right, give it a new epoch in the tenant file and apply that.'
    return refuse('chain_forked', text, seq, { evidence: true, quarantine: true })
  }
  if (seq > chain.receivedSeq + 1) {
    const text = `Batch ${seq} came, but ${chain.receivedSeq + 1} is next.`
    return refuse('sequence_gap', text, seq, { permanent: false })
  }
  if (!equalBytes(header.previousHash, chain.chainHash)) {
    const text =
      `Batch ${seq} does not continue batch ${chain.receivedSeq} as it was received. Two boxes run as agent ` +
      `${sender.agent}, or it was restored from a copy. Give the right one a new epoch in the tenant file and apply that.`
    return refuse('chain_forked', text, seq, { evidence: true, quarantine: true })
  }
  return null
}

function bodyRefusal(given: BatchFault): RefusalCode {
  switch (given.code) {
    case 'batch_too_large':
      return 'too_large'
    case 'batch_signature_invalid':
      return 'signature_invalid'
    default:
      return given.code
  }
}

/** What a quarantined agent and its operator are told. */
export function quarantineText(sender: Sender, reason: string): string {
  return `Agent ${sender.agent} is quarantined: ${reason}`
}

/** A refusal that is permanent, unless said otherwise, and has no further consequences, unless said. */
export function refuse(
  code: RefusalCode,
  message: string,
  seq: number,
  consequences: { permanent?: boolean; evidence?: boolean; quarantine?: boolean },
): { readonly kind: 'refuse'; readonly refusal: RefusalDecision } {
  const { permanent = true, evidence = false, quarantine = false } = consequences
  return { kind: 'refuse', refusal: { code, message, seq, permanent, evidence, quarantine } }
}
