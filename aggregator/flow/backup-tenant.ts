import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { backupFiles, discardPartial, finishBackup, prepareBackup } from '../store/backup-files.ts'
import type { BackupFiles } from '../store/backup-files.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { manifestText } from './backup-manifest.ts'
import type { BackupManifest } from './backup-manifest.ts'
import type { BackupFaultCode, BackupOrder, BackupReport } from './commands.ts'
import type { BooksCopy, CopyBooks } from './copy-books.ts'
import { checkpointNote } from './seal-checkpoint.ts'
import type { TenantService } from './tenant-service.ts'

/** What backups are made with. */
export interface BackupParts {
  readonly dataDirectory: string
  readonly signingKey: SigningKey
  readonly clock: Clock
  readonly copyBooks: CopyBooks
  readonly log: Log
  /** Version of this program, for the manifest. */
  readonly version: string
  /** Simulation only: the disk that the files lie on. */
  readonly disk?: SimulatedDisk | undefined
}

/** How often somebody who waits is told that the backup goes on. */
const progressEveryMs = 2_000

/** The backups that a service makes: one of a tenant at a time. */
export class Backups {
  readonly #parts: BackupParts
  readonly #running = new Set<string>()

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  /**
   * Writes a verified copy of a tenant's books with its manifest. The service goes on meanwhile: the copy is what was
   * committed when the copying began.
   */
  async make(
    service: TenantService,
    { toDirectory }: BackupOrder,
    progress: (message: string) => void,
  ): Promise<Result<BackupReport, Fault<BackupFaultCode>>> {
    const { tenant } = service
    if (this.#running.has(tenant)) {
      return failed(fault('backup_running', `A backup of ${tenant} is being made; wait until it is there.`))
    }
    this.#running.add(tenant)
    try {
      return await this.#make(service, toDirectory, progress)
    } finally {
      this.#running.delete(tenant)
    }
  }

  async #make(
    service: TenantService,
    toDirectory: string,
    progress: (message: string) => void,
  ): Promise<Result<BackupReport, Fault<BackupFaultCode>>> {
    const createdMs = this.#parts.clock.wallMs()
    const files = backupFiles(toDirectory, service.tenant, createdMs)
    const prepared = this.#prepare(files, toDirectory)
    if (!prepared.ok) return prepared
    const copied = await this.#copy(service.tenant, files, progress)
    if (!copied.ok) {
      discardPartial(files)
      return copied
    }
    const note = service.attempt(() => this.#certify(service, copied.value))
    if (!note.ok) {
      discardPartial(files)
      return note
    }
    return this.#finish(files, { tenant: service.tenant, createdMs, checkpoint: note.value, ...copied.value })
  }

  #prepare(files: BackupFiles, toDirectory: string): Result<null, Fault<'backup_exists' | 'backup_failed'>> {
    try {
      if (prepareBackup(files, toDirectory)) return ok(null)
      return failed(fault('backup_exists', `${files.file} is there already, and no backup is written over another.`))
    } catch (error) {
      return failed(couldNotWrite(files, error))
    }
  }

  async #copy(
    tenant: string,
    files: BackupFiles,
    progress: (message: string) => void,
  ): Promise<Result<BooksCopy, Fault<BackupFaultCode>>> {
    const { dataDirectory, signingKey, clock, copyBooks, disk } = this.#parts
    const beganMs = clock.monotonicMs()
    let phase = ''
    const tell = (): void => {
      const seconds = Math.round((clock.monotonicMs() - beganMs) / 1_000)
      progress(`${tenant}: ${phase}, ${seconds} s so far`)
      timer = clock.after(progressEveryMs, tell)
    }
    let timer = clock.after(progressEveryMs, tell)
    const order = {
      booksFile: tenantFile(dataDirectory, tenant),
      toFile: files.partialFile,
      tenant,
      publicKeyBase64: signingKey.publicKeyBase64,
      disk,
    }
    try {
      return await copyBooks(order, (name) => void (phase = name))
    } finally {
      timer.cancel()
    }
  }

  /** Signs what was copied as a checkpoint, after the running log has said that it is its own. */
  #certify({ tenant, store }: TenantService, { generation, size, root }: BooksCopy): string {
    const own = store.log.rootAt(size)
    const same = store.generations.current === generation && toHex(own) === root
    assertThat(same, `the file of ${tenant} holds the log of the service that has it open`)
    return checkpointNote({ tenant, generation, size, root: own }, this.#parts.signingKey)
  }

  #finish(
    files: BackupFiles,
    made: Omit<BackupManifest, 'file' | 'version'>,
  ): Result<BackupReport, Fault<'backup_failed'>> {
    const { file, manifestFile, name } = files
    try {
      finishBackup(files, manifestText({ ...made, file: name, version: this.#parts.version }))
      const { tenant, generation, size } = made
      this.#parts.log.info('backup made', { tenant, generation, size, file })
      return ok({ ...made, file, manifestFile })
    } catch (error) {
      return failed(couldNotWrite(files, error))
    }
  }
}

function couldNotWrite({ file }: BackupFiles, error: unknown): Fault<'backup_failed'> {
  const reason = error instanceof Error ? error.message : String(error)
  return fault('backup_failed', `The backup ${file} could not be written: ${reason}`)
}
