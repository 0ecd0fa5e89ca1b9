import { failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { codeOf, isJournalInUse } from '../store/journal-damage.ts'
import { filesToSalvage, isSameFile, isThere, nameInFolder } from '../store/journal-files.ts'
import {
  asideFile,
  declareRecovered,
  finishReplacement,
  removeUnfinished,
  unfinishedFile,
} from '../store/journal-replacement.ts'
import { Journal, type JournalIdentity } from '../store/journal.ts'
import { storedKeys } from '../store/salvage-keys.ts'
import {
  takeBirths,
  takeClosedSuspense,
  takeCounters,
  takeLogTrust,
  takeRecoveries,
  takeSuspense,
} from './recover-rows.ts'
import { openSource, type Source } from './recover-source.ts'
import { settledUpTo, type ReceivedPoint } from './recover-start.ts'
import { salvageUnits } from './recover-units.ts'
import { RecoveryWriter, type CarriedOver } from './recover-writer.ts'
import type { LostPart, RecoverFaultCode, RecoveryReport, SalvagedSource } from './recovery-report.ts'

export type { LostPart, RecoverFaultCode, RecoveryReport, SalvagedSource } from './recovery-report.ts'

/** What is to be recovered, into which journal, and by whom. */
export interface RecoverOrder {
  /** The file that will be the new journal. One that is there already is moved aside, never deleted. */
  readonly dataDirectoryJournal: string
  /** Files to salvage, the first one first; may include the one that is moved aside. None: only that one. */
  readonly sources: readonly string[]
  /** Whose journal it is to be, with the new epoch: higher than that of every source. */
  readonly identity: JournalIdentity
  /** What the aggregator has, by epoch: that is not carried over. Of other epochs, nor is what it gave receipts for. */
  readonly received: readonly ReceivedPoint[]
  readonly nowMs: number
  /** Who does this, by name. */
  readonly by: string
  /** For simulations only: see `openDatabase`. */
  readonly disk?: SimulatedDisk | undefined
}

/**
 * Begins a new journal, in a new epoch, with everything of damaged, cloned or old ones that can be read and verified: the
 * units of unsettled batches and of the open one, suspense, event keys, births, counters, and what is known of the
 * aggregator's log; the aggregator sends snapshot and subjects again. The new file is written whole beside the old one before it takes its place, so that a crash
 * leaves the one or the other. Synchronous; no agent may have the files open.
 */
export function recoverJournal(order: RecoverOrder): Result<RecoveryReport, Fault<RecoverFaultCode>> {
  return recover(order, false)
}

/** What `recoverJournal` would do; everything stays as it is. */
export function rehearseRecovery(order: RecoverOrder): Result<RecoveryReport, Fault<RecoverFaultCode>> {
  return recover(order, true)
}

// What SQLite can address in pages of 4 KiB; the limit of the configuration is asked when the agent starts.
const mostFileBytes = 2 ** 43
// As the configuration has it where nothing else is said.
const keyRetentionMs = 45 * 86_400_000
const maxStagedKeys = 32_768

function recover(order: RecoverOrder, rehearsal: boolean): Result<RecoveryReport, Fault<RecoverFaultCode>> {
  const { dataDirectoryJournal: file } = order
  const sources: Source[] = []
  try {
    if (!rehearsal) finishReplacement(file)
    const files = filesToSalvage(file, order.sources)
    const missing = files.find((each) => !isThere(each))
    if (files.length === 0) return refused('recover_no_source', `There is no journal ${file} to recover from.`)
    if (missing !== undefined) return refused('recover_no_source', `There is no file ${missing} to recover from.`)
    const used = files.find(isJournalInUse)
    if (used !== undefined) {
      return refused('recover_in_use', `${used} is in use: stop the agent that runs on it, then recover.`)
    }
    for (const each of files) sources.push(openSource(each))
    const wrong = wrongOwner(order, sources)
    if (wrong !== null) return failed(wrong)
    return ok(carryOver(order, sources, rehearsal))
  } catch (error) {
    if (!(error instanceof FaultError) && codeOf(error) === 'unexpected') throw error
    const reason = error instanceof Error ? error.message : String(error)
    return refused('recover_failed', `Recovering ${file} failed: ${reason}. Nothing was changed; try again.`)
  } finally {
    for (const { pages } of sources) pages.close()
    removeUnfinished(file)
  }
}

function wrongOwner({ identity }: RecoverOrder, sources: readonly Source[]): Fault<RecoverFaultCode> | null {
  const { tenant, agent, epoch } = identity
  for (const { file, owner } of sources) {
    if (owner === null) continue
    if (owner.tenant !== tenant || owner.agent !== agent) {
      const message =
        `${file} is of agent ${owner.agent} of tenant ${owner.tenant}, the config says ${agent} of ${tenant}. ` +
        'Name another file, or correct the config.'
      return fault('recover_of_another', message)
    }
    if (epoch <= owner.epoch) {
      const message =
        `${file} is in epoch ${owner.epoch}, so the recovered journal needs epoch ${owner.epoch + 1} or a higher one, and ` +
        `the config says ${epoch}. Register it first: write "epoch: ${owner.epoch + 1}" at this agent in the tenant file, ` +
        'apply it, and set the same epoch in the configuration of the agent.'
      return fault('recover_epoch', message, { epoch: owner.epoch })
    }
  }
  return null
}

function carryOver(order: RecoverOrder, sources: readonly Source[], rehearsal: boolean): RecoveryReport {
  const { dataDirectoryJournal: file, identity, nowMs, by, disk } = order
  const lost: LostPart[] = []
  const noteOf =
    (source: Source) =>
    (part: Omit<LostPart, 'file'>): void =>
      void lost.push({ file: source.file, ...part })
  removeUnfinished(file)
  const journal = openNew(unfinishedFile(file), identity, disk)
  try {
    const salvaged = fill(journal, order, sources, noteOf)
    const inPlace = sources.find((source) => isSameFile(source.file, file))
    const movedTo = inPlace === undefined ? null : asideFile(file, inPlace.owner?.epoch ?? null)
    const report = { movedTo, sources: salvaged, lost }
    const note = { recoveredMs: nowMs, recoveredBy: by, report: JSON.stringify(report) }
    journal.commit(() => journal.recovery.note({ ...note, movedTo: movedTo === null ? null : nameInFolder(movedTo) }))
    journal.close()
    if (!rehearsal) declareRecovered(file)
    return report
  } finally {
    journal.close()
  }
}

type NoteOf = (source: Source) => (part: Omit<LostPart, 'file'>) => void

function fill(journal: Journal, order: RecoverOrder, sources: readonly Source[], noteOf: NoteOf): SalvagedSource[] {
  const writer = new RecoveryWriter(journal, order.identity, order.nowMs)
  const done = sources.map(() => ({ units: 0, records: 0, duplicates: 0, suspended: 0, keys: 0 }))
  sources.forEach((source, index) => {
    const lost = noteOf(source)
    for (const { page, why } of source.tables.broken) lost({ what: 'page', which: String(page), why })
    const lostKeys = (which: string, why: string): void => lost({ what: 'keys', which, why })
    for (const keys of storedKeys(source.tables, lostKeys)) writer.takeKeys(keys, done[index] ?? nothing())
  })
  journal.commit(() => {
    for (const source of sources) takeClosedSuspense(journal, source, noteOf(source))
    sources.forEach((source, index) => {
      const taken = takeSuspense(journal, source, noteOf(source))
      const counted = done[index]
      if (counted !== undefined) counted.suspended += taken
      takeBirths(journal, source, noteOf(source))
      takeRecoveries(journal, source, noteOf(source))
    })
    takeCounters(journal, sources, noteOf)
    takeLogTrust(journal, sources, noteOf)
  })
  sources.forEach((source, index) => {
    const settled = settledUpTo(source, order.received, sources)
    for (const { units, tables } of salvageUnits(source, settled, noteOf(source))) {
      writer.takeUnits(index, units, tables, done[index] ?? nothing())
    }
  })
  writer.finish()
  return sources.map(({ file, owner }, index) => ({ file, epoch: owner?.epoch ?? null, ...(done[index] ?? nothing()) }))
}

/** The new journal, where nobody looks for one before it is whole. */
function openNew(file: string, identity: JournalIdentity, disk: SimulatedDisk | undefined): Journal {
  const opened = Journal.open({ file, identity, disk, maxStagedKeys, keyRetentionMs, maxFileBytes: mostFileBytes })
  if (!opened.ok) throw new FaultError(opened.fault)
  return opened.value
}

function nothing(): CarriedOver {
  return { units: 0, records: 0, duplicates: 0, suspended: 0, keys: 0 }
}

function refused(
  code: RecoverFaultCode,
  message: string,
): { readonly ok: false; readonly fault: Fault<RecoverFaultCode> } {
  return failed(fault(code, message))
}
