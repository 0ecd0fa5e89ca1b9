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

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
  }

  /**
   * Every posting of a ledger transaction commits to exactly the blocks of its seller, buyer and currency that were made
   * with it: by the release at `releaseIndex`, or null for the first rating of the batch.
   */
  checkPostings(logIndex: number, { batchIndex, postings }: LedgerLogEntry, releaseIndex: number | null): void {
    if (postings.length === 0) return
    const blocks = this.blocksOf(batchIndex, releaseIndex)
    for (const { seller, buyer, currency, amountMicros, sumRoot: committed } of postings) {
      this.#audit.count('postings')
      const own = blocks
        .filter(({ legKey }) => legKey.startsWith(`${seller}>${buyer}:`))
        .filter(({ segmentKey }) => this.#audit.currencyOf(segmentKey) === currency)
        .toSorted((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1))
      const root = sumRoot(own.map(({ leaf }) => leaf))
      if (root.sum !== amountMicros || !equalBytes(root.hash, committed)) {
        const text = `its posting of ${amountMicros} micros from ${seller} to ${buyer} does not commit to the charges`
        this.#audit.report(`I9: ledger transaction ${logIndex}: ${text} of batch ${batchIndex}, which make ${root.sum}`)
      }
    }
  }

  /** The blocks that one decision made of a batch and that were found whole, in the order they were written. */
  blocksOf(batchIndex: number, releaseIndex: number | null): readonly CheckedBlock[] {
    const decision = `${batchIndex}/${releaseIndex}`
    if (decision === this.#read) return this.#blocks
    this.#read = decision
    this.#blocks = this.#reader.blocksDecided(batchIndex, releaseIndex).flatMap((stored) => {
      this.#audit.count('charge blocks')
      this.#audit.accountedRows.charge_block += 1
      const checked = this.#check(batchIndex, stored)
      return checked === null ? [] : [checked]
    })
    return this.#blocks
  }

  #check(batchIndex: number, stored: StoredBlock): CheckedBlock | null {
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
    this.#audit.charged(segmentKey, quantity, charges.length, amountMicros)
    return { segmentKey, legKey, leaf, charges }
  }
}
