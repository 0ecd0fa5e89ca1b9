import type { DocumentHead } from '../store/document-table.ts'

/** An issued document, as the list shows it. */
export interface DocumentSummary {
  readonly number: string
  readonly series: string
  readonly seller: string
  readonly buyer: string
  readonly period: string
  readonly currency: string
  /** Total in the currency's minor units as decimal text. */
  readonly total: string
  readonly logIndex: number
}

/** A document as lists show it. */
export function documentSummary(head: DocumentHead): DocumentSummary {
  const { number, series, entity: seller, buyer, period, currency, total, logIndex } = head
  return { number, series, seller, buyer, period, currency, total, logIndex }
}
