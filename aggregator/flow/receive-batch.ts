import { equalBytes, sha256 } from '@meterline/shared/integrity/hash.ts'
import type { BatchFault, BatchHeader, DecodedBatch } from '@meterline/shared/model/batch.ts'
import { batchHashOf, decodeHeader, openBatchBody, verifyBatchSignature } from '@meterline/shared/model/batch-codec.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { AggregatorMessage, BatchMessage, RefusalCode } from '@meterline/shared/wire/messages.ts'
import type { BatchRow, Chain, ReceivedBatch } from '../store/batch-table.ts'
import type { EvidenceRow } from '../store/evidence-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ChainWrite } from '../store/writes.ts'
import { admitUnits, encodeAdmission } from './admission.ts'
import type { Admission } from './admission.ts'

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

function refuse(
  code: RefusalCode,
  message: string,
  seq: number,
  consequences: { permanent?: boolean; evidence?: boolean; quarantine?: boolean },
): { readonly kind: 'refuse'; readonly refusal: RefusalDecision } {
  const { permanent = true, evidence = false, quarantine = false } = consequences
  return { kind: 'refuse', refusal: { code, message, seq, permanent, evidence, quarantine } }
}

/** A batch that waits to be received. */
export interface WaitingBatch {
  readonly sender: Sender
  readonly message: BatchMessage
}

/** What the sender of a waiting batch is to be told, after the commit. */
export interface BatchAnswer {
  readonly message: AggregatorMessage
  readonly ends: boolean
}

/** A batch that was stored just now, decoded, for the rating that follows. */
export interface AdmittedBatch {
  readonly logIndex: number
  readonly decoded: DecodedBatch
  readonly admission: Admission
}

/** What came of receiving a group; `answers` are in the order of the group, null for a batch behind a refused one. */
export interface Received {
  readonly answers: readonly (BatchAnswer | null)[]
  readonly admitted: readonly AdmittedBatch[]
}

/**
 * Receives a group of batches in one transaction: log entry, body, event keys, what was not admitted, high-water marks
 * and evidence. Nothing may be told to anyone before it returns.
 */
export function receiveBatches(
  store: TenantStore,
  registeredAgent: (agent: string) => RegisteredAgent | null,
  waiting: readonly WaitingBatch[],
  receivedMs: number,
): Received {
  const group = new ReceiveGroup(store, registeredAgent, receivedMs)
  const answers = waiting.map((batch) => group.take(batch))
  group.commit()
  return { answers, admitted: group.admitted }
}

/** What one group has decided so far: later batches of the group stand on the earlier ones. */
class ReceiveGroup {
  readonly admitted: AdmittedBatch[] = []
  readonly #store: TenantStore
  readonly #registeredAgent: (agent: string) => RegisteredAgent | null
  readonly #receivedMs: number
  readonly #logSize: number
  readonly #entries: Uint8Array[] = []
  readonly #batches: BatchRow[] = []
  readonly #evidence: EvidenceRow[] = []
  readonly #chains = new Map<string, ChainWrite>()
  /** Sessions (each has a sender of its own) that were refused something in this group: what they sent after it is not looked at. */
  readonly #refused = new Set<Sender>()
  #keysStaged = 0

  constructor(store: TenantStore, registeredAgent: (agent: string) => RegisteredAgent | null, receivedMs: number) {
    this.#store = store
    this.#registeredAgent = registeredAgent
    this.#receivedMs = receivedMs
    this.#logSize = store.log.size
  }

