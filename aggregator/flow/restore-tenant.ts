import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { openRestore, signRestore } from '@meterline/shared/model/restore-declaration.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import { manifestFileOf, readManifestText } from '../store/backup-files.ts'
import { digestFile } from '../store/durable-files.ts'
import { discardPrepared, finishRestores, prepareBooks, replaceBooks, replacedFileOf } from '../store/replace-books.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { TenantStore } from '../store/tenant-store.ts'
import { parseManifest } from './backup-manifest.ts'
import type { BackupManifest } from './backup-manifest.ts'
import { headOf } from './copy-books.ts'
import { planRestore } from './plan-restore.ts'
import type { RestorePlan } from './plan-restore.ts'
import { keysPerGroup } from './receive-queue.ts'
import type { RestoreFaultCode, RestoreOrder, RestoreReport } from './restore-order.ts'
import { sealCheckpoint } from './seal-checkpoint.ts'
import { verifyBooks } from './verify-books.ts'

export type { RestoreFaultCode, RestoreOrder, RestoreReport } from './restore-order.ts'

/** Event keys gathered in memory; a restore brings none. */
const defaultMemtableKeys = 1_024

/**
 * Puts a backup in the place of a tenant's books and begins the next generation of its log with it: a log entry declares,
 * signed, what was kept, and a first checkpoint covers it. The replaced books are kept beside. A crash at any point leaves
 * the old books or, as soon as an aggregator starts on them, the new ones. Synchronous; no service may have the files
 * open.
 */
export function restoreTenant(order: RestoreOrder): Result<RestoreReport, Fault<RestoreFaultCode>> {
  const booksFile = tenantFile(order.dataDirectory, order.tenant)
  try {
    finishRestores(order.dataDirectory)
    const manifest = readManifest(order)
    if (!manifest.ok) return manifest
    const prepared = prepareBooks(booksFile, order.backupFile)
    const checked = checkPrepared(order, manifest.value, prepared)
    if (!checked.ok) return discarding(booksFile, checked)
    const plan = planRestore(order, booksFile, prepared)
    if (!plan.ok || order.dryRun === true) {
      return discarding(booksFile, plan.ok ? ok(reportOf(order, manifest.value, plan.value, booksFile)) : plan)
    }
    const begun = beginGeneration(order, prepared, plan.value)
    if (!begun.ok) return discarding(booksFile, begun)
    const report = reportOf(order, manifest.value, plan.value, booksFile)
    replaceBooks(booksFile, plan.value.generation)
    return ok(report)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const cleared = attempt(() => discardPrepared(booksFile))
    const left = cleared.ok ? '' : ` What was prepared for it could not be removed: ${cleared.fault.message}.`
    return failed(fault('restore_failed', `The books of ${order.tenant} could not be restored: ${reason}.${left}`))
  }
}

/** What is to be restored, as the manifest says and the aggregator's key confirms, and a file that is that. */
function readManifest(order: RestoreOrder): Result<BackupManifest, Fault<RestoreFaultCode>> {
  const { backupFile, tenant, signingKey } = order
  const manifestFile = manifestFileOf(backupFile)
  const text = attempt(() => readManifestText(manifestFile))
  if (!text.ok) {
    const message = `The manifest ${manifestFile} cannot be read: ${text.fault.message}. It lies beside every finished backup.`
    return failed(fault('manifest_unusable', message))
  }
  const parsed = parseManifest(text.value)
  if (!parsed.ok) return failed(fault('manifest_unusable', `${manifestFile}: ${parsed.fault.message}`))
  const manifest = parsed.value
  if (manifest.tenant !== tenant) {
    return failed(fault('backup_of_another', `${backupFile} holds the books of ${manifest.tenant}, not of ${tenant}.`))
  }
  const origin = logOrigin(tenant, manifest.generation)
  const opened = openCheckpoint(manifest.checkpoint, origin, signingKey.publicKeyBase64)
  if (!opened.ok) return failed(fault('manifest_unusable', `${manifestFile}: ${opened.fault.message}`))
  if (opened.value.size !== manifest.size || toHex(opened.value.root) !== manifest.root) {
    return failed(fault('manifest_unusable', `${manifestFile}: its checkpoint speaks of another log.`))
  }
  const digest = attempt(() => digestFile(backupFile))
  if (!digest.ok) {
    return failed(fault('backup_unreadable', `The backup ${backupFile} cannot be read: ${digest.fault.message}`))
  }
  if (digest.value.sha256 !== manifest.sha256 || digest.value.bytes !== manifest.fileBytes) {
    const text = `${backupFile} is not the file that its manifest describes: it was changed or cut off. Take another backup.`
    return failed(fault('backup_differs', text))
  }
  return ok(manifest)
}

