import { FaultError, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { equalBytes, toHex } from '@meterline/shared/integrity/hash.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import { logDamageInUse } from '@meterline/shared/sqlite/log-damage.ts'
import { BooksReader } from '../store/books-reader.ts'
import { BooksAudit } from './books-audit.ts'
import type { BooksReport } from './commands.ts'
import { positionOfCharges } from './verify-batches.ts'
import { checkDue } from './verify-due.ts'
import { walkLog } from './verify-log.ts'
import { generationAt } from './verify-restores.ts'
import type { BooksOwner } from './verify-restores.ts'
import { checkStanding } from './verify-standing.ts'
import { checkOpenSuspense } from './verify-suspense.ts'

/**
 * Checks a tenant's books from their bytes alone, against one committed state: the write-ahead log beside the file; the log's
 * tree, head, generations and checkpoints; every batch's signature, chain and body; ledger entries and balances (I1); charges against accumulators, prices and postings
 * (I9); documents against lines, charges and ledger, and against what is due (I10, I11). `publicKeyBase64` is the aggregator's.
 */
export function verifyBooks(file: string, tenant: string, publicKeyBase64: string): Result<BooksReport> {
  const lostLog = logDamageInUse(file)
  const opened = openBooks(file)
  if (!opened.ok) {
    const { code, message } = opened.fault
    return lostLog === null ? opened : failed(fault(code, `${message}; its write-ahead log: ${lostLog}`))
  }
  const reader = opened.value
  const audit = new BooksAudit()
  try {
    if (lostLog !== null) {
      audit.report(`I14: the write-ahead log ${file}-wal: ${lostLog}; what lies behind that is not checked`)
    }
    checkAll(reader, { tenant, publicKeyBase64 }, audit)
  } catch (error) {
    // Damaged pages and texts that only damage can bring make SQLite or an assertion throw in the middle.
    audit.report(`I14: the check cannot go on: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    reader.close()
  }
  return ok({ tenant, checked: audit.checked, problems: audit.problems })
}

function checkAll(reader: BooksReader, owner: BooksOwner, audit: BooksAudit): void {
  const checkpoints = openCheckpoints(reader, owner, audit)
  audit.days.keptAfter(reader.daysKeptAfter())
  walkLog(reader, audit, owner, (size, root) => {
    const signed = checkpoints.get(size)
    if (signed !== undefined && !equalBytes(signed, root())) {
      audit.report(`I13: the checkpoint of size ${size} says root ${toHex(signed)}, the log's is ${toHex(root())}`)
    }
    checkpoints.delete(size)
  })
  for (const size of checkpoints.keys()) audit.report(`I13: a checkpoint covers ${size} entries, the log has fewer`)
  checkBalances(reader, audit)
  checkSegments(reader, audit)
  checkOpenSuspense(reader, audit)
  checkStanding(reader, audit)
  checkCounts(reader, audit)
  for (const fault of reader.structureFaults()) audit.report(`I14: the structure of the file: ${fault}`)
  // Bills are made of what was looked at so far: where that is damaged, making them may come to an end.
  checkDue(reader, audit)
}

function openBooks(file: string): Result<BooksReader> {
  try {
    return ok(new BooksReader(file))
  } catch (error) {
    if (error instanceof FaultError) return failed(error.fault)
    throw error
  }
}

/** The roots of all checkpoints that are signed as they should be, by size. */
function openCheckpoints(
  reader: BooksReader,
  { tenant, publicKeyBase64 }: BooksOwner,
  audit: BooksAudit,
): Map<number, Uint8Array> {
  const roots = new Map<number, Uint8Array>()
  const generations = reader.generations()
  for (const { size, note } of reader.checkpoints()) {
    audit.count('checkpoints')
    const origin = logOrigin(tenant, generationAt(generations, size))
    const opened = openCheckpoint(note, origin, publicKeyBase64)
    if (!opened.ok) audit.report(`I13: the checkpoint of size ${size}: ${opened.fault.message}`)
    else if (opened.value.size !== size || opened.value.origin !== origin) {
      audit.report(
        `I13: the checkpoint stored for ${size} entries speaks of ${opened.value.size} of ${opened.value.origin}`,
      )
    } else roots.set(size, opened.value.root)
  }
  return roots
}

/** Cached balances are the sums of the entries, and debits equal credits in each entity's books (I1). */
function checkBalances(reader: BooksReader, audit: BooksAudit): void {
  const sums = new Map<string, bigint>()
  for (const { entity, asset, account, debitMicros, creditMicros } of reader.balances()) {
    audit.count('balances')
    const posted = audit.balances.take(entity, asset, account)
    if (posted.debitMicros !== debitMicros || posted.creditMicros !== creditMicros) {
      const cached = `${debitMicros} debit and ${creditMicros} credit`
      const text = `its entries make ${posted.debitMicros} debit and ${posted.creditMicros} credit`
      audit.report(`I1: ${entity} ${asset} ${account} has a cached balance of ${cached}, ${text}`)
    }
    const books = `${entity} ${asset}`
    sums.set(books, (sums.get(books) ?? 0n) + debitMicros - creditMicros)
  }
  for (const left of audit.balances.rest()) audit.report(`I1: ${left} has entries and no cached balance`)
  for (const [books, sum] of sums)
    if (sum !== 0n) audit.report(`I1: the books of ${books} are out of balance by ${sum}`)
}

/** Accumulators are the sums of the charges, and what their price makes of where the charges put them (I9). */
function checkSegments(reader: BooksReader, audit: BooksAudit): void {
  for (const segment of reader.segments()) {
    audit.count('segments')
    const charged = audit.segments.get(segment.key)
    audit.segments.delete(segment.key)
    const { quantity, events, amountMicros } = charged ?? { quantity: 0n, events: 0, amountMicros: 0n }
    if (segment.quantity !== quantity || segment.events !== events || segment.amountMicros !== amountMicros) {
      const says = `${segment.quantity} in ${segment.events} records for ${segment.amountMicros} micros`
      const text = `its charges make ${quantity} in ${events} records for ${amountMicros} micros`
      audit.report(`I9: segment ${segment.key} says ${says}, ${text}`)
    }
    if (!audit.days.areDaysOf(segment.key, reader.daysOf(segment.key))) {
      audit.report(`I9: the days of segment ${segment.key} are not those of its charges`)
    }
    if (audit.positions.differs(segment, () => positionOfCharges(reader, audit, segment.key))) {
      audit.report(`I9: segment ${segment.key} stands elsewhere than the events of its charges put it`)
    }
    const due = audit.chargesDue(segment.key, audit.positions.of(segment, quantity, events))
    if (due === null) audit.report(`I9: segment ${segment.key} has a price that no catalogue of the log has`)
    else if (due !== segment.amountMicros) {
      audit.report(`I9: segment ${segment.key} charged ${segment.amountMicros} micros, its price makes ${due}`)
    }
  }
  for (const key of audit.segments.keys()) audit.report(`I9: segment ${key} has charges and no accumulator`)
}

/** No table holds rows that no log entry accounts for. */
function checkCounts(reader: BooksReader, audit: BooksAudit): void {
  const counts = reader.counts()
  for (const [table, accounted] of Object.entries(audit.accountedRows)) {
    const rows = counts[table as keyof typeof counts]
    if (rows !== accounted) audit.report(`I12: ${table} has ${rows} rows, the log accounts for ${accounted}`)
  }
}
