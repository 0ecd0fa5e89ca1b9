import type { InvoiceLine } from './invoice.ts'

/** The terms of a line as people read them below it, with its tax code where it has one. */
export function termsWords({ terms, taxCode }: InvoiceLine): string {
  return taxCode === undefined ? terms : `${terms}; tax code ${taxCode}`
}

/** What the price's minimum added to a line, or its maximum took off it: `Added: at least 5.00 EUR`. */
export function limitWords({ kind, terms }: NonNullable<InvoiceLine['limit']>): string {
  return `${kind === 'minimum' ? 'Added' : 'Taken off'}: ${terms}`
}