/** Brings the copy to this version's tables and checks it from its bytes. */
function checkPrepared(
  order: RestoreOrder,
  manifest: BackupManifest,
  prepared: string,
): Result<null, Fault<RestoreFaultCode>> {
  const { backupFile, tenant, signingKey } = order
  const migrated = attempt(() => openPrepared(order, prepared).close())
  if (!migrated.ok) return failed(fault('backup_unreadable', `${backupFile} cannot be used: ${migrated.fault.message}`))
  const verified = verifyBooks(prepared, tenant, signingKey.publicKeyBase64)
  if (!verified.ok) return failed(fault('backup_unreadable', `${backupFile}: ${verified.fault.message}`))
  const [problem] = verified.value.problems
  if (problem !== undefined) {
    const count = verified.value.problems.length
    return failed(fault('backup_has_problems', `${backupFile} has ${count} problems, the first: ${problem}`))
  }
  const { generation, size, root } = headOf(prepared)
  if (generation === manifest.generation && size === manifest.size && root === manifest.root) return ok(null)
  const text = `${backupFile} ends at entry ${size} of generation ${generation}, its manifest says ${manifest.size} of ${manifest.generation}.`
  return failed(fault('backup_differs', text))
}

/** Writes the declaration into the log of the prepared copy, and signs what it is then. */
function beginGeneration(
  order: RestoreOrder,
  prepared: string,
  plan: RestorePlan,
): Result<null, Fault<RestoreFaultCode>> {
  const { tenant, by, reason, signingKey, nowMs } = order
  const { generation } = plan
  const store = openPrepared(order, prepared)
  try {
    const { size } = store.log
    const declaration = { tenant, generation, size, root: store.log.root(), by, reason, atMs: nowMs }
    const restore = signRestore(declaration, signingKey)
    // What agents cannot read would lock them out for ever.
    const readable = openRestore(restore, signingKey.publicKeyBase64)
    if (!readable.ok)
      return failed(fault('order_invalid', `Nobody could read the declaration: ${readable.fault.message}`))
    const { bytes, signature } = restore
    const { numberGaps: gaps } = plan
    const entry = encodeLogEntry({ kind: 'restore', declaration: bytes, signature, numberGaps: gaps })
    const writes = { entries: [entry], generation: { generation, logIndex: size, restore }, numberGaps: gaps }
    store.commitRestore(writes, { logSize: size })
    sealCheckpoint(store, tenant, signingKey, nowMs)
    return ok(null)
  } finally {
    store.close()
  }
}

function openPrepared(order: RestoreOrder, file: string): TenantStore {
  // The world's disk watches the files of running services; this one is nobody's until it has its name.
  const disk = order.disk === undefined ? undefined : temporaryDisk
  return new TenantStore({ file, disk, keyMemtableKeys: defaultMemtableKeys, keysPerCommit: keysPerGroup })
}

function reportOf(order: RestoreOrder, manifest: BackupManifest, plan: RestorePlan, booksFile: string): RestoreReport {
  const { generation, replaced } = plan
  return {
    tenant: order.tenant,
    applied: order.dryRun !== true,
    generation,
    size: manifest.size,
    root: manifest.root,
    backupFile: order.backupFile,
    replacedFile: replaced.exists ? replacedFileOf(booksFile, generation) : null,
    replacedUnreadable: replaced.unreadable,
    lost: replaced.lost,
    numberGaps: plan.numberGaps,
  }
}

function discarding<Answer>(booksFile: string, answer: Answer): Answer {
  discardPrepared(booksFile)
  return answer
}

/** What something that may throw came to. */
function attempt<Value>(work: () => Value): Result<Value> {
  try {
    return ok(work())
  } catch (error) {
    return failed(fault('threw', error instanceof Error ? error.message : String(error)))
  }
}
