import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import type { WriterSettings } from '../writer.ts'
import type { TestDisk } from './test-disk.ts'

/** What a writer on a test's disk works by where nothing else is said: gateway gw-1 of acme, and batches of two units. */
export function testSettings(disk: TestDisk, changes: Partial<WriterSettings> = {}): WriterSettings {
  return {
    journalFile: disk.journalFile,
    disk: temporaryDisk,
    identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 1 },
    group: { deliveries: 100, payloadBytes: 100_000 },
    seal: { lingerMs: 100, maxUnits: 2, maxBytes: 100_000 },
    outboxBytes: 10_000_000,
    retention: { retainMs: 86_400_000, bytes: 10_000_000 },
    suspense: { rows: 100, bytes: 100_000, rowsPerDevice: 100, payloadBytes: 1000 },
    keyRetentionMs: 86_400_000,
    journalBytes: 100_000_000,
    mappings: [],
    ...changes,
  }
}
