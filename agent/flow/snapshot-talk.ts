import {
  snapshotFeature,
  type PartRequest,
  type SnapshotMessage,
  type SnapshotPartMessage,
  type SubjectAnswer,
  type SubjectRequest,
} from '@meterline/shared/wire/messages.ts'

/** Who listens to what the aggregator says of snapshots and subjects. */
export interface SnapshotListener {
  snapshotOffered(message: SnapshotMessage): void
  partCame(bytes: Uint8Array): void
}

/** Who asks about subjects: told when that can begin, and what came of it. */
export interface SubjectListener {
  /** A session has begun in which requests are answered. */
  welcomed(): void
  answered(answer: SubjectAnswer): void
}

/** What agent and aggregator say to each other of snapshots and subjects, beside the batches and in the same session. */
export class SnapshotTalk {
  readonly #isAccepted: () => boolean
  readonly #send: (request: PartRequest | SubjectRequest) => void
  #features: readonly string[] = []
  #heldHash: Uint8Array = new Uint8Array(0)
  #snapshots: SnapshotListener | null = null
  #subjects: SubjectListener | null = null

  /** `isAccepted`: whether there is a session in which the aggregator has accepted the agent. */
  constructor(isAccepted: () => boolean, send: (request: PartRequest | SubjectRequest) => void) {
    this.#isAccepted = isAccepted
    this.#send = send
  }

  /** SHA-256 of the snapshot in force, which the next hello names; empty without one. */
  get heldHash(): Uint8Array {
    return this.#heldHash
  }

  /** Says which snapshot the next hello names. */
  holds(hash: Uint8Array): void {
    this.#heldHash = hash
  }

  listenToSnapshots(listener: SnapshotListener): void {
    this.#snapshots = listener
  }

  listenToSubjects(listener: SubjectListener): void {
    this.#subjects = listener
  }

  /** Whether requests are answered now. */
  get takesRequests(): boolean {
    return this.#isAccepted() && this.#features.includes(snapshotFeature)
  }

  /** Sends a request if there is anybody to take it; otherwise it is lost, and is made again in the next session. */
  request(request: PartRequest | SubjectRequest): void {
    // There is one of each kind at a time: whether the transport has room is for the batches to ask.
    if (this.takesRequests) this.#send(request)
  }

  /** The aggregator has said what it takes. */
  welcomed(features: readonly string[]): void {
    this.#features = features
    if (this.takesRequests) this.#subjects?.welcomed()
  }

  heard(message: SnapshotMessage | SnapshotPartMessage | SubjectAnswer): void {
    if (message.kind === 'snapshot') this.#snapshots?.snapshotOffered(message)
    else if (message.kind === 'snapshot-part') this.#snapshots?.partCame(message.bytes)
    else this.#subjects?.answered(message)
  }
}
