import type { SyncState } from '../base/clock.ts'
import { reportedSuspended, type ReportMessage } from './messages.ts'
import { countOf, fieldsOf, listOf, MalformedMessage, textOf, type Fields } from './wire-fields.ts'

const syncStates: readonly SyncState[] = ['unknown', 'synced', 'unsynced']
const longestTextBytes = 1_024

/** A report in the form of its proto. */
export function reportToWire(report: ReportMessage): object {
  const { atMs, clockSync, suspendedRows, suspendedBytes, suspended, refusedDeliveries, connectedDevices } = report
  const { outbox, counters } = report
  return {
    atMs,
    clockSync,
    suspendedRows,
    suspendedBytes,
    suspended: suspended.map(({ code, device, rows, times }) => ({ code, device, rows, times })),
    refusedDeliveries,
    connectedDevices,
    outboxBatches: outbox.batches,
    outboxBytes: outbox.bytes,
    outboxOldestMs: outbox.oldestSealedMs ?? 0,
    counters: { ...counters },
  }
}

/** The way back from `reportToWire`; throws `MalformedMessage`. */
export function reportFromWire(report: Fields): ReportMessage {
  const counters = fieldsOf(report, 'counters')
  const outboxOldestMs = countOf(report, 'outboxOldestMs')
  return {
    kind: 'report',
    atMs: countOf(report, 'atMs'),
    clockSync: syncStateOf(textOf(report, 'clockSync')),
    suspendedRows: countOf(report, 'suspendedRows'),
    suspendedBytes: countOf(report, 'suspendedBytes'),
    suspended: listOf(report, 'suspended', reportedSuspended).map((count) => ({
      code: shortText(count, 'code'),
      device: shortText(count, 'device'),
      rows: countOf(count, 'rows'),
      times: countOf(count, 'times'),
    })),
    refusedDeliveries: countOf(report, 'refusedDeliveries'),
    connectedDevices: countOf(report, 'connectedDevices'),
    outbox: {
      batches: countOf(report, 'outboxBatches'),
      bytes: countOf(report, 'outboxBytes'),
      oldestSealedMs: outboxOldestMs === 0 ? null : outboxOldestMs,
    },
    counters: {
      deliveries: countOf(counters, 'deliveries'),
      events: countOf(counters, 'events'),
      records: countOf(counters, 'records'),
      unbound: countOf(counters, 'unbound'),
      withoutId: countOf(counters, 'withoutId'),
      duplicates: countOf(counters, 'duplicates'),
      suspended: countOf(counters, 'suspended'),
    },
  }
}

/** A state of a later version is one this version knows nothing of. */
function syncStateOf(text: string): SyncState {
  return syncStates.find((state) => state === text) ?? 'unknown'
}

function shortText(message: Fields, name: string): string {
  const text = textOf(message, name)
  if (Buffer.byteLength(text) > longestTextBytes)
    throw new MalformedMessage(`${name} is over ${longestTextBytes} bytes`)
  return text
}
