import { sha256 } from '@meterline/shared/integrity/hash.ts'
import type { BatchHeader, DecodedBatch } from '@meterline/shared/model/batch.ts'
import { decodeHeader } from '@meterline/shared/model/batch-codec.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { AggregatorMessage, BatchMessage } from '@meterline/shared/wire/messages.ts'
import type { BatchRow, Chain, ReceivedBatch } from '../store/batch-table.ts'
import type { EvidenceRow } from '../store/evidence-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ChainWrite } from '../store/writes.ts'
import { admitUnits, encodeAdmission } from './admission.ts'
import type { Admission } from './admission.ts'
import { decideBatch, emptyChain, refuse } from './decide-batch.ts'
import type { RefusalDecision, RegisteredAgent, Sender, Standing } from './decide-batch.ts'

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
  readonly agent: string
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
    const { admission, keysStaged } = admitUnits(this.#store.keys, sender.tenant, decoded, logIndex)
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
    this.admitted.push({ logIndex, agent: sender.agent, decoded, admission })
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
