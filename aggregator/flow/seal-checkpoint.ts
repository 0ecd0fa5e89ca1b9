import { signCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/** The signed note that says what the log is at a size. */
export function checkpointNote(
  log: { readonly tenant: string; readonly generation: number; readonly size: number; readonly root: Uint8Array },
  key: SigningKey,
): string {
  const origin = logOrigin(log.tenant, log.generation)
  return signCheckpoint({ origin, size: log.size, root: log.root }, origin, key)
}

/** Signs the head of the log and stores it, unless it is signed already. Returns the size that is covered now. */
export function sealCheckpoint(store: TenantStore, tenant: string, key: SigningKey, nowMs: number): number {
  const { size } = store.log
  if (size === 0 || store.checkpoints.latest()?.size === size) return size
  const note = checkpointNote({ tenant, generation: store.generations.current, size, root: store.log.root() }, key)
  store.commitCheckpoint({ size, note, sealedMs: nowMs }, { logSize: size })
  return size
}
