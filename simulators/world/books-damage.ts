import { join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import { verifyBooks } from '@meterline/aggregator/flow/verify-books.ts'
import { contentDifferences } from '../faults/disk/content-differences.ts'
import { damagedImage } from '../faults/disk/damage.ts'
import { readFileImage, writeFileImage } from '../faults/disk/file-image.ts'
import { coveredTables } from '../oracle/flip-places.ts'
import type { Surroundings } from './surroundings.ts'

/** Checking all of the books costs more than anything else that happens in a run. */
const mostStrikes = 2

/**
 * Damage to a tenant's file while no process has it open. Whoever examines the books then has to find it, and puts them
 * back as they were, from the copy that was made when the process ended.
 */
export class BooksDamage {
  readonly #world: Surroundings
  readonly #tenant: string
  readonly #publicKey: string
  readonly #random: Random
  #strikes = 0

  constructor(world: Surroundings, tenant: string, publicKey: string, random: Random) {
    this.#world = world
    this.#tenant = tenant
    this.#publicKey = publicKey
    this.#random = random
  }

  /** Damages the file, demands that this be found unless it changes nothing that is covered, and repairs it. */
  strike(file: string): void {
    if (this.#strikes === mostStrikes) return
    this.#strikes += 1
    const { faults, findings } = this.#world
    const sound = readFileImage(file)
    // The log is left alone: before it can be examined SQLite itself has dropped what is behind the damage.
    const { image, what } = damagedImage(this.#random, { ...sound, log: Buffer.alloc(0) })
    const damaged = { ...image, log: sound.log }
    writeFileImage(file, damaged)
    faults.add('bit-flip')
    const problems = this.#examined(file)
    const differences = contentDifferences(sound, damaged, join(this.#world.folder, 'damage-content-books'))
    const covered = differences.filter(isCovered)
    this.#note(`its books are damaged: ${what}; ${problems.length} problems are found`)
    if (problems.length === 0 && covered.length > 0)
      findings.add('I14', `the books: ${what} (${covered.join(', ')}), and nothing is found to be wrong`)
    if (problems.length > 0 && differences.length === 0)
      findings.add('I14', `the books: ${what} changes nothing, and is called ${problems.join('; ')}`)
    // Damage that changes nothing stays where it is.
    if (differences.length > 0) writeFileImage(file, sound)
  }

  #examined(file: string): readonly string[] {
    const examined = verifyBooks(file, this.#tenant, this.#publicKey)
    return examined.ok ? examined.value.problems : [examined.fault.message]
  }

  #note(what: string): void {
    this.#world.trace.note(this.#world.queue.nowMs, 'aggregator', what)
  }
}

/** Whether damage there has to be found: what SQLite needs to read a file, and whatever money, numbers and proofs stand on. */
function isCovered(part: string): boolean {
  return !part.startsWith('table ') || coveredTables.some(({ table }) => part === `table ${table}`)
}
