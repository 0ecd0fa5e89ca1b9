import { equalBytes, hashBytes } from '@meterline/shared/integrity/hash.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { StoredCatalogue, StoredChain } from '../store/standing-rows.ts'
import type { BooksAudit } from './books-audit.ts'

/**
 * Checks what the service goes on from after a restart against the log and what was found to agree with it: catalogues
 * (prices and registered agents), where each agent's chain stands, and which periods are barred.
 */
export function checkStanding(reader: BooksReader, audit: BooksAudit): void {
  const { standing } = reader
  for (const catalogue of standing.catalogues()) {
    if (!isAsLogged(reader, catalogue)) audit.report(`I12: catalogue ${catalogue.logIndex} is not as the log has it`)
  }
  for (const chain of standing.chains()) {
    audit.count('chains')
    if (standsRight(chain)) continue
    const text = `is stored at batch ${chain.receivedSeq}, the last of it in the log is ${chain.lastSeq ?? 0}`
    audit.report(`I6: the chain of agent ${chain.agent} in epoch ${chain.epoch} ${text} or has another hash`)
  }
  for (const { agent, epoch } of standing.chainless())
    audit.report(`I6: agent ${agent} has batches of epoch ${epoch} and no chain`)
  for (const logIndex of standing.strayBodies()) audit.report(`I12: there is a body ${logIndex} and no batch`)
  for (const period of standing.openedPeriods())
    audit.report(`I10: period ${period} has documents and nothing says that it is closed`)
}

/** Whether the version that is kept beside the log is the one that the log tells of. */
export function isAsLogged(reader: BooksReader, { logIndex, contentHash, content }: StoredCatalogue): boolean {
  const entry = decodeLogEntry(reader.logEntry(logIndex) ?? new Uint8Array(0))
  if (!entry.ok || entry.value.kind !== 'catalogue') return false
  return equalBytes(entry.value.contentHash, contentHash) && equalBytes(entry.value.content, content)
}

function standsRight({ receivedSeq, chainHash, lastSeq, lastHash }: StoredChain): boolean {
  return receivedSeq === (lastSeq ?? 0) && equalBytes(chainHash, lastHash ?? new Uint8Array(hashBytes))
}
