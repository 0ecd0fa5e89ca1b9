import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { equalBytes, sha256 } from '@meterline/shared/integrity/hash.ts'
import { integrityFindings, isJournalInUse } from '../store/journal-damage.ts'
import { isThere } from '../store/journal-files.ts'
import { schemaFindings } from '../store/journal-schema-check.ts'
import { fitsRowSum } from '../store/row-sums.ts'
import { checkFilters, keyEntryBytes, storedKeys } from '../store/salvage-keys.ts'
import { batchFault, bodyOf } from './check-chain.ts'
import { readableSuspense, trustRowOf } from './recover-rows.ts'
import { batchRow, chunkRow, openSource, type Source } from './recover-source.ts'
import { settledSeqOf } from './recover-start.ts'
import { salvageUnits } from './recover-units.ts'
import type { LostPart } from './recovery-report.ts'

/** One thing that is wrong with a journal. `structure`: pages and indexes, by SQLite's own account. */
export interface JournalFinding {
  readonly what: LostPart['what'] | 'chain' | 'log' | 'structure'
  readonly which: string
  readonly why: string
}

/** What a check of a journal found. */
export interface JournalCheck {
  readonly file: string
  /** Null where the journal does not tell any more. */
  readonly epoch: number | null
  readonly pages: number
  /** Units that no receipt was given for and that can be read, and event keys. */
  readonly unsentUnits: number
  readonly keys: number
  /** Nothing: the journal is what was written to it, as far as sums, hashes and structure tell. */
  readonly findings: readonly JournalFinding[]
}

/**
 * Reads the whole of a journal that no agent has open, and checks everything that can be checked: its log and pages, the
 * chain, each batch against its signed root, each chunk and row against its sum, suspense against its identities, and
 * SQLite's own integrity check. Takes about a second for each 500 MB, and changes nothing.
 */
export function checkJournal(file: string): Result<JournalCheck, Fault<'check_no_file' | 'check_in_use'>> {
  if (!isThere(file)) return failed(fault('check_no_file', `There is no journal ${file} to check.`))
  if (isJournalInUse(file)) {
    return failed(fault('check_in_use', `${file} is in use: stop the agent that runs on it, then check.`))
  }
  const findings: JournalFinding[] = []
  const source = openSource(file)
  try {
    const note = (part: JournalFinding): void => void findings.push(part)
    for (const why of source.pages.damage) note({ what: 'log', which: 'file', why })
    for (const { page, why } of source.tables.broken) note({ what: 'page', which: String(page), why })
    if (source.chain === null) {
      note({ what: 'chain', which: '1', why: 'the row that says where it stands cannot be read, or was changed' })
    }
    let unsentUnits = 0
    for (const { units } of salvageUnits(source, settledSeqOf(source), note)) unsentUnits += units.length
    checkChain(source, note)
    checkSettled(source, note)
    let keys = 0
    const lostKeys = (which: string, why: string): void => note({ what: 'keys', which, why })
    for (const { entries } of storedKeys(source.tables, lostKeys)) keys += entries.length / keyEntryBytes
    checkFilters(source.tables, lostKeys)
    // Read to the end, what cannot be read is noted.
    Array.from(readableSuspense(source, note), () => null)
    checkRows(source, note)
    const structure = [...schemaFindings(source.pages), ...integrityFindings(file)].map((why) => ({
      what: 'structure' as const,
      which: 'file',
      why,
    }))
    const all = [...findings, ...structure]
    return ok({
      file,
      epoch: source.owner?.epoch ?? null,
      pages: source.pages.pageCount,
      unsentUnits,
      keys,
      findings: all,
    })
  } finally {
    source.pages.close()
  }
}

