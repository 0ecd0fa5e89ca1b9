import type { Random } from '@meterline/shared/base/random.ts'
import type { DiskFaults } from '../disk-faults.ts'
import type { FaultCounts } from '../fault-counts.ts'
import { Spells } from './spells.ts'

/** Why a disk refuses a write. */
export type DiskTrouble = 'disk-full' | 'write-error' | 'fsync-error'

const onceMs = 600_000

/** When which trouble comes over a disk, drawn from the seed. To be asked in the order of time. */
export class DiskTroubles {
  readonly #random: Random
  readonly #slowWriteMaxMs: number
  readonly #full: Spells
  readonly #writesFail: Spells
  readonly #syncFails: Spells
  readonly #powerFails: Spells
  readonly #slow: Spells
  readonly #counts: FaultCounts
  #healed = false

  constructor(random: Random, faults: DiskFaults, startMs: number, counts: FaultCounts) {
    this.#random = random
    this.#counts = counts
    this.#slowWriteMaxMs = faults.slowWriteMaxMs
    this.#full = new Spells(random, faults.fullEveryMin, faults.fullMaxMs, startMs)
    this.#writesFail = new Spells(random, faults.writesFailEveryMin, faults.writesFailMaxMs, startMs)
    // Once each, at the first commit after its time: long enough to be met by one.
    this.#syncFails = new Spells(random, faults.syncFailsEveryMin, onceMs, startMs)
    this.#powerFails = new Spells(random, faults.powerFailsEveryMin, onceMs, startMs)
    this.#slow = new Spells(random, faults.slowEveryMin, faults.slowMaxMs, startMs)
  }

  get isHealed(): boolean {
    return this.#healed
  }

  heal(): void {
    this.#healed = true
  }

  /** What a write at this time fails with; null: nothing. */
  at(nowMs: number): DiskTrouble | null {
    if (this.#healed) return null
    if (this.#full.at(nowMs)) return this.#counted('disk-full', this.#full)
    if (this.#writesFail.at(nowMs)) return this.#counted('write-error', this.#writesFail)
    if (!this.#syncFails.at(nowMs)) return null
    const trouble = this.#counted('fsync-error', this.#syncFails)
    this.#syncFails.end()
    return trouble
  }

  /** Whether the power fails at the write of this time. */
  powerFails(nowMs: number): boolean {
    if (this.#healed || !this.#powerFails.at(nowMs)) return false
    this.#powerFails.end()
    return true
  }

  /** How long a write of this time takes. */
  tookMs(nowMs: number): number {
    if (this.#healed || !this.#slow.at(nowMs)) return 0
    if (this.#slow.isNew()) this.#counts.add('slow-disk')
    return 1 + this.#random.below(this.#slowWriteMaxMs)
  }

  #counted(trouble: DiskTrouble, spell: Spells): DiskTrouble {
    if (spell.isNew()) this.#counts.add(trouble)
    return trouble
  }
}
