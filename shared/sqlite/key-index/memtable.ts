import { AssertionFailure, assertThat } from '../../base/errors.ts'
import { entryWords, prefixOf } from './entry.ts'

const tagShift = 24
const indexMask = 0x00ff_ffff

/**
 * The newest keys, in memory: entries in the order they came, found through open addressing.
 *
 * A key's slot is the top of its first word, so walking the slots in order meets the keys in bucket order: a flush
 * needs no sort. A slot holds the entry's index + 1 in 24 bits and 8 bits of the key's second word, which spares most
 * looks at entries that are another key's.
 */
export class Memtable {
  readonly capacity: number
  readonly entries: Int32Array
  readonly #slots: Uint32Array
  readonly #slotBits: number
  readonly #slotMask: number
  #count = 0

  /** `capacity`: the most entries it can hold; half of the slots stay empty then. */
  constructor(capacity: number) {
    assertThat(capacity > 0 && capacity < indexMask, `a memtable of ${capacity} entries cannot be addressed`)
    this.capacity = capacity
    this.entries = new Int32Array(capacity * entryWords)
    this.#slotBits = Math.max(4, Math.ceil(Math.log2(capacity * 2)))
    this.#slots = new Uint32Array(2 ** this.#slotBits)
    this.#slotMask = this.#slots.length - 1
  }

  /** Entries held. */
  get count(): number {
    return this.#count
  }

  /** The entry of the key with these words, or −1. */
  find(word0: number, word1: number, word2: number, word3: number): number {
    const slots = this.#slots
    const entries = this.entries
    const tag = word1 & 0xff
    let slot = prefixOf(word0, this.#slotBits)
    for (;;) {
      const held = slots[slot] ?? 0
      if (held === 0) return -1
      if (held >>> tagShift === tag) {
        const start = ((held & indexMask) - 1) * entryWords
        if (
          entries[start] === word0 &&
          entries[start + 1] === word1 &&
          entries[start + 2] === word2 &&
          entries[start + 3] === word3
        ) {
          return (held & indexMask) - 1
        }
      }
      slot = (slot + 1) & this.#slotMask
    }
  }

  /** Adds an entry of eight words copied from `source[from]`. The key must not be here yet and there must be room. */
  insert(source: Int32Array, from: number): void {
    if (this.#count >= this.capacity) throw new AssertionFailure(`more than ${this.capacity} keys in a memtable`)
    const start = this.#count * entryWords
    for (let word = 0; word < entryWords; word++) this.entries[start + word] = source[from + word] ?? 0
    this.#slots[this.#freeSlot(start)] = ((this.#count + 1) | ((source[from + 1] ?? 0) << tagShift)) >>> 0
    this.#count++
  }

  /**
   * Takes back the `count` newest entries. Undone in the reverse order of their coming, each leaves its slot as empty
   * as it found it, which is why no tombstones are needed.
   */
  removeNewest(count: number): void {
    for (let left = count; left > 0; left--) {
      this.#count--
      const word0 = this.entries[this.#count * entryWords] ?? 0
      let slot = prefixOf(word0, this.#slotBits)
      while (((this.#slots[slot] ?? 0) & indexMask) !== this.#count + 1) slot = (slot + 1) & this.#slotMask
      this.#slots[slot] = 0
    }
  }

  /**
   * Calls `visit` with the index of every entry whose first word begins with `prefix` (`prefixBits` long).
   * They lie in that prefix's slots and, displaced, in the run of taken slots after them.
   */
  visitPrefix(prefix: number, prefixBits: number, visit: (entry: number) => void): void {
    assertThat(prefixBits <= this.#slotBits, `prefix of ${prefixBits} bits in a memtable of ${this.#slotBits}`)
    const slotsOfPrefix = 2 ** (this.#slotBits - prefixBits)
    const first = prefix * slotsOfPrefix
    for (let step = 0; step < this.#slots.length; step++) {
      const held = this.#slots[(first + step) & this.#slotMask] ?? 0
      if (held === 0) {
        if (step >= slotsOfPrefix) return
        continue
      }
      const entry = (held & indexMask) - 1
      if (prefixOf(this.entries[entry * entryWords] ?? 0, prefixBits) === prefix) visit(entry)
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0)
    this.#count = 0
  }

  #freeSlot(start: number): number {
    let slot = prefixOf(this.entries[start] ?? 0, this.#slotBits)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#slotMask
    return slot
  }
}
