import type { LogEvidence } from '../store/log-trust-table.ts'
import type { Writer } from './writer.ts'

/** A head that was verified continues the one before, and with it ends every doubt. Inside a commit. */
export function storeVerifiedHead({ journal, memory, verifiedHead }: Writer): void {
  if (verifiedHead === null) return
  memory.logTrust = { ...memory.logTrust, head: verifiedHead, doubted: false }
  journal.logTrust.write(memory.logTrust)
}

/** Keeps what contradicts the verified log, if it is evidence, and notes that the log is doubted. Inside a commit. */
export function storeDoubt({ journal, memory }: Writer, evidence: LogEvidence | null): void {
  if (evidence !== null) journal.logTrust.keepEvidence(evidence)
  memory.logTrust = { ...memory.logTrust, doubted: true }
  journal.logTrust.write(memory.logTrust)
}