  take({ sender, message }: WaitingBatch): BatchAnswer | null {
    if (this.#refused.has(sender)) return null
    const header = decodeHeader(message.header)
    if (!header.ok) {
      const decision = refuse('batch_malformed', header.fault.message, 0, { evidence: true })
      return this.#refuse(decision.refusal, sender, message, null)
    }
    const standing = this.#standingOf(sender, header.value)
    const decision = decideBatch(message, sender, header.value, standing)
    switch (decision.kind) {
      case 'accept':
        return this.#accept(sender, message, decision.header, decision.batchHash, decision.decoded)
      case 'again':
        return { message: receiptOf(decision.header, decision.received), ends: false }
      case 'refuse':
        return this.#refuse(decision.refusal, sender, message, standing.registered)
    }
  }

  commit(): void {
    const units = this.#batches.reduce((sum, batch) => sum + batch.unitCount, 0)
    const records = this.#batches.reduce((sum, batch) => sum + batch.recordCount, 0)
    const duplicates = this.admitted.reduce((sum, batch) => sum + batch.admission.duplicates.length, 0)
    const conflicts = this.admitted.reduce((sum, batch) => sum + batch.admission.conflicts.length, 0)
    // A group of nothing but repetitions has nothing to write.
    if (this.#batches.length === 0 && this.#evidence.length === 0 && this.#chains.size === 0) return
    this.#store.commitReceived(
      {
        entries: this.#entries,
        batches: this.#batches,
        chains: [...this.#chains.values()],
        evidence: this.#evidence,
        counted: { batches: this.#batches.length, units, records, duplicates, conflicts },
        receivedMs: this.#receivedMs,
        keysStaged: this.#keysStaged,
      },
      { logSize: this.#logSize },
    )
  }

  #standingOf(sender: Sender, header: BatchHeader): Standing {
    const { agent } = sender
    const chain = this.#chainOf(agent, header.epoch)
    const inGroup = this.#batches.find(
      (batch) => batch.agent === agent && batch.epoch === header.epoch && batch.seq === header.seq,
    )
    const earlier =
      inGroup ??
      (header.seq <= chain.receivedSeq ? this.#store.batches.received(agent, header.epoch, header.seq) : undefined)
    return { registered: this.#registeredAgent(agent), chain, earlier }
  }

  #chainOf(agent: string, epoch: number): Chain {
    return this.#chains.get(chainKey(agent, epoch))?.chain ?? this.#store.batches.chain(agent, epoch) ?? emptyChain
  }

  #accept(
    sender: Sender,
    message: BatchMessage,
    header: BatchHeader,
    batchHash: Uint8Array,
    decoded: DecodedBatch,
  ): BatchAnswer {
    const logIndex = this.#logSize + this.#entries.length
    const { admission, keysStaged } = admitUnits(this.#store.keys, sender.tenant, decoded.units, logIndex)
    this.#keysStaged += keysStaged
    this.#entries.push(encodeLogEntry({ kind: 'batch', header: message.header, signature: message.signature }))
    this.#batches.push({
      logIndex,
      agent: sender.agent,
      epoch: header.epoch,
      seq: header.seq,
      batchHash,
      unitCount: header.unitCount,
      recordCount: header.recordCount,
      receivedMs: this.#receivedMs,
      admission: encodeAdmission(admission),
      body: message.body,
    })
    this.#saveChain(sender.agent, header.epoch, { receivedSeq: header.seq, chainHash: batchHash, quarantined: null })
    this.admitted.push({ logIndex, decoded, admission })
    return { message: receiptOf(header, { logIndex, batchHash }), ends: false }
  }

  #refuse(
    refusal: RefusalDecision,
    sender: Sender,
    message: BatchMessage,
    registered: RegisteredAgent | null,
  ): BatchAnswer {
    this.#refused.add(sender)
    if (refusal.evidence) this.#evidence.push(evidenceOf(refusal, sender, message, this.#receivedMs))
    if (refusal.quarantine && registered !== null) {
      const chain = this.#chainOf(sender.agent, registered.epoch)
      this.#saveChain(sender.agent, registered.epoch, { ...chain, quarantined: refusal.message })
    }
    const { code, message: text, seq, permanent } = refusal
    return { message: { kind: 'refusal', code, message: text, seq, permanent }, ends: true }
  }

  #saveChain(agent: string, epoch: number, chain: Chain): void {
    this.#chains.set(chainKey(agent, epoch), { agent, epoch, chain })
  }
}

function receiptOf(header: BatchHeader, received: ReceivedBatch): AggregatorMessage {
  const { epoch, seq } = header
  return { kind: 'receipt', epoch, seq, batchHash: received.batchHash, logIndex: received.logIndex }
}

/** A piece of evidence of a refused batch. The very same bytes refused for the same reason are counted once kept. */
export function evidenceOf(
  refusal: { readonly code: string; readonly message: string },
  sender: Sender,
  batch: { readonly header: Uint8Array; readonly signature: Uint8Array; readonly body: Uint8Array },
  seenMs: number,
): EvidenceRow {
  const { header, signature, body } = batch
  return {
    agent: sender.agent,
    code: refusal.code,
    message: refusal.message,
    address: sender.address,
    fingerprint: sha256(Buffer.concat([sha256(header), sha256(signature), sha256(body)])),
    header,
    signature,
    body,
    seenMs,
  }
}

function chainKey(agent: string, epoch: number): string {
  return `${agent} ${epoch}`
}
