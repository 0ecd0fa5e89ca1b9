import { boundsOf } from './billing-cycles.ts'
import { periodOfKey } from './billed-book.ts'
import { instantOf } from './calendar.ts'
import { compare, dividedBy, plus, rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { Rational } from './rational.ts'
import { decimalText } from './stored-document.ts'
import type { DocumentLine, StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'

const hundred: Rational = whole(100n)

/** What a document's tax is by its lines and the dated table of the plan. */
interface DueTax {
  readonly taxMicros: bigint
  readonly inclusive: boolean
  readonly isTold: boolean
}

/**
 * What is wrong with the tax of a document (I10): its lines have the code of their price and the rate of their own period
 * in the buyer's region, and what is to be paid is the sum of the lines with the tax that is added to them, rounded once for
 * each code and rate or on every line as the seller has it.
 */
export function taxFaults(document: StoredDocument, plan: TenantPlan): readonly string[] {
  const told: string[] = []
  const demand = (holds: boolean, what: string): void => {
    if (!holds) told.push(what)
  }
  for (const line of document.lines) {
    const code = codeOf(line, plan)
    if (code !== undefined)
      demand(line.taxCode === code, `${line.segment} has tax code ${String(line.taxCode)}, its price ${String(code)}`)
    const percent = percentOf(line, document, plan)
    const same =
      percent === null || line.taxPercent === null
        ? percent === line.taxPercent
        : compare(rationalOf(percent), rationalOf(line.taxPercent)) === 0
    demand(same, `${line.segment} is taxed at ${String(line.taxPercent)}, its period has ${String(percent)}`)
  }
  const due = dueTax(document, plan)
  const { tax } = document
  const stated = tax?.taxMicros ?? 0n
  demand(stated === due.taxMicros, `has ${stated} micros of tax, its lines ${due.taxMicros}`)
  demand(!due.isTold || tax !== null, 'says nothing of its tax')
  demand((tax?.inclusive ?? false) === due.inclusive, `says that its lines include tax: ${String(tax?.inclusive)}`)
  const payable = document.invoicedMicros + (due.inclusive ? 0n : due.taxMicros)
  demand(
    (tax?.grossMicros ?? document.invoicedMicros) === payable,
    `asks for ${String(tax?.grossMicros)}, not ${payable}`,
  )
  const printed = decimalText(payable / 10n ** BigInt(6 - plan.minorDigits), plan.minorDigits)
  demand(document.row.total === printed, `is kept with a total of ${document.row.total}, not ${printed}`)
  return told
}

/** The code of the price or fee that a line names; undefined where it names none. */
function codeOf(line: DocumentLine, plan: TenantPlan): string | null | undefined {
  if (line.feePeriod === null && !line.isUsage) return undefined
  const price = [...plan.prices, ...plan.fees].find(({ id }) => id === line.price)
  return price === undefined ? undefined : (price.tax ?? null)
}

/** Null: not taxed. */
function percentOf({ taxCode, segment }: DocumentLine, { buyer }: StoredDocument, plan: TenantPlan): string | null {
  const { region, taxExemption } = plan.billingProfiles?.find(({ id }) => id === buyer) ?? {}
  if (taxCode === null || region === undefined) return null
  if (taxExemption !== undefined) return '0'
  const lastMs = boundsOf(plan, periodOfKey(segment)).endMs - 1
  const rates = (plan.taxCodes ?? []).find(({ id }) => id === taxCode)?.rates ?? []
  const begun = rates.filter((rate) => rate.region === region && instantOf(rate.from) <= lastMs)
  return begun.toSorted((a, b) => instantOf(a.from) - instantOf(b.from)).at(-1)?.percent ?? null
}

function dueTax(document: StoredDocument, plan: TenantPlan): DueTax {
  const seller = plan.billingProfiles?.find(({ id }) => id === document.seller)
  const isExempt = plan.billingProfiles?.find(({ id }) => id === document.buyer)?.taxExemption !== undefined
  const taxed = document.lines.flatMap((line) => {
    const percent = percentOf(line, document, plan)
    return percent === null ? [] : [{ line, percent }]
  })
  const inclusive = seller?.pricesIncludeTax === true && !isExempt && taxed.length > 0
  const groups = Map.groupBy(taxed, ({ line, percent }, place) =>
    seller?.taxRounding === 'line' ? String(place) : `${String(line.taxCode)} ${percent}`,
  )
  const micros = 10n ** BigInt(6 - plan.minorDigits)
  let taxMicros = 0n
  for (const group of groups.values()) {
    const base = group.reduce((sum, { line }) => sum + line.invoicedMicros, 0n)
    const percent = rationalOf(group[0]?.percent ?? '0')
    taxMicros += roundHalfAway(dividedBy(taxOf(base, percent, inclusive), micros)) * micros
  }
  return { taxMicros, inclusive, isTold: taxed.length > 0 }
}

/** Percent hundredths of an amount; of one that includes it, what is over without it. */
function taxOf(base: bigint, percent: Rational, inclusive: boolean): Rational {
  const all = inclusive ? plus(hundred, percent) : hundred
  const share = times(whole(base), percent)
  // Dividing by a fraction is multiplying by it turned round.
  return { numerator: share.numerator * all.denominator, denominator: share.denominator * all.numerator }
}
