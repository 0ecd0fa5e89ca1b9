import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { longestLogEntryBytes, type DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { LateMark } from '../store/late-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { putInForce, type CatalogueInForce } from './catalogue-in-force.ts'

/** What a log entry can hold, less what stands around the content. */
const longestCatalogueBytes = longestLogEntryBytes - 1024

/** A version of the catalogue that is to come into force. */
export interface NewVersion {
  readonly catalogue: Catalogue
  /** What it came from, for the history: the name of a file, or a command in words. */
  readonly source: string
  /** Whose documents of periods that are billed it puts behind what is due. */
  readonly touched: readonly LateMark[]
  /** What somebody decided to make it, for the log; null where a file says it all. */
  readonly decision: DecisionLogEntry | null
}

/** Why the log cannot hold a catalogue; null when it can. */
export function tooLargeForLog({ bytes }: Catalogue): Fault<'catalogue_too_large'> | null {
  if (bytes.length <= longestCatalogueBytes) return null
  const text = `The tenant file takes ${bytes.length} bytes in the log, which holds at most ${longestCatalogueBytes}.`
  return fault('catalogue_too_large', text)
}

/** Keys of the periods that are being closed or are closed. */
export function barredPeriods(store: TenantStore): readonly string[] {
  return store.documents.periods().map(({ key }) => key)
}

/** A billed relation that a new version touches, as a line beside its differences. */
export function touchedWords({ period, seller, buyer, currency }: LateMark): string {
  return `! ${buyer} owes ${seller} another amount for ${period} (${currency}), which is billed: a document will correct it`
}

/** Stores a version as an entry of the log, behind the decision that made it, with the late marks of what it touches, and puts it in force. */
export function commitCatalogue(
  store: TenantStore,
  { catalogue, source, touched, decision }: NewVersion,
  nowMs: number,
): CatalogueInForce {
  const logSize = store.log.size
  const before = decision === null ? [] : [encodeLogEntry(decision)]
  const version = logSize + before.length
  const content = catalogue.bytes
  const contentHash = sha256(content)
  store.commitCatalogue(
    {
      entries: [...before, encodeLogEntry({ kind: 'catalogue', contentHash, content })],
      catalogue: { logIndex: version, contentHash, content, fileName: source, appliedMs: nowMs },
      late: touched,
    },
    { logSize },
  )
  return putInForce(catalogue, version)
}
