import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { openSigningKey, type SigningKey } from '@meterline/shared/integrity/signature.ts'
import {
  encodeSnapshotPart,
  snapshotMeterJson,
  snapshotPlanJson,
  snapshotPriceJson,
  type SnapshotMeter,
  type SnapshotPlan,
  type SnapshotPrice,
} from '@meterline/shared/model/snapshot-part.ts'
import {
  encodeSnapshot,
  snapshotHash,
  snapshotSignatureContext,
  type Snapshot,
} from '@meterline/shared/model/snapshot.ts'
import {
  bindingsSignatureContext,
  encodeSubjectBindings,
  type PlanBinding,
} from '@meterline/shared/model/subject-bindings.ts'
import type {
  AggregatorMessage,
  PartRequest,
  SnapshotMessage,
  SubjectAnswer,
  SubjectRequest,
} from '@meterline/shared/wire/messages.ts'
import type { StoredPart } from '../../store/snapshot-tables.ts'

/** What a test puts into a snapshot: each of these lists becomes a part, each price one of its own. */
export interface ShelfContent {
  readonly version: number
  readonly tenant?: string
  readonly bindingsHash?: string
  readonly meters?: readonly SnapshotMeter[]
  readonly prices: readonly SnapshotPrice[]
  readonly plans: readonly SnapshotPlan[]
}

/** A price of `data.bytes` per byte; `letter` makes its id. */
export function bytePrice(letter: string, amount: string): SnapshotPrice {
  return { id: letter.repeat(64), meter: 'data.bytes', currency: 'EUR', price: { model: 'per-unit', amount, per: '1' } }
}

/** A plan of one price for ever. */
export function flatPlan(id: string, price: SnapshotPrice): SnapshotPlan {
  return { id, spans: [{ fromMs: null, prices: [price.id] }] }
}

/** An aggregator's snapshots and subjects, for the scripted one to answer from. */
export class SnapshotShelf {
  readonly #key: SigningKey
  readonly #parts = new Map<string, Uint8Array>()
  /** What it says of subjects; of all others that nobody knows them. */
  readonly subjects = new Map<string, readonly PlanBinding[]>()
  version = 0
  tenant = 'acme'
  bindingsHash = 'b0'.repeat(32)
  /** Parts that were asked for, and subjects. */
  readonly askedParts: string[] = []
  readonly askedSubjects: string[] = []

  constructor(privatePem: string) {
    this.#key = openSigningKey(privatePem)
  }

  /** Puts a snapshot's parts on the shelf; gives the signed snapshot. */
  offer(content: ShelfContent): SnapshotMessage {
    const { meters = [{ id: 'data.bytes', unit: 'byte' }] } = content
    const parts = [
      encodeSnapshotPart('meters', meters.map(snapshotMeterJson)),
      ...content.prices.map((price) => encodeSnapshotPart('prices', [snapshotPriceJson(price)])),
      encodeSnapshotPart('plans', content.plans.map(snapshotPlanJson)),
    ]
    this.version = content.version
    this.bindingsHash = content.bindingsHash ?? this.bindingsHash
    return this.sign({
      format: 2,
      tenant: content.tenant ?? this.tenant,
      version: content.version,
      bindingsHash: this.bindingsHash,
      parts: parts.map((bytes) => this.#put(bytes)),
      unknownSubject: 'journal',
    })
  }

  sign(snapshot: Snapshot): SnapshotMessage {
    const bytes = encodeSnapshot(snapshot)
    return { kind: 'snapshot', bytes, signature: this.#key.sign(snapshotSignatureContext, snapshotHash(bytes)) }
  }

  /** A part of rows, to be named by a price. */
  rows(rows: readonly JsonValue[]): string {
    return this.#put(encodeSnapshotPart('rows', rows)).hash
  }

  /** All parts, as a journal holds them. */
  stored(): readonly StoredPart[] {
    return [...this.#parts.values()].map((bytes) => ({ hash: sha256(bytes), bytes }))
  }

  readonly answer = (request: PartRequest | SubjectRequest): readonly AggregatorMessage[] => {
    if (request.kind === 'subject-request') return [this.tell(request.subjects)]
    const names = request.hashes.map(toHex)
    this.askedParts.push(...names)
    return names.flatMap((name) => {
      const bytes = this.#parts.get(name)
      return bytes === undefined ? [] : [{ kind: 'snapshot-part' as const, bytes }]
    })
  }

  /** The signed answer about subjects. */
  tell(subjects: readonly string[]): SubjectAnswer {
    this.askedSubjects.push(...subjects)
    const { tenant, version, bindingsHash } = this
    const rows = subjects.map((subject) => ({ subject, bindings: this.subjects.get(subject) ?? [] }))
    const bytes = encodeSubjectBindings({ format: 1, tenant, version, bindingsHash, subjects: rows })
    return { kind: 'subject-answer', bytes, signature: this.#key.sign(bindingsSignatureContext, sha256(bytes)) }
  }

  #put(bytes: Uint8Array): Snapshot['parts'][number] {
    const hash = toHex(sha256(bytes))
    this.#parts.set(hash, bytes)
    return { hash, bytes: bytes.length }
  }
}
