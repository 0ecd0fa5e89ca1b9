import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { checkJournal } from '@meterline/agent/flow/check-journal.ts'
import { recoverJournal } from '@meterline/agent/flow/recover-journal.ts'
import type { RecoverOrder, RecoveryReport } from '@meterline/agent/flow/recover-journal.ts'
import { copyCrashImage, removeFolder } from '../faults/crash-image.ts'
import { contentDifferences } from '../faults/disk/content-differences.ts'
import { damagedImage } from '../faults/disk/damage.ts'
import { readFileImage, writeFileImage } from '../faults/disk/file-image.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import type { Surroundings } from './surroundings.ts'

/** Long enough for everything that the agent had sent to be received, or to be lost. */
const settlingMs = 60_000
const askAgainMs = 5_000

/**
 * Damage to one agent's journal while no process has it open, and what a person then does: has the next epoch registered,
 * and recovers the journal into it. What the recovery names as lost, of what the journal had held, may be missing.
 */
export class JournalDamage {
  readonly #world: Surroundings
  readonly #agent: string
  readonly #tenant: string
  readonly #random: Random
  /** What the journal held before; null while nothing is wrong with it. */
  #held: AgentImage | null = null
  /** Nothing that the journal held was touched, so nothing of it may be called lost. */
  #isHarmless = false
  #isTried = false
  #isBeingRepaired = false

  constructor(world: Surroundings, agent: string, tenant: string) {
    this.#world = world
    this.#agent = agent
    this.#tenant = tenant
    this.#random = seededRandom(`${world.seed} damage ${agent}`)
  }

  /** Whether something is wrong with the journal, and nobody has put it right yet. */
  get isOpen(): boolean {
    return this.#held !== null
  }

  get isBeingRepaired(): boolean {
    return this.#isBeingRepaired
  }

  /** Whoever looks after the machine examines the journal before the agent is started again; whether he finds anything. */
  lookAfter(): boolean {
    this.#isTried = true
    return this.isOpen
  }

  /** Whether the agent is started once more before anybody repairs its journal: it has to see for itself. */
  takesAnotherTry(): boolean {
    const isFirst = !this.#isTried
    this.#isTried = true
    return isFirst && this.#random.below(2) === 0
  }

