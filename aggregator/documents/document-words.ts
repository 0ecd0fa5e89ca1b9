import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import { withThousands } from '../domain/billing/written-amounts.ts'
import type { Invoice } from './invoice.ts'

const titles: Readonly<Record<NonNullable<Invoice['kind']>, string>> = {
  'credit-note': 'Credit note',
  'debit-note': 'Debit note',
  progressive: 'Progressive invoice',
}

/** What a document is called; one of a test tenant must not be taken for a real one. */
export function documentTitle({ kind, test }: Pick<Invoice, 'kind' | 'test'>): string {
  const title = kind === undefined ? 'Invoice' : titles[kind]
  return test === true ? `TEST ${title}` : title
}

/** What its total is: nothing is due on a credit note. */
export function totalWords({ kind }: Pick<Invoice, 'kind'>): string {
  return kind === 'credit-note' ? 'Total' : 'Total due'
}

/** What a document comes to with its tax, as people write it, without the currency. */
export function grossWords({ tax, total }: Pick<Invoice, 'tax' | 'total'>): string {
  return withThousands(tax?.gross ?? total.amount)
}

/** What a document says of the one it is about, and of being a test, each as a label and a text. */
export function referenceRows({ test, voids, references, reason }: Invoice): readonly (readonly [string, string])[] {
  return [
    ...(test === true ? [['TEST', 'of a test tenant: nothing is owed by it'] as const] : []),
    ...(voids === undefined ? [] : [['Takes back', voids] as const]),
    ...(references === undefined || references === voids ? [] : [['About', references] as const]),
    ...(reason === undefined ? [] : [['Reason', reason] as const]),
  ]
}

/** Who somebody is by law, before his address and tax ids. */
export function legalName({ legalName: legal, name }: Invoice['buyer']): string {
  return legal ?? name
}

/** The lines of somebody's address, and his tax ids. */
export function partyLines({ address, taxIds }: Invoice['buyer']): readonly string[] {
  return [...(address ?? []), ...(taxIds ?? []).map(({ scheme, value }) => `${scheme} ${value}`)]
}

/** One rate of a document's tax. */
export interface TaxRow {
  /** `Standard rate, DE: 19 % of 100.00`. */
  readonly words: string
  readonly amount: string
}

/** The tax of a document, a row for each of its rates. */
export function taxRows({ tax, minorDigits }: Pick<Invoice, 'tax' | 'minorDigits'>): readonly TaxRow[] {
  return (tax?.items ?? []).map(({ name, region, percent, baseMicros, taxMicros }) => ({
    words: `${name}, ${region}: ${percent} % of ${minorUnits(baseMicros, minorDigits)}`,
    amount: minorUnits(taxMicros, minorDigits),
  }))
}

function minorUnits(micros: string, minorDigits: number): string {
  const { minorUnits: count } = roundToMinorUnit(BigInt(micros), minorDigits, 'half-away')
  return withThousands(formatMinorUnits(count, minorDigits))
}
