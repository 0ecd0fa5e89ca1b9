import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { LegPosting } from '@meterline/shared/model/log-entry.ts'
import { assertBalanced, netEntries, type LedgerEntry } from '../ledger/entry.ts'
import { usageSold, type Relation } from '../ledger/templates.ts'
import { finishBlock, type RatedBlock, type SegmentBuilder } from './segment-builder.ts'

/** What one batch does to the books of one partition: one ledger transaction. */
export interface RatedPartition {
  readonly partition: string
  /** Sorted by segment key. */
  readonly blocks: readonly RatedBlock[]
  /** One per seller, buyer and currency, sorted so; each commits to its blocks, in their order, by a Merkle-sum root. */
  readonly postings: readonly LegPosting[]
  /** Netted per entity, currency and account; balanced in every entity's books. */
  readonly entries: readonly LedgerEntry[]
}

/** The blocks behind one posting. */
interface OpenPosting {
  readonly relation: Relation
  readonly blocks: RatedBlock[]
}

/** Turns the charged segments of a batch, given in the order of their keys, into ledger transactions per partition. */
export function ratedPartitions(segments: readonly SegmentBuilder[], batchIndex: number): readonly RatedPartition[] {
  const partitions = new Map<string, Map<string, OpenPosting>>()
  for (const builder of segments) {
    const { leg } = builder
    const postings = partitions.get(leg.partition) ?? new Map<string, OpenPosting>()
    partitions.set(leg.partition, postings)
    // No identifier holds a space, so these sort and tell apart like the three texts themselves.
    const key = `${leg.seller} ${leg.buyer} ${leg.currency}`
    const posting = postings.get(key) ?? { relation: leg, blocks: [] }
    postings.set(key, posting)
    posting.blocks.push(finishBlock(builder, batchIndex))
  }
  return [...partitions].toSorted(byName).map(([partition, postings]) => ratedPartition(partition, postings))
}

function ratedPartition(partition: string, open: ReadonlyMap<string, OpenPosting>): RatedPartition {
  const sorted = [...open].toSorted(byName).map(([, posting]) => posting)
  const postings = sorted.map(postingOf)
  const entries = netEntries(
    sorted.flatMap(({ relation }, index) => usageSold(relation, postings[index]?.amountMicros ?? 0n)),
  )
  assertBalanced(entries)
  const blocks = sorted.flatMap((posting) => posting.blocks)
  return {
    partition,
    blocks: blocks.toSorted((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1)),
    postings,
    entries,
  }
}

function postingOf({ relation: { seller, buyer, currency }, blocks }: OpenPosting): LegPosting {
  const root = sumRoot(blocks.map(({ leaf }) => leaf))
  return { seller, buyer, currency, amountMicros: root.sum, sumRoot: root.hash }
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}
