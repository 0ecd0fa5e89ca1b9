import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { restoreTenant } from '@meterline/aggregator/flow/restore-tenant.ts'
import type { AgentImage } from '../../oracle/agent-image.ts'
import { checkSwapped } from '../../oracle/silent-swap.ts'
import type { AgentNode } from '../agent-node.ts'
import type { AgentSite } from '../agent-site.ts'
import type { AggregatorNode } from '../aggregator-node.ts'
import type { Operator } from '../operator.ts'
import type { Surroundings } from '../surroundings.ts'
import type { RogueAgent } from './rogue-agent.ts'

const downMs = 10_000
const silentMaxMs = 600_000
/** Backups that are made for when the books are damaged. */
const keptBackups = 3
/** Agents retain what was settled for a day at least; what is older is nowhere but in the books. */
const oldestBackupMs = 12 * 3_600_000

/** A copy of the books, with the epochs that agents were in when it was begun. */
interface Backup {
  readonly file: string
  readonly epochs: string
  readonly atMs: number
}

/**
 * What befalls the books of the aggregator: they are backed up, and some time later put back to that backup. In half of
 * the runs somebody first swaps the file and says nothing, which no agent may take; then comes the restore as it should
 * be, declared in the log, and agents send again what they retained. What was received after the backup is in the end
 * where it was, charged once.
 */
export class RestoredBooks {
  readonly #world: Surroundings
  readonly #random: Random
  readonly #aggregator: AggregatorNode
  readonly #operator: Operator
  readonly #rogue: RogueAgent | null
  readonly #inspectAgents: () => ReadonlyMap<string, AgentImage>
  readonly #agents: readonly AgentNode[]
  readonly #sites: readonly AgentSite[]
  #backup: Backup | null = null
  #underWay = false

  constructor(
    world: Surroundings,
    random: Random,
    parts: {
      readonly aggregator: AggregatorNode
      readonly operator: Operator
      readonly rogue: RogueAgent | null
      readonly agents: readonly AgentNode[]
      readonly sites: readonly AgentSite[]
      inspectAgents(): ReadonlyMap<string, AgentImage>
    },
  ) {
    this.#world = world
    this.#random = random
    this.#aggregator = parts.aggregator
    this.#operator = parts.operator
    this.#rogue = parts.rogue
    this.#agents = parts.agents
    this.#sites = parts.sites
    this.#inspectAgents = () => parts.inspectAgents()
  }

  /** Whether the books are between two lives. */
  get underWay(): boolean {
    return this.#underWay
  }

  /** Has a backup made at a moment of the storm, and the books put back to it at a later one. */
  planWithin(stormMs: number): void {
    const { queue } = this.#world
    const backedUpMs = this.#random.below(stormMs)
    const putBackMs = backedUpMs + 1 + this.#random.below(Math.min(stormMs - backedUpMs, oldestBackupMs))
    queue.at(queue.nowMs + backedUpMs, 'operator', 'has a backup made', () => {
      this.#backUp()
    })
    queue.at(queue.nowMs + putBackMs, 'somebody', 'puts the books back', () => this.#putBack())
  }

  /** Has backups made now and then during the storm, for when the books are damaged. */
  keepBackups(stormMs: number): void {
    const { queue } = this.#world
    for (let left = keptBackups; left > 0; left--)
      queue.at(queue.nowMs + this.#random.below(stormMs), 'operator', 'has a backup made', () => this.#backUp())
  }

  /**
   * The books are damaged: the newest backup takes their place. False: there is none, or it is of before some agent began
   * its epoch, so that what was lost of the epoch before is in no journal that runs; or a journal is damaged as well.
   */
  replaceDamaged(): boolean {
    const backup = this.#backup
    if (backup === null || this.#underWay || backup.epochs !== this.#operator.epochs) return false
    if (this.#world.queue.nowMs - backup.atMs > oldestBackupMs || !this.#agents.every(({ isSound }) => isSound))
      return false
    this.#begin()
    this.#restore(backup.file, new Map())
    return true
  }

  #backUp(): void {
    const { epochs } = this.#operator
    const atMs = this.#world.queue.nowMs
    this.#operator.backUp(join(this.#world.folder, 'backups'), (file) => (this.#backup = { file, epochs, atMs }))
  }

  #putBack(): void {
    const file = this.#backup?.file
    if (file === undefined) return
    this.#begin()
    if (this.#random.below(2) === 0) this.#restore(file, new Map())
    else this.#swapSilently(file)
  }

  #begin(): void {
    this.#underWay = true
    this.#world.faults.add('aggregator-thrown-back')
    this.#operator.pause()
    this.#rogue?.booksWentBack()
    this.#world.oracle.booksBetweenLives()
  }

  /** The file is another one, and nobody says so. */
  #swapSilently(file: string): void {
    const held = this.#inspectAgents()
    this.#world.faults.add('books-swapped-silently')
    this.#whileDown('somebody', 'swaps the books', () => {
      const books = this.#aggregator.file
      for (const part of [books, `${books}-wal`, `${books}-shm`]) rmSync(part, { force: true })
      copyFileSync(file, books)
    })
    const { queue } = this.#world
    const atMs = queue.nowMs + downMs + 1 + this.#random.below(silentMaxMs)
    queue.at(atMs, 'operator', 'finds out', () => this.#restore(file, held))
  }

  /** `held`: the journals of when the books were swapped silently; empty when they were not. */
  #restore(backupFile: string, held: ReadonlyMap<string, AgentImage>): void {
    this.#whileDown(
      'operator',
      'restores the books',
      () => {
        const { findings, oracle, queue, trace } = this.#world
        const { dataDirectory, tenant, signingKey } = this.#aggregator
        // Of two boxes one may have let go of less than the other, and go on where the backup ends.
        const alone = new Map([...held].filter(([agent]) => !this.#hasTwoHistories(agent)))
        if (alone.size > 0) checkSwapped(findings, backupFile, this.#aggregator.file, alone)
        if (held.size > 0) oracle.numbersBetweenLives(this.#aggregator.file)
        const restored = restoreTenant({
          dataDirectory,
          tenant,
          backupFile,
          by: 'the operator',
          reason: 'the disk was replaced',
          signingKey,
          nowMs: queue.nowMs,
          lastNumbers: oracle.lastNumbers(),
          disk: temporaryDisk,
        })
        if (!restored.ok) return findings.add('I18', `the books cannot be restored: ${restored.fault.message}`)
        const { generation, size } = restored.value
        trace.note(queue.nowMs, 'operator', `begins generation ${generation} of the log with ${size} entries`)
        oracle.booksRestored(size)
        // A journal may be looked into before the aggregator is up again, and is then held against these books.
        oracle.watch(this.#aggregator.file)
        oracle.unwatch()
      },
      () => {
        this.#underWay = false
        this.#operator.resume()
        this.#rogue?.resume()
      },
    )
  }

  #hasTwoHistories(name: string): boolean {
    return this.#sites.some(({ agent, hasTwoHistories }) => agent === name && hasTwoHistories)
  }

  /** Stops the aggregator, does something to its files, and starts it again. */
  #whileDown(who: string, what: string, work: () => void, then: () => void = () => undefined): void {
    const { queue } = this.#world
    this.#aggregator.hold()
    this.#aggregator.crash(null, true)
    this.#world.afterStep(() => {
      this.#world.trace.note(queue.nowMs, who, what)
      work()
    })
    queue.at(queue.nowMs + downMs, who, 'starts the aggregator', () => {
      this.#aggregator.release()
      then()
    })
  }
}
