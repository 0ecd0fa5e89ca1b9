import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { BatchMessage } from '@meterline/shared/wire/messages.ts'
import { tenantFile } from '../../store/tenant-files.ts'
import type { BackupReport } from '../commands.ts'
import { restoreTenant } from '../restore-tenant.ts'
import type { RestoreOrder } from '../restore-tenant.ts'
import { verifyBooks } from '../verify-books.ts'
import { SealingAgent } from '../fixtures/sealing-agent.ts'
import { TestTenant } from '../fixtures/test-tenant.ts'

/** The tenant acme over a whole life: with backups of its books, stops, restores and starts. */
export class RestorableTenant {
  readonly signingKey = openSigningKey(generateSigningKey().privatePem)
  readonly agent = new SealingAgent('acme', 'gw-1')
  readonly folder = mkdtempSync(join(tmpdir(), 'meterline-restore-'))
  readonly dataDirectory = join(this.folder, 'data')
  /** Everything the agent sealed, in sequence. */
  readonly sealed: BatchMessage[] = []
  #nowMs = Date.UTC(2025, 6, 1)
  #running: TestTenant

  constructor() {
    mkdirSync(this.dataDirectory)
    this.#running = this.#start()
    this.#running.apply()
  }

  get booksFile(): string {
    return tenantFile(this.dataDirectory, 'acme')
  }

  get running(): TestTenant {
    return this.#running
  }

  /** Sends one batch of events, and before it whatever else the aggregator has not. */
  use(...events: readonly UsageEvent[]): void {
    this.sealed.push(this.agent.seal(events))
    const connection = this.#running.connect()
    connection.session.onMessage(this.agent.hello())
    const received = connection.ofKind('welcome')[0]?.receivedSeq ?? 0
    for (const batch of this.sealed.slice(received)) connection.session.onMessage(batch)
    this.#running.clock.advance(0)
  }

  async backup(): Promise<BackupReport> {
    this.#running.clock.advance(1_000)
    const toDirectory = join(this.folder, 'backups')
    const made = await this.#running.clock.until(this.#running.commands.backup({ tenant: 'acme', toDirectory }))
    assertThat(made.ok, made.ok ? '' : made.fault.message)
    return made.value
  }

  async closePeriod(period: string): Promise<readonly string[]> {
    const request = { tenant: 'acme', period }
    const closed = await this.#running.clock.until(this.#running.commands.closePeriod(request))
    assertThat(closed.ok, closed.ok ? '' : closed.fault.message)
    return closed.value.documents.map(({ number }) => number)
  }

  /** Stops the aggregator as a crash would: its files are left as they are, logs included. */
  stop(): void {
    const left = join(this.folder, 'left')
    cpSync(this.dataDirectory, left, { recursive: true, filter: (file) => !file.endsWith('-shm') })
    this.#nowMs = this.#running.clock.wallMs()
    this.#running.registry.kill()
    rmSync(this.dataDirectory, { recursive: true })
    renameSync(left, this.dataDirectory)
  }

  /** Starts it again. */
  start(): TestTenant {
    this.#running = this.#start()
    return this.#running
  }

  restoreOrder(backup: BackupReport, given: Partial<RestoreOrder> = {}): RestoreOrder {
    return {
      dataDirectory: this.dataDirectory,
      tenant: 'acme',
      backupFile: backup.file,
      by: 'Ada',
      reason: 'the disk broke',
      signingKey: this.signingKey,
      nowMs: this.#nowMs,
      disk: temporaryDisk,
      ...given,
    }
  }

  restore(backup: BackupReport, given: Partial<RestoreOrder> = {}): ReturnType<typeof restoreTenant> {
    return restoreTenant(this.restoreOrder(backup, given))
  }

  problems(): readonly string[] {
    const report = verifyBooks(this.booksFile, 'acme', this.signingKey.publicKeyBase64)
    assertThat(report.ok, report.ok ? '' : report.fault.message)
    return report.value.problems
  }

  remove(): void {
    this.#running.registry.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #start(): TestTenant {
    return new TestTenant({
      dataDirectory: this.dataDirectory,
      signingKey: this.signingKey,
      nowMs: this.#nowMs,
      random: seededRandom('restorable'),
      log: silentLog(),
      agent: this.agent,
    })
  }
}
