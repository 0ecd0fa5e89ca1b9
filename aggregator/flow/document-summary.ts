import type { DocumentHead } from '../store/document-table.ts'
import type { DocumentSummary } from './commands.ts'

/** A document as lists show it. */
export function documentSummary(head: DocumentHead): DocumentSummary {
  const { number, series, entity: seller, buyer, period, currency, total, logIndex } = head
  return { number, series, seller, buyer, period, currency, total, logIndex }
}
