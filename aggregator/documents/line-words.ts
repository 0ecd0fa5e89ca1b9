import { withThousands } from '../domain/billing/written-amounts.ts'
import type { InvoiceLine } from './invoice.ts'

/** The terms of a line as people read them below it, with its tax code where it has one. */
export function termsWords(line: InvoiceLine): string {
  const tax = taxCodeWords(line)
  return [line.terms, ...(tax === null ? [] : [tax])].filter((words) => words !== '').join('; ')
}

/** How a line is taxed: `tax code standard, 19 %`; null where it has no tax code. */
export function taxCodeWords({ taxCode, taxPercent }: InvoiceLine): string | null {
  if (taxCode === undefined) return null
  return `tax code ${taxCode}${taxPercent === undefined ? '' : `, ${taxPercent} %`}`
}

/** What the price's minimum added to a line, or its maximum took off it: `Added: at least 5.00 EUR`. */
export function limitWords({ kind, terms }: NonNullable<InvoiceLine['limit']>): string {
  return `${kind === 'minimum' ? 'Added' : 'Taken off'}: ${terms}`
}

/** Which document and period a line corrects. */
export function correctionWords({ document, period }: NonNullable<InvoiceLine['corrects']>): string {
  return document === null ? `Corrects ${period}, for which there was no document` : `Corrects ${document} of ${period}`
}

/** Base units with commas; nothing where a line does not count anything. */
export function quantityWords(line: InvoiceLine): string {
  return countsUnits(line) ? withThousands(line.quantity) : ''
}

/** What a line counts; nothing where it does not count anything. */
export function unitWords(line: InvoiceLine): string {
  return countsUnits(line) ? line.unit : ''
}

/** Whether the quantity of a line says something: what contracts make are amounts, and no more of it than one. */
export function countsUnits({ kind, unit }: InvoiceLine): boolean {
  return unit !== '' && kind !== 'commitment' && kind !== 'minimum' && kind !== 'discount'
}

/** How many records were charged; nothing where a line is not for usage. */
export function recordsWords(line: InvoiceLine): string {
  return isUsage(line) ? withThousands(String(line.events)) : ''
}

/** The tiers that say more than the line does: several of a price, or what a fee came to while the time it is for went on. */
export function shownTiers({ fee, tiers, terms }: InvoiceLine): InvoiceLine['tiers'] {
  const isOnlyTheLine = tiers.length === 1 && (fee === undefined || tiers[0]?.terms === terms)
  return isOnlyTheLine ? [] : tiers
}

/** A line of a note by hand says of an amount why it changes, and counts nothing. */
export function isUsage({ fee, kind, unit }: InvoiceLine): boolean {
  return fee === undefined && kind === undefined && unit !== ''
}