  /**
   * Damages the file, which held this. Damage that changes nothing has to be called none; other damage has to be found by
   * whoever examines the file.
   */
  strike(file: string, held: AgentImage): void {
    // What the books have forgotten is in journals alone.
    if (this.#world.oracle.areBooksPutBack) return
    const sound = readFileImage(file)
    const { image, what } = damagedImage(this.#random, sound)
    writeFileImage(file, image)
    const { findings, faults } = this.#world
    faults.add('bit-flip')
    this.#note(`its journal is damaged: ${what}`)
    const differences = contentDifferences(sound, image, this.#folder('content'))
    const found = this.#examined(file)
    this.#note(found.length === 0 ? 'nothing is found' : `found: ${found.join(', ')}`)
    if (found.length === 0 && differences.every(isFoundWhenUsed)) return
    if (found.length === 0) {
      const where = differences.join(', ')
      findings.add('I14', `${this.#agent}: ${what} of its journal (${where}), and nothing is found to be wrong`)
      return writeFileImage(file, sound)
    }
    this.#held = held
    this.#isHarmless = differences.length === 0
    this.#isTried = false
  }

  /**
   * Repairs the journal, as soon as the aggregator can say what it has received and knows the next epoch; `done` is told
   * that epoch. The agent is down until then.
   */
  repair(file: string, done: (epoch: number) => void): void {
    const held = this.#held
    if (held === null || this.#isBeingRepaired) return
    this.#isBeingRepaired = true
    const office = this.#world.office()
    this.#later(settlingMs, () => {
      const standing = office.standing(this.#agent)
      if (standing === null || standing.epoch !== held.epoch) return false
      const received = { seq: standing.receivedSeq, hash: Buffer.from(standing.chainHash, 'hex') }
      const epoch = office.registerNextEpoch(this.#agent)
      this.#note(`epoch ${epoch} is registered, ${standing.receivedSeq} batches were received`)
      this.#later(askAgainMs, () => {
        if (office.standing(this.#agent)?.epoch !== epoch) return false
        this.#isBeingRepaired = false
        this.#held = null
        this.#recover(file, held, this.#order(file, epoch, received))
        done(epoch)
        return true
      })
      return true
    })
  }

  #recover(file: string, held: AgentImage, order: RecoverOrder): void {
    const { findings, oracle } = this.#world
    const recovered = recoverJournal(order)
    if (!recovered.ok) return findings.add('I18', `${this.#agent} cannot be recovered: ${recovered.fault.message}`)
    const lost = namesOf(recovered)
    // A page whose own accounts are wrong may have lost rows, and is named even where it has not.
    if (this.#isHarmless && recovered.value.lost.some(({ what }) => what !== 'page'))
      findings.add('I7', `${this.#agent}: damage that touched nothing is said to have cost ${lost.join(', ')}`)
    this.#note(`is recovered for epoch ${order.identity.epoch}; lost: ${lost.join(', ') || 'nothing'}`)
    const named = (parts: readonly string[]): boolean => recovered.value.lost.some(({ what }) => parts.includes(what))
    const copy = this.#copied(file)
    oracle.recovered(this.#agent, copy, held, {
      units: named(['chunk', 'batch', 'page']),
      suspended: named(['suspense', 'page']),
      why: `the journal of ${this.#agent} was damaged, and ${lost.join(', ')} could not be recovered`,
    })
    removeFolder(this.#folder('copy'))
  }

  /** What whoever examines the file finds. */
  #examined(file: string): readonly string[] {
    const checked = checkJournal(this.#copied(file))
    removeFolder(this.#folder('copy'))
    if (!checked.ok) return [checked.fault.code]
    return checked.value.findings.map(({ what, which }) => `${what} ${which}`)
  }

  #order(file: string, epoch: number, standing: { readonly seq: number; readonly hash: Uint8Array }): RecoverOrder {
    return {
      dataDirectoryJournal: file,
      sources: [],
      identity: { tenant: trustedTenantId(this.#tenant), agent: trustedAgentId(this.#agent), epoch },
      received: [{ epoch: null, ...standing }],
      nowMs: this.#world.queue.nowMs,
      by: 'the operator',
      disk: temporaryDisk,
    }
  }

  #copied(file: string): string {
    const folder = this.#folder('copy')
    removeFolder(folder)
    mkdirSync(folder, { recursive: true })
    copyCrashImage(join(file, '..'), folder)
    return join(folder, 'journal.db')
  }

  /** Tries after so long, and then again and again until it is done. */
  #later(delayMs: number, attempt: () => boolean): void {
    const { queue } = this.#world
    queue.at(queue.nowMs + delayMs, this.#agent, 'is to be repaired', () => {
      if (!attempt()) this.#later(askAgainMs, attempt)
    })
  }

  #folder(name: string): string {
    return join(this.#world.folder, `damage-${name}-${this.#agent}`)
  }

  #note(what: string): void {
    this.#world.trace.note(this.#world.queue.nowMs, this.#agent, what)
  }
}

/**
 * The snapshot is signed by the aggregator and its parts are named by their content: an agent that cannot verify them asks
 * for others. When a subject was told of, which its number says, decides only whom the agent forgets first.
 */
function isFoundWhenUsed(difference: string): boolean {
  return ['table snapshot', 'table snapshot_part', 'table subject'].includes(difference)
}

function namesOf(report: Result<RecoveryReport, Fault>): readonly string[] {
  if (!report.ok) return [report.fault.code]
  return report.value.lost.map(({ what, which }) => `${what} ${which}`)
}
