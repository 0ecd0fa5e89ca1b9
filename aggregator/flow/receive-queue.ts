import type { QueuedBatch } from './edge-session.ts'

/** Batches received in one transaction, and rated in one. */
export const groupBatches = 8
/**
 * A group is cut off after this many bytes. No unit is smaller than 17 bytes, so a group of more than one batch holds at
 * most 30,840 events and a single batch at most 16,384: see `keysPerGroup`.
 */
const groupBytes = 512 * 1024
/** The most event keys that one group can bring. */
export const keysPerGroup = 32_768
/** What waits in memory at most. */
const queueBytes = 64 * 1024 * 1024

/** Batches of one tenant that wait to be received, in the order they came. */
export class ReceiveQueue {
  #batches: QueuedBatch[] = []
  #bytes = 0

  get length(): number {
    return this.#batches.length
  }

  /** Takes a batch; false when too much waits already. */
  push(batch: QueuedBatch): boolean {
    const bytes = bytesOf(batch)
    if (this.#bytes + bytes > queueBytes) return false
    this.#batches.push(batch)
    this.#bytes += bytes
    return true
  }

  /** The batches to receive next, in one transaction. */
  takeGroup(): readonly QueuedBatch[] {
    const group: QueuedBatch[] = []
    let groupSize = 0
    let taken = 0
    for (const batch of this.#batches) {
      const bytes = bytesOf(batch)
      if (group.length === groupBatches || (group.length > 0 && groupSize + bytes > groupBytes)) break
      taken += 1
      this.#bytes -= bytes
      // What a session left behind when it was refused is of no use to anyone.
      if (batch.session.wasRefused) continue
      group.push(batch)
      groupSize += bytes
    }
    this.#batches = this.#batches.slice(taken)
    return group
  }

  clear(): void {
    this.#batches = []
    this.#bytes = 0
  }
}

function bytesOf({ message }: QueuedBatch): number {
  return message.header.length + message.body.length
}
