import { DeterministicWriter } from '../integrity/deterministic-writer.ts'

/**
 * One section of an open batch's tables: gives every entry its index when it is first seen, and has the entries that the
 * chunk begun adds ready in encoded form.
 */
export class TableSection {
  readonly #indexes = new Map<string, number>()
  readonly #added: string[] = []
  readonly #entries = new DeterministicWriter(1024)

  /** Entries so far, with those of the chunk begun. */
  get count(): number {
    return this.#indexes.size
  }

  /** Encoded bytes of what the chunk begun adds. */
  get bytes(): number {
    return this.#entries.length
  }

  /** Index of a text, which becomes an entry if it is none yet. */
  indexOf(text: string): number {
    const index = this.#indexes.get(text)
    if (index !== undefined) return index
    this.#entries.text(text)
    return this.#add(text)
  }

  /** Index of a byte string by a key that stands for it. */
  indexOfBytes(key: string, bytes: Uint8Array): number {
    const index = this.#indexes.get(key)
    if (index !== undefined) return index
    this.#entries.bytes(bytes)
    return this.#add(key)
  }

  /** Takes up the next entry of an earlier chunk. */
  take(key: string): void {
    this.#indexes.set(key, this.#indexes.size)
  }

  /** From here on entries belong to a new chunk. */
  begin(): void {
    this.#added.length = 0
    this.#entries.truncate(0)
  }

  /** Writes what the chunk adds as an array. */
  writeAdded(tables: DeterministicWriter): void {
    tables.arrayHead(this.#added.length)
    tables.raw(this.#entries.view())
  }

  /** Forgets what the chunk added. */
  rollback(): void {
    for (const key of this.#added) this.#indexes.delete(key)
    this.begin()
  }

  #add(key: string): number {
    const index = this.#indexes.size
    this.#indexes.set(key, index)
    this.#added.push(key)
    return index
  }
}
