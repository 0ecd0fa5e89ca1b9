import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'
import { taxSumsFault } from './verify-taxes.ts'

interface Amounts {
  readonly amountMicros: string
  readonly invoicedMicros: string
  readonly residueMicros: string
}

/**
 * What is wrong with the sums of a document, as sentences: lines make sections, sections make the total, what is invoiced
 * plus the residue is the exact amount, and with the tax it is what has to be paid (I9, I10).
 */
export function sumFaults(invoice: Invoice): readonly string[] {
  const { sections, total } = invoice
  const faults: string[] = []
  for (const { account, lines, total: section } of sections) {
    if (!sumsTo(lines, section)) faults.push(`I10: the lines of section ${account.id} do not add up to its total`)
  }
  const lines: readonly InvoiceLine[] = sections.flatMap((section) => section.lines)
  if (!sumsTo(lines, total)) faults.push('I10: its lines do not add up to its total')
  for (const each of [...lines, ...sections.map((section) => section.total), total]) {
    if (BigInt(each.invoicedMicros) + BigInt(each.residueMicros) !== BigInt(each.amountMicros))
      faults.push('I9: an amount and its residue do not make the exact amount')
    if (microsOf(each.amount) !== BigInt(each.invoicedMicros))
      faults.push(`I10: it prints ${each.amount} for another amount`)
  }
  const { tax } = invoice
  if (tax !== undefined && microsOf(tax.amount) !== BigInt(tax.taxMicros))
    faults.push(`I10: it prints a tax of ${tax.amount} for another amount`)
  if (tax !== undefined && microsOf(tax.gross) !== BigInt(tax.grossMicros))
    faults.push(`I10: it prints ${tax.gross} to be paid for another amount`)
  const wrongTax = taxSumsFault(invoice)
  return wrongTax === undefined ? faults : [...faults, `I10: ${wrongTax}`]
}

function sumsTo(parts: readonly Amounts[], whole: Amounts): boolean {
  return (['amountMicros', 'invoicedMicros', 'residueMicros'] as const).every(
    (key) => parts.reduce((sum, part) => sum + BigInt(part[key]), 0n) === BigInt(whole[key]),
  )
}

/** A decimal amount in currency units as micros; null when it has finer digits. */
function microsOf(amount: string): bigint | null {
  const parsed = parseDecimal(amount)
  if (!parsed.ok || parsed.value.scale > 6) return null
  return parsed.value.coefficient * 10n ** BigInt(6 - parsed.value.scale)
}
