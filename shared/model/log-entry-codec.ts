import { failed, fault, ok, type Result } from '../base/errors.ts'
import { DeterministicReader } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { leafHash } from '../integrity/merkle.ts'
import { longestLogEntryBytes, type LogEntry, type LogEntryFault } from './log-entry.ts'
import { readLogPayload } from './log-payload-reader.ts'
import { writeLogPayload } from './log-payload-writer.ts'

const entryFormat = 1
const longestKindBytes = 1024

/** Positions of each kind after the format number and the kind. */
const payloadFields: Readonly<Record<LogEntry['kind'], number>> = {
  batch: 2,
  catalogue: 2,
  ledger: 6,
  document: 5,
  suspense: 2,
  control: 2,
  release: 3,
  discard: 4,
  void: 4,
  checkpoint: 1,
  restore: 3,
  decision: 3,
}

/** The bytes of a log entry (docs/formats.md, "Log entries"). */
export function encodeLogEntry(entry: LogEntry): Uint8Array {
  const writer = new DeterministicWriter(1024)
  writer.arrayHead(2 + payloadFields[entry.kind])
  writer.uint(entryFormat)
  writer.text(entry.kind)
  writeLogPayload(writer, entry)
  return writer.copy()
}

/** Reads a log entry strictly; byte strings are views into `bytes`. */
export function decodeLogEntry(bytes: Uint8Array): Result<LogEntry, LogEntryFault> {
  if (bytes.length > longestLogEntryBytes)
    return failed(fault('log_entry_too_large', `the log entry has ${bytes.length} bytes, over ${longestLogEntryBytes}`))
  const reader = new DeterministicReader(bytes)
  const fields = reader.arrayHead()
  if (reader.uint() !== entryFormat) reader.refuse('bytes_unexpected')
  const kind = reader.text(longestKindBytes)
  if (reader.fault === null && !isKind(kind))
    return failed(fault('log_entry_unknown_kind', `the log entry is of the unknown kind ${JSON.stringify(kind)}`))
  const entry = isKind(kind) && fields === 2 + payloadFields[kind] ? readLogPayload(reader, kind) : undefined
  reader.finish()
  if (entry !== undefined && reader.fault === null) return ok(entry)
  const why = reader.fault ?? 'bytes_unexpected'
  return failed(fault('log_entry_malformed', `the log entry cannot be read strictly (${why}, ${bytes.length} bytes)`))
}

function isKind(kind: string): kind is LogEntry['kind'] {
  return Object.hasOwn(payloadFields, kind)
}

/** The leaf hash of a log entry in the tenant's RFC 6962 tree. */
export function logEntryLeaf(bytes: Uint8Array): Uint8Array {
  return leafHash(bytes)
}
