import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import {
  openRestore,
  type RestoreDeclaration,
  type SignedRestore,
} from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointMessage, HeldCheckpoint } from '@meterline/shared/wire/messages.ts'
import {
  isContradiction,
  judgeCheckpoint,
  type CheckpointFaultCode,
  type LogTrust,
} from '../domain/checkpoint-trust.ts'
import type { TakeBackOrder, TakeBackOutcome } from '../domain/uplink-types.ts'
import type { LogEvidence } from '../store/log-trust-table.ts'
import type { JournalClient } from './journal-client.ts'
import type { StoreFault } from './journal-port.ts'

/**
 * Holds the aggregator to its word: verifies each checkpoint of the log against the newest one before, has it stored,
 * and keeps both when they contradict each other.
 */
export class CheckpointKeeper {
  readonly #journal: JournalClient
  readonly #aggregatorKey: string
  readonly #tenant: string
  readonly #clock: Clock
  readonly #log: Log
  #trust: LogTrust
  /** What the last welcome showed of a restore. */
  #shown: SignedRestore | null = null

  constructor(parts: {
    /** What the journal holds. */
    readonly held: LogTrust
    readonly journal: JournalClient
    readonly aggregatorKey: string
    readonly tenant: string
    readonly clock: Clock
    readonly log: Log
  }) {
    this.#journal = parts.journal
    this.#aggregatorKey = parts.aggregatorKey
    this.#tenant = parts.tenant
    this.#clock = parts.clock
    this.#log = parts.log
    this.#trust = parts.held
  }

  /** What is known of the log now; the newest of it may still be on its way into the journal. */
  get trust(): LogTrust {
    return this.#trust
  }

  /** What the hello says is held; null before the first checkpoint. */
  get held(): HeldCheckpoint | null {
    const { generation, head } = this.#trust
    return head === null ? null : { generation, size: head.size, root: head.root }
  }

  /** Verifies a checkpoint. Null: it continues what was verified and is kept. Otherwise the log is doubted from now on. */
  take(message: CheckpointMessage): Fault<CheckpointFaultCode> | null {
    const trust = this.#trust
    const judged = judgeCheckpoint(message, { aggregatorKey: this.#aggregatorKey, tenant: this.#tenant, trust })
    if (!judged.ok) return this.#doubt(message, judged.fault)
    const head = judged.value
    const isNews = trust.doubted || trust.head?.size !== head.size || trust.head.note === null
    this.#trust = { ...trust, head, doubted: false }
    if (isNews) this.#journal.keepVerifiedHead(head)
    return null
  }

  /** Reads what a welcome shows of a restore; the tenant and generation in it are for the caller to compare. */
  readRestore(restore: SignedRestore | null): Result<RestoreDeclaration, Fault> | null {
    this.#shown = restore
    return restore === null ? null : openRestore(restore, this.#aggregatorKey)
  }

  /** Takes settled batches back and goes over to the generation of the order. */
  takeBack(order: TakeBackOrder, done: (outcome: Result<TakeBackOutcome, StoreFault>) => void): void {
    this.#journal.takeBack(order, (outcome) => {
      if (outcome.ok && outcome.value === 'done') {
        this.#trust = order.trust
        const { generation, head } = order.trust
        this.#log.warn('the aggregator was restored from a backup', {
          generation,
          keptEntries: head?.size ?? 0,
          sentAgainFromSeq: order.toSeq + 1,
        })
      }
      done(outcome)
    })
  }

  /**
   * The restore that was shown last, and signed, kept another log than the verified one. It is kept as evidence: its JSON
   * as it was signed, and on a line of its own the signature in base64.
   */
  contradictedByRestore(why: Fault<CheckpointFaultCode>): void {
    const shown = this.#shown
    assertThat(shown !== null, 'only a declaration that was shown contradicts anything')
    const { bytes, signature } = shown
    const declared = openRestore(shown, this.#aggregatorKey)
    assertThat(declared.ok, 'what nobody signed contradicts nothing')
    const offeredGeneration = declared.value.generation
    const offeredNote = `${Buffer.from(bytes).toString('utf8')}\n${Buffer.from(signature).toString('base64')}\n`
    this.#log.error('a restore contradicts the verified log', { ...why, restore: offeredNote })
    this.#keep(this.#evidence({ offeredGeneration, offeredNote, fromSize: 0, consistency: new Uint8Array(0) }, why))
  }

  #doubt(message: CheckpointMessage, why: Fault<CheckpointFaultCode>): Fault<CheckpointFaultCode> {
    const { generation, note, fromSize, consistency } = message
    const proof = Buffer.concat(consistency)
    const offered = { offeredGeneration: generation, offeredNote: note, fromSize, consistency: proof }
    const evidence = isContradiction(why.code) ? this.#evidence(offered, why) : null
    this.#log.error('a checkpoint cannot be relied on', { ...why, note, verifiedNote: evidence?.heldNote ?? null })
    this.#keep(evidence)
    return why
  }

  #evidence(offered: Offered, why: Fault<CheckpointFaultCode>): LogEvidence {
    const { generation, head } = this.#trust
    return {
      atMs: this.#clock.wallMs(),
      code: why.code,
      message: why.message,
      heldGeneration: generation,
      heldSize: head?.size ?? null,
      heldRoot: head?.root ?? null,
      heldNote: head?.note ?? null,
      ...offered,
    }
  }

  #keep(evidence: LogEvidence | null): void {
    this.#trust = { ...this.#trust, doubted: true }
    this.#journal.doubtLog(evidence, (storeFault) => {
      if (storeFault !== null) this.#log.error('the evidence is not stored', { ...storeFault })
    })
  }
}

/** What contradicts the verified log. */
type Offered = Pick<LogEvidence, 'offeredGeneration' | 'offeredNote' | 'fromSize' | 'consistency'>

/** What `status` shows of the log: hashes in hexadecimal. */
export interface LogStatus {
  readonly generation: number
  /** The newest verified head; null before the first checkpoint. */
  readonly checkpoint: { readonly size: number; readonly root: string } | null
  /** Nothing is sent and no settled batch let go until a checkpoint continues the verified log again. */
  readonly doubted: boolean
  /** Notes that contradict each other, under the aggregator's own signature. */
  readonly evidence: readonly {
    readonly atMs: number
    readonly code: string
    readonly message: string
    readonly heldSize: number | null
    readonly heldNote: string | null
    readonly offeredNote: string
  }[]
}

/** Puts together what `status` shows of the log. */
export function logStatus({ generation, head, doubted }: LogTrust, evidence: readonly LogEvidence[]): LogStatus {
  return {
    generation,
    checkpoint: head === null ? null : { size: head.size, root: toHex(head.root) },
    doubted,
    evidence: evidence.map(({ atMs, code, message, heldSize, heldNote, offeredNote }) => {
      return { atMs, code, message, heldSize, heldNote, offeredNote }
    }),
  }
}
