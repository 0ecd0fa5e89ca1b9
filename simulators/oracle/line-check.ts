import type { Billed } from './billed-book.ts'
import { roundHalfAway, roundHalfEven } from './rational.ts'
import type { SegmentBlock, SegmentSums } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import { decimalText, sumsTo } from './stored-document.ts'
import type { DocumentLine } from './stored-document.ts'

/** How amounts of a document are rounded. */
export interface LineRounding {
  /** Digits of the currency's minor unit after the point. */
  readonly minorDigits: number
  /** As the document names it. */
  readonly rule: string
}

/** Where a line stands: what documents said of the same before, and what was charged. */
export interface LineContext {
  readonly before: Billed | undefined
  readonly segments: ReadonlyMap<string, SegmentSums>
  readonly rounding: LineRounding
}

type Demand = (holds: boolean, what: string) => void

/**
 * What is wrong with a line of a document (I9): it bills what its charges come to that no document had before, or what is
 * due without any; with all lines before it is what its usage costs, rounded by the named rule as one; and its days and
 * tiers add up to it, with what a minimum or maximum did to the tiers.
 */
export function lineFaults(line: DocumentLine, { before, segments, rounding }: LineContext): readonly string[] {
  const told: string[] = []
  const demand: Demand = (holds, what) => {
    if (!holds) told.push(`${line.segment}: ${what}`)
  }
  const sums = segments.get(line.segment)
  if (sums === undefined) checkUncharged(line, demand)
  else checkCharged(line, before, sums, demand)
  checkRounding(line, before, rounding, demand)
  checkParts(line, before, demand)
  return told
}

function checkCharged(line: DocumentLine, before: Billed | undefined, sums: SegmentSums, demand: Demand): void {
  const { quantity, amountMicros, openingMicros: opening, fromBlock, chargeBlocks } = line
  const billedBlocks = before?.blocks ?? 0
  demand(fromBlock === billedBlocks, `begins at block ${fromBlock}, documents have had ${billedBlocks}`)
  const covered = sums.blocks.slice(fromBlock, fromBlock + chargeBlocks)
  demand(covered.length === chargeBlocks, `names ${chargeBlocks} blocks, there are ${covered.length}`)
  const sum = (pick: (block: SegmentBlock) => bigint): bigint => covered.reduce((so, block) => so + pick(block), 0n)
  const used = sum((block) => block.quantity)
  demand(used === quantity, `has ${quantity} units, its blocks ${used}`)
  const charged = sum((block) => block.amountMicros)
  demand(
    amountMicros - opening === charged,
    `says ${amountMicros} with ${opening} due before usage, charged ${charged}`,
  )
  const model = sums.usage?.model
  const last = sums.blocks[fromBlock + chargeBlocks - 1]
  const due = last?.totalMicros ?? (model === undefined ? undefined : openingMicros(model))
  if (model === undefined || due === undefined) return
  const stated = (before?.amountMicros ?? 0n) + amountMicros
  // Where everything was taken back nothing is due, or what is due without any usage.
  if (last?.standing === 0 && stated === 0n) return
  demand(stated === due, `${(before?.quantity ?? 0n) + quantity} units cost ${due}, documents say ${stated}`)
}

function checkUncharged(line: DocumentLine, demand: Demand): void {
  const { quantity, amountMicros, openingMicros: opening, chargeBlocks } = line
  const kind = line.feePeriod === null ? `${amountMicros} without usage` : `a fee of ${amountMicros}`
  demand(amountMicros === opening, `costs ${kind}, of which ${opening} are due before it`)
  demand(chargeBlocks === 0, `names ${chargeBlocks} blocks that nobody was charged by`)
  if (line.isUsage) demand(quantity === 0n, `has ${quantity} units that nobody was charged`)
}

/** What documents say of a key is rounded as one: a line is what that rises by. */
function checkRounding(line: DocumentLine, before: Billed | undefined, rounding: LineRounding, demand: Demand): void {
  const { minorDigits, rule } = rounding
  const { amountMicros, invoicedMicros, residueMicros } = line
  const micros = 10n ** BigInt(6 - minorDigits)
  const exact = { numerator: (before?.amountMicros ?? 0n) + amountMicros, denominator: micros }
  const rounded = (rule === 'half-even' ? roundHalfEven(exact) : roundHalfAway(exact)) * micros
  const due = rounded - (before?.invoicedMicros ?? 0n)
  demand(invoicedMicros === due, `${amountMicros} is invoiced as ${invoicedMicros}, not ${due}`)
  demand(residueMicros === amountMicros - invoicedMicros, `the residue is ${residueMicros}`)
  const printed = decimalText(invoicedMicros / micros, minorDigits)
  demand(line.amount === printed, `prints ${line.amount} for ${invoicedMicros} micros`)
}

/** Only what bills a thing from its beginning can say on which days and in which tiers it lies. */
function checkParts(line: DocumentLine, before: Billed | undefined, demand: Demand): void {
  const { quantity, amountMicros, openingMicros: opening, days, tiers, corrects } = line
  if (corrects !== null) {
    demand(days.length === 0 && tiers.length === 0, 'has days or tiers, although it corrects another line')
    return
  }
  if (before !== undefined && days.length === 0 && tiers.length === 0) return
  if (!line.isUsage && line.feePeriod === null) return
  demand(sumsTo(days, line.isUsage ? quantity : 0n, amountMicros - opening), 'its days are not its usage')
  // The parts of a fee each have a quantity of their own.
  const inTiers = line.isUsage ? quantity : tiers.reduce((sum, tier) => sum + tier.quantity, 0n)
  demand(sumsTo(tiers, inTiers, amountMicros - line.limitMicros), 'its tiers are not its amount')
}
