import { join } from 'node:path'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { logDamage } from '@meterline/shared/sqlite/log-damage.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { verifyBooks } from '@meterline/aggregator/flow/verify-books.ts'
import { TenantStore } from '@meterline/aggregator/store/tenant-store.ts'
import { contentDifferences } from '../faults/disk/content-differences.ts'
import { damagedImage } from '../faults/disk/damage.ts'
import { readFileImage, writeFileImage } from '../faults/disk/file-image.ts'
import type { FileImage } from '../faults/disk/file-image.ts'
import { coveredTables } from '../oracle/flip-places.ts'
import type { Surroundings } from './surroundings.ts'

/** Checking all of the books costs more than anything else that happens in a run. */
const mostStrikes = 2

/**
 * Damage to a tenant's file while no process has it open. Whoever examines the books then has to find it. They are restored
 * from the newest backup where that loses nothing that agents do not have; otherwise they are put back as they were, from
 * the copy that was made when the process ended.
 */
export class BooksDamage {
  readonly #world: Surroundings
  readonly #tenant: string
  readonly #publicKey: string
  readonly #random: Random
  readonly #restores: () => boolean
  #strikes = 0

  /** `restores`: has a backup take the place of the books; false: not now. */
  constructor(world: Surroundings, tenant: string, publicKey: string, random: Random, restores: () => boolean) {
    this.#world = world
    this.#tenant = tenant
    this.#publicKey = publicKey
    this.#random = random
    this.#restores = restores
  }

  /** Damages the file, demands that this be found unless it changes nothing that is covered, and repairs it. */
  strike(file: string): void {
    if (this.#strikes === mostStrikes) return
    this.#strikes += 1
    const { faults, findings } = this.#world
    const sound = readFileImage(file)
    const { image: damaged, what } = damagedImage(this.#random, sound)
    writeFileImage(file, damaged)
    faults.add('bit-flip')
    const problems = this.#examined(file)
    const hasLostLog = logDamage(file) !== null
    if (hasLostLog) this.#demandRefusal(file, damaged, what)
    const differences = contentDifferences(sound, damaged, join(this.#world.folder, 'damage-content-books'))
    const covered = differences.filter(isCovered)
    this.#note(`its books are damaged: ${what}; ${problems.length} problems are found`)
    if (problems.length === 0 && covered.length > 0)
      findings.add('I14', `the books: ${what} (${covered.join(', ')}), and nothing is found to be wrong`)
    if (problems.length > 0 && differences.length === 0 && !hasLostLog)
      findings.add('I14', `the books: ${what} changes nothing, and is called ${problems.join('; ')}`)
    // Damage that changes nothing stays where it is.
    if (problems.length === 0 && differences.length === 0) return
    if (problems.length > 0 && this.#restores()) return
    writeFileImage(file, sound)
  }

  /** I14: SQLite would drop what lies behind damage to the log: nobody may let it. */
  #demandRefusal(file: string, damaged: FileImage, what: string): void {
    const { findings } = this.#world
    const code = codeOfOpening(file)
    findings.demand(code === 'books_damaged', 'I14', () => `the books: ${what}, and opening them says ${code}`)
    const left = readFileImage(file)
    const isUntouched = left.database.equals(damaged.database) && left.log.equals(damaged.log)
    findings.demand(isUntouched, 'I14', () => `the books: ${what}, and something of them is thrown away`)
  }

  #examined(file: string): readonly string[] {
    const examined = verifyBooks(file, this.#tenant, this.#publicKey)
    return examined.ok ? examined.value.problems : [examined.fault.message]
  }

  #note(what: string): void {
    this.#world.trace.note(this.#world.queue.nowMs, 'aggregator', what)
  }
}

/** What an aggregator that opens this file as a tenant's books is told. */
function codeOfOpening(file: string): string {
  try {
    new TenantStore({ file, disk: temporaryDisk, keyMemtableKeys: 64, keysPerCommit: 64 }).close()
    return 'nothing'
  } catch (error) {
    return error instanceof FaultError ? error.fault.code : String(error)
  }
}

/** Whether damage there has to be found: what SQLite needs to read a file, and whatever money, numbers and proofs stand on. */
function isCovered(part: string): boolean {
  return !part.startsWith('table ') || coveredTables.some(({ table }) => part === `table ${table}`)
}
