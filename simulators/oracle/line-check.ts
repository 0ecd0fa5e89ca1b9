import { roundHalfAway, roundHalfEven } from './rational.ts'
import type { SegmentSums } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import { decimalText, sumsTo } from './stored-document.ts'
import type { DocumentLine } from './stored-document.ts'

/** How amounts of a document are rounded. */
export interface LineRounding {
  /** Digits of the currency's minor unit after the point. */
  readonly minorDigits: number
  /** As the document names it. */
  readonly rule: string
}

/**
 * What is wrong with a line of a document (I9): it is worth what its usage costs, or what is due without any; it is rounded
 * by the named rule; and its days and tiers add up to it, with what a minimum or maximum did to the tiers.
 */
export function lineFaults(
  line: DocumentLine,
  segments: ReadonlyMap<string, SegmentSums>,
  { minorDigits, rule }: LineRounding,
): readonly string[] {
  const { quantity, amountMicros, openingMicros: opening, invoicedMicros, residueMicros } = line
  const told: string[] = []
  const demand = (holds: boolean, what: string): void => {
    if (!holds) told.push(`${line.segment}: ${what}`)
  }
  const sums = segments.get(line.segment)
  const model = sums?.usage?.model
  if (sums !== undefined) {
    const due = sums.usage?.totalMicros
    demand(amountMicros === due, `${quantity} units cost ${due}, the line says ${amountMicros}`)
    demand(model !== undefined && opening === openingMicros(model), `${opening} is not what is due before usage`)
  } else if (line.feePeriod === null) {
    demand(quantity === 0n, `has ${quantity} units that nobody was charged`)
    demand(amountMicros === opening, `costs ${amountMicros} without usage, of which ${opening} are due before it`)
  } else demand(amountMicros === opening, `a fee of ${amountMicros}, of which ${opening} are due without usage`)

  const micros = 10n ** BigInt(6 - minorDigits)
  const exact = { numerator: amountMicros, denominator: micros }
  const rounded = (rule === 'half-even' ? roundHalfEven(exact) : roundHalfAway(exact)) * micros
  demand(invoicedMicros === rounded, `${amountMicros} is invoiced as ${invoicedMicros}, not ${rounded}`)
  demand(residueMicros === amountMicros - rounded, `the residue is ${residueMicros}`)
  demand(line.amount === decimalText(rounded / micros, minorDigits), `prints ${line.amount} for ${rounded} micros`)
  const inDays = line.feePeriod === null ? quantity : 0n
  demand(sumsTo(line.days, inDays, amountMicros - opening), 'its days are not its usage')
  demand(sumsTo(line.tiers, quantity, amountMicros - line.limitMicros), 'its tiers are not its amount')
  return told
}
