import type { Log } from '@meterline/shared/base/log.ts'
import { equalBytes, toHex } from '@meterline/shared/integrity/hash.ts'
import { acceptSnapshot } from './accept-snapshot.ts'
import type { JournalClient } from './journal-client.ts'
import type { BatchSender } from './send-batches.ts'

/** A snapshot as it came: its bytes and the aggregator's signature. */
interface SignedSnapshot {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Keeps the newest verified snapshot in force: first the one the journal holds, then each newer one the aggregator
 * sends, once it is stored. What does not verify is logged, and the one in force stays.
 */
export function keepSnapshots(parts: {
  readonly held: SignedSnapshot | null
  readonly journal: JournalClient
  readonly sender: BatchSender
  readonly aggregatorKey: string
  readonly tenant: string
  readonly log: Log
}): void {
  const { held, journal, sender, aggregatorKey, tenant, log } = parts
  // The newest one that was accepted, which may still be on its way into the journal.
  let newestVersion: number | null = null
  let hashInForce: Uint8Array | null = null

  const take = (signed: SignedSnapshot, isHeld: boolean): void => {
    const accepted = acceptSnapshot(signed, { aggregatorKey, tenant, newestVersion })
    if (!accepted.ok) return log.warn('snapshot refused', { ...accepted.fault })
    const { version, snapshotHash: hash } = accepted.value.table
    newestVersion = version
    if (hashInForce !== null && equalBytes(hashInForce, hash)) return
    const putInForce = (): void => {
      hashInForce = hash
      sender.holdsSnapshot(hash)
      log.info('snapshot in force', { version, hash: toHex(hash) })
    }
    // The journal has the one it held: the first hello may name it already.
    if (isHeld) putInForce()
    journal.keepSnapshot(accepted.value, !isHeld, (storeFault) => {
      if (storeFault !== null) log.warn('snapshot not stored', { ...storeFault })
      else if (!isHeld) putInForce()
    })
  }

  if (held !== null) take(held, true)
  sender.onSnapshot((message) => take(message, false))
}
