import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { restoreTenant } from '@meterline/aggregator/flow/restore-tenant.ts'
import type { AgentImage } from '../../oracle/agent-image.ts'
import { checkSwapped } from '../../oracle/silent-swap.ts'
import type { AggregatorNode } from '../aggregator-node.ts'
import type { Operator } from '../operator.ts'
import type { Surroundings } from '../surroundings.ts'
import type { RogueAgent } from './rogue-agent.ts'

const downMs = 10_000
const silentMaxMs = 600_000
/** Agents retain what was settled for a day at least; what is older is nowhere but in the books. */
const oldestBackupMs = 12 * 3_600_000

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
  #backupFile: string | null = null
  #underWay = false

  constructor(
    world: Surroundings,
    random: Random,
    parts: {
      readonly aggregator: AggregatorNode
      readonly operator: Operator
      readonly rogue: RogueAgent | null
      inspectAgents(): ReadonlyMap<string, AgentImage>
    },
  ) {
    this.#world = world
    this.#random = random
    this.#aggregator = parts.aggregator
    this.#operator = parts.operator
    this.#rogue = parts.rogue
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
      this.#operator.backUp(join(this.#world.folder, 'backups'), (file) => (this.#backupFile = file))
    })
    queue.at(queue.nowMs + putBackMs, 'somebody', 'puts the books back', () => this.#putBack())
  }

  #putBack(): void {
    const file = this.#backupFile
    if (file === null) return
    const { oracle, faults } = this.#world
    this.#underWay = true
    faults.add('aggregator-thrown-back')
    this.#operator.pause()
    this.#rogue?.booksWentBack()
    oracle.booksBetweenLives()
    if (this.#random.below(2) === 0) this.#restore(file, new Map())
    else this.#swapSilently(file)
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
        checkSwapped(findings, backupFile, this.#aggregator.file, held)
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
      },
      () => {
        this.#underWay = false
        this.#operator.resume()
        this.#rogue?.resume()
      },
    )
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
