import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { LegPosting } from '@meterline/shared/model/log-entry.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { assertBalanced, netEntries, type LedgerEntry } from '../ledger/entry.ts'
import { preratingDrift, usageSold, type Relation } from '../ledger/templates.ts'
import type { Drift } from './drift.ts'
import { finishBlock, type RatedBlock, type SegmentBuilder } from './segment-builder.ts'

/** What one batch does to the books of one partition: one ledger transaction. */
export interface RatedPartition {
  readonly partition: string
  /** Sorted by segment key. */
  readonly blocks: readonly RatedBlock[]
  /** One per seller, buyer and currency, sorted so; each commits to its blocks, in their order, by a Merkle-sum root. */
  readonly postings: readonly LegPosting[]
  /** In which periods of which relations it charged, each once. */
  readonly charged: readonly ChargedRelation[]
  /** Netted per entity, currency and account; balanced in every entity's books. */
  readonly entries: readonly LedgerEntry[]
}

/** A billing period in which something was charged between a seller and a buyer in a currency. */
export interface ChargedRelation {
  /** Key of the period. */
  readonly period: string
  readonly seller: string
  readonly buyer: string
  readonly currency: string
}

/** The blocks behind one posting, and the keys of the periods they belong to. */
interface OpenPosting {
  readonly relation: Relation
  readonly blocks: RatedBlock[]
  readonly periods: Set<string>
}

/**
 * Turns the charged segments of a batch, given in the order of their keys, and what drifted in pre-rating them into ledger
 * transactions per partition.
 */
export function ratedPartitions(
  segments: readonly SegmentBuilder[],
  batchIndex: number,
  drifts: readonly Drift[],
): readonly RatedPartition[] {
  const partitions = new Map<string, Map<string, OpenPosting>>()
  // The segments of one leg follow each other, so mostly the posting is that of the segment before.
  let leg: SegmentBuilder['leg'] | null = null
  let posting: OpenPosting | null = null
  let periodKey = ''
  for (const builder of segments) {
    if (builder.leg !== leg || posting === null || builder.period.key !== periodKey) {
      leg = builder.leg
      periodKey = builder.period.key
      posting = postingFor(partitions, leg)
      posting.periods.add(periodKey)
    }
    posting.blocks.push(finishBlock(builder, batchIndex))
  }
  return [...partitions].toSorted(byName).map(([partition, postings]) => {
    const own = drifts.filter((drift) => drift.partition === partition)
    return ratedPartition(partition, postings, own)
  })
}

/** A block that was made otherwise than by rating a batch, and whose books it concerns. */
export interface PostedBlock {
  readonly leg: PostedLeg
  readonly block: RatedBlock
}

/** Who sells to whom, and in which partition. */
export type PostedLeg = Relation & { readonly partition: string }

/** The same for blocks that are made already, in the order of their segments' keys. */
export function postedPartitions(blocks: readonly PostedBlock[]): readonly RatedPartition[] {
  const partitions = new Map<string, Map<string, OpenPosting>>()
  for (const { leg, block } of blocks) {
    const posting = postingFor(partitions, leg)
    posting.periods.add(parseSegmentKey(block.segmentKey).periodKey)
    posting.blocks.push(block)
  }
  return [...partitions].toSorted(byName).map(([partition, postings]) => ratedPartition(partition, postings, []))
}

function postingFor(partitions: Map<string, Map<string, OpenPosting>>, leg: PostedLeg): OpenPosting {
  const postings = partitions.get(leg.partition) ?? new Map<string, OpenPosting>()
  partitions.set(leg.partition, postings)
  // No identifier holds a space, so these sort and tell apart like the three texts themselves.
  const key = `${leg.seller} ${leg.buyer} ${leg.currency}`
  const posting = postings.get(key) ?? { relation: leg, blocks: [], periods: new Set<string>() }
  postings.set(key, posting)
  return posting
}

function ratedPartition(
  partition: string,
  open: ReadonlyMap<string, OpenPosting>,
  drifts: readonly Drift[],
): RatedPartition {
  const sorted = [...open].toSorted(byName).map(([, posting]) => posting)
  const postings = sorted.map(postingOf)
  const entries = netEntries([
    ...sorted.flatMap(({ relation }, index) => usageSold(relation, postings[index]?.amountMicros ?? 0n)),
    ...drifts.flatMap(driftEntries),
  ])
  assertBalanced(entries)
  const blocks = sorted.flatMap((posting) => posting.blocks)
  return {
    partition,
    blocks: blocks.toSorted((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1)),
    postings,
    charged: sorted.flatMap(chargedIn),
    entries,
  }
}

/** What a drift adds to the memorandum accounts of the seller. */
export function driftEntries({ seller, currency, shortMicros, excessMicros }: Drift): readonly LedgerEntry[] {
  return preratingDrift(seller, currency, shortMicros - excessMicros)
}

function chargedIn({ relation: { seller, buyer, currency }, periods }: OpenPosting): readonly ChargedRelation[] {
  return [...periods].toSorted().map((period) => ({ period, seller, buyer, currency }))
}

function postingOf({ relation: { seller, buyer, currency }, blocks }: OpenPosting): LegPosting {
  const root = sumRoot(blocks.map(({ leaf }) => leaf))
  return { seller, buyer, currency, amountMicros: root.sum, sumRoot: root.hash }
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}