/** The rows of the batches that wait, and how they follow each other; their units may be whole all the same. */
function checkChain({ chain, tables }: Source, note: (part: JournalFinding) => void): void {
  if (chain === null) return
  let previousHash: Uint8Array | null = chain.settledHash
  for (let seq = chain.settledSeq + 1; seq <= chain.sealedSeq; seq++) {
    const values = tables.row('batch', seq)
    const header = Array.isArray(values) ? batchFault(batchRow(values), chain) : (values ?? 'it is not there')
    const follows =
      typeof header !== 'string' && (previousHash === null || equalBytes(header.previousHash, previousHash))
    if (!follows) {
      const why = typeof header === 'string' ? header : 'it does not follow the one before it'
      note({ what: 'batch', which: String(seq), why })
      // After the last row there is none to be looked at on its own.
      if (values === undefined && seq > (tables.rowids('batch').at(-1) ?? 0)) return
    }
    previousHash = Array.isArray(values) && typeof header !== 'string' ? batchRow(values).batchHash : null
  }
  if (previousHash !== null && !equalBytes(previousHash, chain.sealedHash)) {
    note({ what: 'chain', which: '1', why: 'it does not end with the last sealed batch' })
  }
}

/** Rows that nothing but their own sums vouch for. */
function checkRows({ tables }: Source, note: (part: JournalFinding) => void): void {
  const summed = {
    suspense_closed: 'suspense',
    sparkplug_birth: 'birth',
    counter: 'counter',
    recovery: 'recovery',
  } as const
  for (const table of ['suspense_closed', 'sparkplug_birth', 'counter', 'recovery'] as const) {
    for (const { rowid, values } of tables.rows(table)) {
      const why = typeof values === 'string' ? values : fitsRowSum(values) ? null : 'its row was changed'
      if (why !== null) note({ what: summed[table], which: String(rowid), why })
    }
  }
  for (const { rowid, values } of tables.rows('subject')) {
    // Its number only says when it was told, and is not summed.
    const why = typeof values === 'string' ? values : fitsRowSum(values.slice(1)) ? null : 'its row was changed'
    if (why !== null) note({ what: 'subject', which: String(rowid), why })
  }
  for (const { rowid, values } of tables.rows('snapshot_part')) {
    const why = typeof values === 'string' ? values : isNamedByContent(values) ? null : 'it is not what it is named by'
    if (why !== null) note({ what: 'snapshot', which: `part ${rowid}`, why })
  }
  const logHead = tables.row('log_head', 1)
  const trust = logHead === undefined ? null : trustRowOf(logHead)
  if (typeof trust === 'string') note({ what: 'checkpoint', which: '1', why: trust })
  if (tables.row('counter', 1) === undefined) note({ what: 'counter', which: '1', why: 'its row is not there' })
}

/** Whether a part of a snapshot is still the one that its hash names. */
function isNamedByContent([, hash, bytes]: readonly unknown[]): boolean {
  return hash instanceof Uint8Array && bytes instanceof Uint8Array && equalBytes(sha256(bytes), hash)
}

/** Batches that are kept to be sent again after a restore of the aggregator. */
function checkSettled(source: Source, note: (part: JournalFinding) => void): void {
  for (const { rowid, values } of source.tables.rows('settled_batch')) {
    const why =
      typeof values === 'string'
        ? values
        : fitsRowSum(values)
          ? null
          : 'the row that says when it was settled was changed'
    if (why !== null) note({ what: 'batch', which: String(rowid), why })
  }
  const settledSeq = source.chain?.settledSeq ?? 0
  for (const { rowid, values } of source.tables.rows('batch')) {
    if (rowid > settledSeq) continue
    const batch = typeof values === 'string' ? null : batchRow(values)
    const chunks = batch === null ? [] : chunksBetween(source, batch.firstChunk, batch.lastChunk)
    const body = batch === null ? String(values) : bodyOf(batch, chunks)
    if (typeof body === 'string') note({ what: 'batch', which: String(rowid), why: body })
  }
}

function chunksBetween(source: Source, first: number, last: number): ReturnType<typeof chunkRow>[] {
  const chunks: ReturnType<typeof chunkRow>[] = []
  for (let id = first; id <= last; id++) {
    const values = source.tables.row('chunk', id)
    // The first one that is missing is enough to know; numbers of a damaged row may be anything.
    if (!Array.isArray(values)) break
    chunks.push(chunkRow(values))
  }
  return chunks
}
