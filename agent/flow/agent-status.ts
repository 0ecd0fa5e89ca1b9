import type { Fault } from '@meterline/shared/base/errors.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { JournalIdentity } from '../store/journal.ts'
import type { Ingest } from './ingest.ts'
import type { JournalCounters, JournalStatus } from './journal-port.ts'
import { logStatus, type LogStatus } from './keep-checkpoints.ts'
import type { UplinkStatus } from './uplink-status.ts'

/** Everything `status` shows, as plain JSON data: hashes in hexadecimal, times in epoch milliseconds. */
export interface AgentStatus {
  readonly tenant: string
  readonly agent: string
  readonly epoch: number
  readonly publicKey: string
  readonly uplink: UplinkStatus
  /** Sealed batches that wait for their receipts. */
  readonly outbox: JournalStatus['outbox']
  /** Batches that have their receipts and are kept to be sent again, should the aggregator lose them. */
  readonly retained: JournalStatus['retained']
  /** What was verified of the aggregator's log, and what contradicted it. */
  readonly log: LogStatus
  /** The batch that is growing. */
  readonly open: JournalStatus['open']
  readonly chain: {
    readonly sealedSeq: number
    readonly sealedHash: string
    readonly settledSeq: number
    readonly lastLogIndex: number | null
  }
  readonly snapshot: { readonly version: number; readonly hash: string } | null
  readonly subjects: JournalStatus['subjects']
  readonly counters: JournalCounters
  readonly intake: {
    readonly refusedDeliveries: number
    readonly waitingDeliveries: number
    readonly lastFault: Fault | null
  }
  readonly suspense: JournalStatus['suspense']
  /** How the journal was recovered from others, newest first. */
  readonly recoveries: JournalStatus['recoveries']
  readonly files: JournalStatus['files']
  /** Why the agent cannot go on, or null. */
  readonly failure: Fault | null
}

/** Puts together what journal, uplink and intake say of themselves. */
export function agentStatus(
  identity: JournalIdentity,
  publicKey: string,
  journal: JournalStatus,
  uplink: UplinkStatus,
  ingest: Ingest,
): AgentStatus {
  const { chain, snapshot } = journal
  return {
    tenant: identity.tenant,
    agent: identity.agent,
    epoch: identity.epoch,
    publicKey,
    uplink,
    outbox: journal.outbox,
    retained: journal.retained,
    log: logStatus(journal.log, journal.log.evidence),
    open: journal.open,
    chain: {
      sealedSeq: chain.sealedSeq,
      sealedHash: toHex(chain.sealedHash),
      settledSeq: chain.settledSeq,
      lastLogIndex: journal.lastLogIndex,
    },
    snapshot: snapshot === null ? null : { version: snapshot.version, hash: toHex(snapshot.hash) },
    subjects: journal.subjects,
    counters: journal.counters,
    intake: {
      refusedDeliveries: ingest.refusedDeliveries,
      waitingDeliveries: ingest.waitingDeliveries,
      lastFault: ingest.lastFault,
    },
    suspense: journal.suspense,
    recoveries: journal.recoveries,
    files: journal.files,
    failure: journal.failure,
  }
}
