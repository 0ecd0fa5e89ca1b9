import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { merkleRoot } from '@meterline/shared/integrity/merkle.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'

const levelStep = 8
const nodesPerStep = 256

/** Recomputes the stored subtree roots of the log's tree, which consistency proofs are made from (I14). */
export class LogNodeCheck {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  /** By stored level from the leaves up: the nodes that no node of the next level covers yet, and how many there were. */
  readonly #open: { readonly nodes: Uint8Array[]; covered: number }[] = [{ nodes: [], covered: 0 }]
  #complete = 0

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
  }

  /** The leaf of the next entry, computed from its bytes. */
  take(leaf: Uint8Array): void {
    this.#add(0, leaf)
  }

  finish(): void {
    const stored = this.#reader.logNodeCount()
    if (stored !== this.#complete) {
      this.#audit.report(`I14: log_node has ${stored} subtree roots, the log's tree has ${this.#complete} to store`)
    }
  }

  #add(step: number, hash: Uint8Array): void {
    const below = (this.#open[step] ??= { nodes: [], covered: 0 })
    below.nodes.push(hash)
    if (below.nodes.length < nodesPerStep) return
    const root = merkleRoot(below.nodes)
    below.nodes.length = 0
    const position = below.covered++
    const level = (step + 1) * levelStep
    const stored = this.#reader.logNode(level, position)
    if (stored === undefined || !equalBytes(stored, root)) {
      this.#audit.report(`I14: log_node ${position} of level ${level} is not the root over its entries`)
    }
    this.#complete += 1
    this.#add(step + 1, root)
  }
}
