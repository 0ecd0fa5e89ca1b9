import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { verifyConsistency } from '@meterline/shared/integrity/merkle.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import type { RestoreDeclaration } from '@meterline/shared/model/restore-declaration.ts'
import type { CheckpointMessage } from '@meterline/shared/wire/messages.ts'

/** A head of the tenant's log that this agent has verified. Every later one must continue it. */
export interface VerifiedHead {
  readonly size: number
  /** RFC 6962 root over so many entries, 32 bytes. */
  readonly root: Uint8Array
  /** The signed note it came in; null when it is what a restore declaration says was kept. */
  readonly note: string | null
}

/** What this agent knows of the tenant's log. */
export interface LogTrust {
  /** Which life of the log, from 1; a declared restore from a backup begins the next one. */
  readonly generation: number
  /** Null before the first checkpoint. */
  readonly head: VerifiedHead | null
  /** A checkpoint contradicted what was verified: nothing is sent or let go until one continues it again. */
  readonly doubted: boolean
}

/** What an agent that has heard nothing of the log begins with. */
export const initialLogTrust: LogTrust = { generation: 1, head: null, doubted: false }

/** A checkpoint that cannot be relied on; the last two are contradictions under the aggregator's own signature. */
export type CheckpointFaultCode = 'checkpoint_invalid' | 'checkpoint_unproven' | 'checkpoint_forked' | 'log_rolled_back'

/** Whether the note is evidence against the aggregator: it signed two heads that cannot both be true of one log. */
export function isContradiction(code: CheckpointFaultCode): boolean {
  return code === 'checkpoint_forked' || code === 'log_rolled_back'
}

/**
 * Verifies a checkpoint: a note (C2SP signed-note) signed by the pinned key under the origin of this tenant's log and of
 * the generation at hand, of a size that never falls, with an RFC 6962 consistency proof from what was verified before.
 */
export function judgeCheckpoint(
  message: CheckpointMessage,
  expected: { readonly aggregatorKey: string; readonly tenant: string; readonly trust: LogTrust },
): Result<VerifiedHead, Fault<CheckpointFaultCode>> {
  const { aggregatorKey, tenant, trust } = expected
  if (message.generation !== trust.generation) {
    return invalid(`it is of generation ${message.generation}, the session is in ${trust.generation}`)
  }
  const origin = logOrigin(tenant, trust.generation)
  const opened = openCheckpoint(message.note, origin, aggregatorKey)
  if (!opened.ok) return invalid(opened.fault.message)
  const { size, root } = opened.value
  if (opened.value.origin !== origin) return invalid(`it is of the log ${opened.value.origin} and not of ${origin}`)
  const next: VerifiedHead = { size, root, note: message.note }
  const { head } = trust
  if (head === null) return ok(next)
  if (size < head.size) {
    return failed(
      fault(
        'log_rolled_back',
        `The aggregator shows a log of ${size} entries, this agent has verified one of ${head.size}: it was restored ` +
          'from an older copy without declaring it. Restore it with "meterline-aggregator restore", or put the newer books back.',
        { size, verifiedSize: head.size },
      ),
    )
  }
  if (size === head.size) return equalBytes(root, head.root) ? ok({ ...next, size }) : failed(forked(head.size, size))
  if (message.fromSize !== head.size && head.size > 0) {
    const text = `its proof begins at ${message.fromSize} entries, this agent has verified ${head.size}`
    return failed(fault('checkpoint_unproven', `The checkpoint of ${size} entries cannot be verified: ${text}.`))
  }
  if (verifyConsistency(head.size, size, head.root, root, message.consistency)) return ok(next)
  return failed(forked(head.size, size))
}

/**
 * What this agent holds on to when the log is restored from a backup: what it verified, when all of that was kept, and
 * otherwise what the aggregator declares was kept. The first checkpoint of the new generation must continue it.
 */
export function trustAfterRestore(
  { generation, head }: LogTrust,
  restore: RestoreDeclaration,
): Result<LogTrust, Fault<CheckpointFaultCode>> {
  const kept: VerifiedHead = { size: restore.size, root: restore.root, note: null }
  const next = { generation: restore.generation, doubted: false }
  // Of generations in between this agent was told nothing: they may have kept less than the last one did.
  if (head === null || head.size > kept.size || restore.generation > generation + 1) return ok({ ...next, head: kept })
  if (head.size === kept.size && !equalBytes(head.root, kept.root)) return failed(forked(head.size, kept.size))
  return ok({ ...next, head })
}

function forked(verifiedSize: number, size: number): Fault<CheckpointFaultCode> {
  return fault(
    'checkpoint_forked',
    `The aggregator signed a log of ${size} entries that does not continue the ${verifiedSize} entries this agent has ` +
      'verified: entries were changed or taken away. Both notes are kept in the journal; run "meterline-aggregator verify".',
    { size, verifiedSize },
  )
}

function invalid(why: string): Result<never, Fault<CheckpointFaultCode>> {
  return failed(
    fault('checkpoint_invalid', `The aggregator sent a checkpoint that is no word of its registered key: ${why}.`),
  )
}
