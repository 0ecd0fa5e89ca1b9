import { signCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/** The name of a tenant's log in its checkpoints (C2SP tlog-checkpoint: origin, which is also the key's name). */
export function checkpointOrigin(tenant: string): string {
  return `meterline/${tenant}`
}

/** Signs the head of the log and stores it, unless it is signed already. Returns the size that is covered now. */
export function sealCheckpoint(store: TenantStore, tenant: string, key: SigningKey, nowMs: number): number {
  const { size } = store.log
  if (size === 0 || store.checkpoints.latest()?.size === size) return size
  const origin = checkpointOrigin(tenant)
  const note = signCheckpoint({ origin, size, root: store.log.root() }, origin, key)
  store.commitCheckpoint({ size, note, sealedMs: nowMs }, { logSize: size })
  return size
}
