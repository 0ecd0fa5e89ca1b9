import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { decodeHeader } from '@meterline/shared/model/batch-codec.ts'
import type { BatchRow, Summed } from '../store/outbox-tables.ts'
import { batchFault } from './check-chain.ts'
import { batchRow, type Source } from './recover-source.ts'

/** What the aggregator has of one epoch of an agent, as its `status` says. */
export interface ReceivedPoint {
  /** Null: the newest epoch of the sources. */
  readonly epoch: number | null
  /** The last batch it has; 0: none. */
  readonly seq: number
  /** The first bytes of that batch's hash, at least four; null when nobody looked. */
  readonly hash: Uint8Array | null
}

/**
 * The last batch of a source that need not be carried over, because the aggregator has it and all before it.
 *
 * Where nobody says what the aggregator has, that is the last one it gave a receipt for. Where somebody says so, receipts
 * count for nothing: books that were restored from a backup have less, and of two copies of one disk they may have followed
 * the other one since. The hash then tells whose chain they follow; without it that may be any that is long enough. A
 * source that they do not follow has in common with them what its chain has in common with one that they do. What cannot be
 * told is carried over: the aggregator recognises by its id what it has after all.
 */
export function settledUpTo(source: Source, received: readonly ReceivedPoint[], sources: readonly Source[]): number {
  const settled = settledSeqOf(source)
  const newest = Math.max(...sources.map(({ owner }) => owner?.epoch ?? 0))
  const epochOf = ({ owner }: Source): number => owner?.epoch ?? newest
  const point = received.find(({ epoch }) => (epoch ?? newest) === epochOf(source))
  if (point === undefined) return settled
  const claimants = sources.filter((each) => epochOf(each) === epochOf(source))
  const followed = claimants.filter((each) => isFollowed(each, point, claimants.length > 1))
  if (followed.length === 0) return Math.min(settled, point.seq)
  if (followed.includes(source) && (point.hash !== null || followed.length === 1)) return point.seq
  const others = followed.filter((each) => each !== source)
  return Math.min(...others.map((other) => lastInCommon(source, other, point.seq)))
}

/** Up to where the source itself knew of receipts. */
export function settledSeqOf(source: Source): number {
  return source.chain?.settledSeq ?? source.tables.rowids('settled_batch').at(-1) ?? 0
}

/** The rows of batches that are what was stored, settled ones too; the chunks of others may be salvaged without them. */
export function readableBatches(source: Source): Summed<BatchRow>[] {
  const epoch = source.owner?.epoch ?? 0
  return [...source.tables.rows('batch')].flatMap(({ values }) => {
    if (typeof values === 'string') return []
    const batch = batchRow(values)
    return typeof batchFault(batch, { epoch }) === 'string' ? [] : [batch]
  })
}

/** Whether the aggregator may follow the chain of this source. Of the only one there is that is believed where nothing tells. */
function isFollowed(source: Source, { seq, hash }: ReceivedPoint, isOneOfSeveral: boolean): boolean {
  const isLongEnough = source.chain === null || source.chain.sealedSeq >= seq
  if (hash === null) return !isOneOfSeveral || isLongEnough
  const own = batchHashes(source).get(seq)
  if (own === undefined) return !isOneOfSeveral && isLongEnough
  return equalBytes(own.subarray(0, hash.length), hash)
}

/** The last batch up to `seq` that two chains have in common, as far as both can be read. */
function lastInCommon(source: Source, other: Source, seq: number): number {
  const own = batchHashes(source)
  const others = batchHashes(other)
  const common = [...own].filter(([at, hash]) => {
    const held = others.get(at)
    return at <= seq && held !== undefined && equalBytes(hash, held)
  })
  // Each batch names the one before it: where one is the same, all before it are.
  if (common.length > 0) return Math.max(...common.map(([at]) => at))
  const oldest = readableBatches(source)[0]?.seq ?? settledSeqOf(source) + 1
  return Math.min(seq, oldest - 1)
}

/** The hashes of a chain, by number, as far as its rows tell them: a batch also tells that of the one before it. */
function batchHashes(source: Source): ReadonlyMap<number, Uint8Array> {
  const hashes = new Map<number, Uint8Array>()
  for (const { seq, header, batchHash } of readableBatches(source)) {
    const read = decodeHeader(header)
    if (read.ok) hashes.set(seq - 1, read.value.previousHash)
    hashes.set(seq, batchHash)
  }
  const { chain } = source
  if (chain === null) return hashes
  return hashes.set(chain.settledSeq, chain.settledHash).set(chain.sealedSeq, chain.sealedHash)
}
