import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { CounterRow, Journal } from '../store/journal.ts'
import { fitsTrustSum, type TrustRow } from '../store/log-trust-table.ts'
import type { StoredValue } from '../store/salvage-record.ts'
import { fitsRowSum } from '../store/row-sums.ts'
import { conflictCode, suspenseIdentity } from '../store/suspense-table.ts'
import type { LostPart } from './recovery-report.ts'
import type { Source } from './recover-source.ts'

type Note = (part: Omit<LostPart, 'file'>) => void

/** Carries over what was discarded or replayed; before the suspense, which leaves out what was discarded. */
export function takeClosedSuspense(journal: Journal, source: Source, lost: Note): void {
  for (const { rowid, values } of source.tables.rows('suspense_closed')) {
    const why = typeof values === 'string' ? values : fitsRowSum(values) ? null : 'it was changed'
    if (why !== null) lost({ what: 'suspense', which: `${rowid} (closed)`, why })
    else journal.recovery.takeClosed(values as readonly StoredValue[])
  }
}

/** Carries over what is in suspense and is still what was put there; returns how much. */
export function takeSuspense(journal: Journal, source: Source, lost: Note): number {
  let taken = 0
  for (const values of readableSuspense(source, lost)) if (journal.recovery.takeSuspended(values)) taken += 1
  journal.recovery.keepNumbers()
  return taken
}

/** The rows of the suspense that are what was put there, as they are stored. */
export function* readableSuspense(source: Source, lost: Note): Generator<readonly StoredValue[]> {
  for (const { rowid, values } of source.tables.rows('suspense')) {
    if (typeof values === 'string') lost({ what: 'suspense', which: String(rowid), why: values })
    else if (!fitsRowSum(values) || !isSuspended(values))
      lost({ what: 'suspense', which: String(rowid), why: 'it is not what was put there' })
    else yield values
  }
}

/** Whether a row is what its identity says; rows of version 1, which noted no clocks, made theirs in another way. */
function isSuspended(values: readonly StoredValue[]): boolean {
  const [, identity, code, , device, kind, , , , , payloadBytes, payload] = values
  const [rule = null, topic = null, idempotencyKey = null, positions = null, bootId = null] = values.slice(12)
  if (bootId === null) return true
  if (!Buffer.isBuffer(identity) || !Buffer.isBuffer(payload)) return false
  const places = positionsOf(positions)
  if (places === undefined) return false
  const content = {
    device: String(device),
    kind: String(kind),
    rule: textOrNull(rule),
    topic: textOrNull(topic),
    idempotencyKey: textOrNull(idempotencyKey),
    positions: places,
    payloadBytes: Number(payloadBytes),
    payload,
  }
  // The reason may have changed since the identity was made; only whether it was a conflict is part of it.
  return [String(code), conflictCode, ''].some((reason) =>
    equalBytes(identity, suspenseIdentity({ ...content, ...noClocks, code: reason })),
  )
}

const noClocks = { eventId: null, atMs: 0, bootId: '', monotonicMs: 0, syncState: 'unknown' } as const

function positionsOf(text: StoredValue): number[] | null | undefined {
  if (typeof text !== 'string') return null
  try {
    return JSON.parse(text) as number[]
  } catch {
    // Text that is no JSON is not what was stored: the caller says so.
    return undefined
  }
}

function textOrNull(value: StoredValue): string | null {
  return typeof value === 'string' ? value : null
}

/** Carries over Sparkplug births that can be read. */
export function takeBirths(journal: Journal, source: Source, lost: Note): void {
  for (const { values } of source.tables.rows('sparkplug_birth')) {
    const which = typeof values === 'string' ? 'unknown' : values.slice(0, 4).map(String).join('/')
    const why = typeof values === 'string' ? values : fitsRowSum(values) && isJson(values[5]) ? null : 'it was changed'
    if (why !== null) lost({ what: 'birth', which, why })
    else journal.recovery.takeBirth(values as readonly StoredValue[])
  }
}

function isJson(text: StoredValue | undefined): boolean {
  try {
    return Array.isArray(JSON.parse(String(text)))
  } catch {
    // What is no JSON was not written by an agent.
    return false
  }
}

/** Carries over the counters of the first source whose row can be read. */
export function takeCounters(journal: Journal, sources: readonly Source[], lost: (source: Source) => Note): void {
  let taken = false
  for (const source of sources) {
    const values = source.tables.row('counter', 1)
    if (!Array.isArray(values)) lost(source)({ what: 'counter', which: '1', why: values ?? 'its row is not there' })
    else if (!fitsRowSum(values)) lost(source)({ what: 'counter', which: '1', why: 'its row was changed' })
    else if (!taken) {
      taken = true
      journal.writeCounters(counterRow(values.map(Number)))
    }
  }
}

function counterRow(values: readonly number[]): CounterRow {
  const [, deliveries = 0, events = 0, records = 0, unbound = 0, withoutId = 0, duplicates = 0, suspended = 0] = values
  return { deliveries, events, records, unbound, withoutId, duplicates, suspended }
}

/** Carries over the accounts of earlier recoveries, in their order. */
export function takeRecoveries(journal: Journal, source: Source, lost: Note): void {
  for (const { rowid, values } of source.tables.rows('recovery')) {
    const why = typeof values === 'string' ? values : fitsRowSum(values) ? null : 'it was changed'
    if (why !== null) lost({ what: 'recovery', which: String(rowid), why })
    else {
      const [, recoveredMs, recoveredBy, movedTo, report] = values as readonly StoredValue[]
      const [by, moved] = [String(recoveredBy), textOrNull(movedTo ?? null)]
      journal.recovery.note({
        recoveredMs: Number(recoveredMs),
        recoveredBy: by,
        movedTo: moved,
        report: String(report),
      })
    }
  }
}

/** Carries over what is known of the aggregator's log: the newest head, and every piece of evidence against it. */
export function takeLogTrust(journal: Journal, sources: readonly Source[], lost: (source: Source) => Note): void {
  let newest = journal.logTrust.read()
  for (const source of sources) {
    const values = source.tables.row('log_head', 1)
    if (values === undefined) continue
    const row = trustRowOf(values)
    if (typeof row === 'string') {
      lost(source)({ what: 'checkpoint', which: '1', why: row })
      continue
    }
    const head = row.size === null || row.root === null ? null : { size: row.size, root: row.root, note: row.note }
    const isNewer =
      row.generation > newest.generation ||
      (row.generation === newest.generation && (head?.size ?? -1) > (newest.head?.size ?? -1))
    if (isNewer) newest = { generation: row.generation, doubted: row.doubted !== 0 || newest.doubted, head }
    else if (row.doubted !== 0) newest = { ...newest, doubted: true }
  }
  journal.logTrust.write(newest)
  for (const source of sources) {
    for (const { rowid, values } of source.tables.rows('log_evidence')) {
      if (typeof values !== 'string') journal.recovery.takeEvidence(values.slice(1))
      else lost(source)({ what: 'checkpoint', which: `evidence ${rowid}`, why: values })
    }
  }
}

/** What a stored row says of the aggregator's log, or what is wrong with the row. */
export function trustRowOf(values: readonly StoredValue[] | string): TrustRow | string {
  if (typeof values === 'string') return values
  const [, generation, doubted, size, root, note, sum] = values
  const row = {
    generation: Number(generation),
    doubted: Number(doubted),
    size: typeof size === 'number' ? size : null,
    root: Buffer.isBuffer(root) ? root : null,
    note: typeof note === 'string' ? note : null,
  }
  return fitsTrustSum(row, typeof sum === 'number' ? sum : null) ? row : 'its row was changed'
}
