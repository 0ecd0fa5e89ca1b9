import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { LineTax } from '../domain/billing/due-line.ts'
import { regionNamed, taxesOf, type BillTaxes } from '../domain/billing/taxes.ts'
import { relationOfParts } from '../domain/billing/buyer-index.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'
import { periodKeyOf } from './verify-said-lines.ts'

/** What a document says of tax, and what has to be paid with it, in micros. */
export interface SaidTax {
  readonly taxMicros: bigint
  readonly grossMicros: bigint
  readonly inclusive: boolean
}

/** What has to be paid by a document, as it says. */
export function saidTaxOf({ tax, total }: Invoice): SaidTax {
  if (tax === undefined) return { taxMicros: 0n, grossMicros: BigInt(total.invoicedMicros), inclusive: false }
  return { taxMicros: BigInt(tax.taxMicros), grossMicros: BigInt(tax.grossMicros), inclusive: tax.inclusive }
}

/** What is wrong with the sums of a document's tax, for the end of a sentence; undefined: nothing. */
export function taxSumsFault({ tax, total }: Invoice): string | undefined {
  if (tax === undefined) return undefined
  const sum = tax.items.reduce((micros, item) => micros + BigInt(item.taxMicros), 0n)
  if (sum !== BigInt(tax.taxMicros)) return 'its tax is not the sum of its parts'
  const gross = BigInt(total.invoicedMicros) + (tax.inclusive ? 0n : sum)
  return gross === BigInt(tax.grossMicros) ? undefined : 'its lines and its tax do not make what has to be paid'
}

/**
 * The tax of a bill, by the version of the catalogue it was made with; `billedTaxes`: how the documents before it tax each
 * of its lines, undefined where none has it.
 */
export function dueTaxes(
  { seller, buyer, currency }: Invoice,
  lines: readonly InvoiceLine[],
  billedTaxes: readonly (LineTax | null | undefined)[],
  catalogue: Catalogue,
): BillTaxes {
  const taxable = lines.map(({ taxCode, segment, invoicedMicros }, index) => ({
    taxCode: taxCode ?? null,
    periodKey: periodKeyOf(segment),
    invoicedMicros: BigInt(invoicedMicros),
    billedTax: billedTaxes[index],
  }))
  return taxesOf(taxable, relationOfParts({ seller: seller.id, buyer: buyer.id, currency }, catalogue), catalogue)
}

/**
 * What is wrong with the tax of a bill, for the end of a sentence: of each code and rate what its lines make, and each line
 * at its own rate.
 */
export function taxFault({ tax }: Invoice, lines: readonly InvoiceLine[], due: BillTaxes): string | undefined {
  const said = lines.map(({ taxPercent, taxRegion }) => [taxPercent ?? null, taxRegion ?? null])
  const rates = lines.map(({ taxCode }, index) => {
    const tax = due.lines[index] ?? null
    return [tax?.percent ?? null, regionNamed(taxCode ?? null, tax, due.items)]
  })
  if (canonicalJson(said) !== canonicalJson(rates)) return 'its lines are taxed at other rates than theirs'
  const isTaxed = due.items.length > 0 || due.note !== null
  if (!isTaxed) return tax === undefined ? undefined : 'it names a tax that is not due'
  const items = due.items.map(({ baseMicros, taxMicros, ...own }) => ({
    ...own,
    baseMicros: baseMicros.toString(),
    taxMicros: taxMicros.toString(),
  }))
  const isSame =
    tax !== undefined &&
    canonicalJson(tax.items.map((item) => ({ ...item }))) === canonicalJson(items) &&
    BigInt(tax.taxMicros) === due.taxMicros &&
    BigInt(tax.grossMicros) === due.grossMicros &&
    tax.inclusive === due.inclusive &&
    (tax.note ?? null) === due.note
  return isSame ? undefined : 'its tax is not what its lines make'
}
