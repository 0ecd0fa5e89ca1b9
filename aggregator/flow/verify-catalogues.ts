import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { BooksReader } from '../store/books-reader.ts'
import { isAsLogged } from './verify-standing.ts'

/** Documents are mostly made with the newest version, and one run makes all of its documents with the same. */
const keptCatalogues = 2

/** Versions of the catalogue by the log index of their entries, compiled when they are first asked for. */
export class KnownCatalogues {
  readonly #reader: BooksReader
  readonly #kept = new Map<number, Catalogue | null>()

  constructor(reader: BooksReader) {
    this.#reader = reader
  }

  /** The version of a log entry; null: there is none, or it is damaged, which is reported elsewhere. */
  at(logIndex: number): Catalogue | null {
    const known = this.#kept.get(logIndex)
    if (known !== undefined) return known
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= keptCatalogues && oldest !== undefined) this.#kept.delete(oldest)
    const catalogue = this.#read(logIndex)
    this.#kept.set(logIndex, catalogue)
    return catalogue
  }

  #read(logIndex: number): Catalogue | null {
    const row = this.#reader.standing.catalogueInForceAt(logIndex)
    if (row?.logIndex !== logIndex || !isAsLogged(this.#reader, row)) return null
    const catalogue = catalogueFromBytes(row.content)
    return catalogue.ok ? catalogue.value : null
  }
}
