import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import { recoverJournal, type RecoverOrder, type RecoveryReport } from '../recover-journal.ts'
import { storedAt } from './stored-journal.ts'
import type { TestDisk } from './test-disk.ts'

/** Orders the recovery of the journal on a disk into epoch 2, by Ada, where nothing else is said. */
export function orderFor(disk: TestDisk, changes: Partial<RecoverOrder> = {}): RecoverOrder {
  return {
    dataDirectoryJournal: disk.journalFile,
    sources: [],
    identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 },
    received: [],
    nowMs: storedAt.wallMs + 1_000,
    by: 'Ada',
    disk: temporaryDisk,
    ...changes,
  }
}

/** The report of a recovery that must be possible. */
export function recovered(order: RecoverOrder): RecoveryReport {
  const report = recoverJournal(order)
  if (!report.ok) throw new Error(report.fault.message)
  return report.value
}
