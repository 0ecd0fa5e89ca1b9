import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { SumNode } from '@meterline/shared/integrity/merkle-sum.ts'
import { chargeBlockLeaf, decodeChargeBlock, type Charge } from '@meterline/shared/model/charge.ts'
import type { LedgerLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { StoredBlock } from '../store/books-rows.ts'
import type { BooksAudit } from './books-audit.ts'

/** A charge block that was read and found whole. */
interface CheckedBlock {
  readonly segmentKey: string
  readonly legKey: string
  readonly leaf: SumNode
  readonly charges: readonly Charge[]
}

/** Checks the charges of one batch after the other, as the ledger transactions of the log name them. */
export class BatchCharges {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  #read = ''
  #blocks: readonly CheckedBlock[] = []
  /** The same by what is to post them: seller, buyer and currency. */
  #byPosting: ReadonlyMap<string, readonly CheckedBlock[]> = new Map()
  /** What was posted of the decision so far. */
  readonly #posted = new Set<string>()
  /** The latest void so far: its charges are taken back. */
  #voidIndex = -1

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
  }

  /** The decision at this log entry takes charges back. */
  expectVoid(logIndex: number): void {
    this.#voidIndex = logIndex
  }

  /**
   * Every posting of a ledger transaction commits to exactly the blocks of its seller, buyer and currency that were made
   * with it: by the release or void at `decidedIndex`, or null for the first rating of the batch.
   */
  checkPostings(logIndex: number, { batchIndex, postings }: LedgerLogEntry, decidedIndex: number | null): void {
    if (postings.length === 0) return
    this.blocksOf(batchIndex, decidedIndex)
    for (const { seller, buyer, currency, amountMicros, sumRoot: committed } of postings) {
      this.#audit.count('postings')
      const name = postingName(`${seller}>${buyer}`, currency)
      if (this.#posted.has(name))
        this.#audit.report(
          `I9: ledger transaction ${logIndex} posts again what ${buyer} owes ${seller} for batch ${batchIndex}`,
        )
      this.#posted.add(name)
      const own = this.#byPosting.get(name) ?? []
      const root = sumRoot(own.map(({ leaf }) => leaf))
      if (root.sum !== amountMicros || !equalBytes(root.hash, committed)) {
        const text = `its posting of ${amountMicros} micros from ${seller} to ${buyer} does not commit to the charges`
        this.#audit.report(`I9: ledger transaction ${logIndex}: ${text} of batch ${batchIndex}, which make ${root.sum}`)
      }
    }
  }

  /** The blocks that one decision made of a batch and that were found whole, in the order they were written. */
  blocksOf(batchIndex: number, decidedIndex: number | null): readonly CheckedBlock[] {
    const decision = `${batchIndex}/${decidedIndex}`
    if (decision === this.#read) return this.#blocks
    this.finishDecision()
    this.#read = decision
    this.#blocks = this.#reader.blocksDecided(batchIndex, decidedIndex).flatMap((stored) => {
      this.#audit.count('charge blocks')
      this.#audit.accountedRows.charge_block += 1
      const checked = this.#check(batchIndex, stored, decidedIndex === this.#voidIndex)
      return checked === null ? [] : [checked]
    })
    this.#byPosting = Map.groupBy(
      this.#blocks.toSorted((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1)),
      ({ legKey, segmentKey }) => postingName(partiesOf(legKey), this.#audit.currencyOf(segmentKey)),
    )
    return this.#blocks
  }

  /** Reports charges of the decision at hand that no ledger transaction posts; called when all of them were read. */
  finishDecision(): void {
    for (const [name, [block]] of this.#byPosting) {
      if (this.#posted.has(name) || block === undefined) continue
      // Where the price is unknown so is the currency, which is reported with the segment.
      if (this.#audit.currencyOf(block.segmentKey) === null) continue
      this.#audit.report(
        `I9: no ledger transaction posts the charges of segment ${block.segmentKey} (decision ${this.#read})`,
      )
    }
    this.#byPosting = new Map()
    this.#posted.clear()
  }

  #check(batchIndex: number, stored: StoredBlock, isVoid: boolean): CheckedBlock | null {
    const name = `the charge block of segment ${stored.segmentKey} in batch ${batchIndex}`
    const decoded = decodeChargeBlock(stored.block)
    if (!decoded.ok) {
      this.#audit.report(`I14: ${name}: ${decoded.fault.message}`)
      return null
    }
    const { segmentKey, legKey, amountMicros, quantity, charges } = decoded.value
    const leaf = chargeBlockLeaf(stored.block, amountMicros)
    const same =
      segmentKey === stored.segmentKey &&
      decoded.value.batchIndex === batchIndex &&
      amountMicros === stored.amountMicros &&
      equalBytes(leaf.hash, stored.leaf)
    if (!same) this.#audit.report(`I14: ${name} is not what its row says`)
    const events = isVoid ? -charges.length : charges.length
    if (!this.#audit.charged(segmentKey, partiesOf(legKey), quantity, events, amountMicros))
      this.#audit.report(`I9: ${name} is sold by or to somebody else than the charges before it`)
    return { segmentKey, legKey, leaf, charges }
  }
}

/** `<seller>><buyer>`, which a leg's key begins with; no id holds a colon. */
function partiesOf(legKey: string): string {
  return legKey.slice(0, Math.max(0, legKey.indexOf(':')))
}

function postingName(parties: string, currency: string | null): string {
  return `${parties} ${currency}`
}
