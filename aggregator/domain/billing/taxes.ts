import { assertThat } from '@meterline/shared/base/errors.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { compareDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import { divideRounded, type RoundingRule } from '@meterline/shared/units/money.ts'
import type { TaxTable } from '../catalogue/tax-table.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { Relation } from '../ledger/templates.ts'
import { periodOfKey, type BillingCycle } from '../periods/billing-cycle.ts'
import type { LineTax } from './due-line.ts'

/** How tax is rounded to the minor unit, as lines are: an exact half away from zero. */
const wholeUnits: RoundingRule = 'half-away'

/** What of a document's line its tax depends on. */
export interface TaxableLine {
  /** Null: not taxed. */
  readonly taxCode: string | null
  /** The period whose rate it has: its own, also where it corrects an earlier one or is billed in advance. */
  readonly periodKey: string
  /** Whole minor units; below zero on what is taken back. */
  readonly invoicedMicros: bigint
  /** How documents tax it already (null: not at all); left out or undefined where none has it yet. */
  readonly billedTax?: LineTax | null | undefined
}

/** All lines of a document that are taxed alike. */
export interface TaxItem {
  readonly code: string
  /** What the tenant file calls the code. */
  readonly name: string
  readonly region: string
  /** Exact decimal text; `0` where the buyer is exempt. */
  readonly percent: string
  /** What is taxed, without the tax. */
  readonly baseMicros: bigint
  /** Whole minor units, as all amounts of tax. */
  readonly taxMicros: bigint
}

/** What a document says of tax. Without any: no items, nothing added, no note. */
export interface BillTaxes {
  /** By code, then percent from low to high, then region. */
  readonly items: readonly TaxItem[]
  readonly taxMicros: bigint
  /** What the buyer has to pay: the sum of the lines, and the tax where prices do not include it. */
  readonly grossMicros: bigint
  /** Whether the lines include the tax. */
  readonly inclusive: boolean
  /** Why no tax is due, in the words of the buyer's profile; null where he names no reason. */
  readonly note: string | null
  /** How each line is taxed, in the order of the lines; null: not at all. */
  readonly lines: readonly (LineTax | null)[]
}

/** The parts of a catalogue that tax follows from. */
export interface TaxSources {
  readonly taxes: TaxTable
  readonly cycles: ReadonlyMap<string, BillingCycle>
  /** How somebody is billed or bills. */
  profile(id: string): BillingProfile
}

/**
 * The tax of a document, from all of its lines in their order and nothing else: documents together bear what each of them
 * bears, and a document that takes lines back takes back their tax.
 *
 * A line is taxed by its code in the buyer's region, at the rate in force in the last millisecond of the line's own period; a
 * line that documents have already as it is on them, so that nothing gives back other tax than was charged.
 * Tax is rounded once per code and percent of the document (as EN 16931 has it, BR-CO-17), or on every line where the
 * seller's profile says so. Where his prices include tax, it is taken out of the lines. An exempt buyer pays the lines as
 * they are. Costs bear none here: partners issue their own documents.
 */
export function taxesOf(lines: readonly TaxableLine[], relation: Relation, sources: TaxSources): BillTaxes {
  const { region, taxExemption } = sources.profile(relation.buyer)
  const { pricesIncludeTax, taxRounding } = sources.profile(relation.seller)
  const isTaxed = region !== null && relation.kind === 'sale'
  const note = isTaxed ? taxExemption : null
  const taxed = lines.map((line): LineTax | null => {
    if (line.billedTax !== undefined) return line.billedTax
    const percent = isTaxed ? percentOf(line, region, note !== null, sources) : null
    return percent === null || region === null ? null : { region, percent }
  })
  const bearsTax = (tax: LineTax | null): boolean => tax !== null && (note === null || !isZero(tax.percent))
  const inclusive = pricesIncludeTax && taxed.some(bearsTax)
  const minorDigits = minorDigitsOf(relation.currency)
  assertThat(minorDigits !== undefined, `${relation.currency} is a currency of a checked tenant file`)
  const rule = { inclusive, minorDigits }
  const items = groupsOf(lines, taxed).map(({ code, tax, amounts }): TaxItem => {
    const rounded = taxRounding === 'line' ? amounts : [sumOf(amounts)]
    const taxMicros = sumOf(rounded.map((amount) => taxOfAmount(amount, tax.percent, rule)))
    const baseMicros = sumOf(amounts) - (inclusive ? taxMicros : 0n)
    return { code, name: sources.taxes.nameOf(code), ...tax, baseMicros, taxMicros }
  })
  const taxMicros = sumOf(items.map((item) => item.taxMicros))
  const totalMicros = sumOf(lines.map(({ invoicedMicros }) => invoicedMicros))
  const grossMicros = inclusive ? totalMicros : totalMicros + taxMicros
  return { items, taxMicros, grossMicros, inclusive, note, lines: taxed }
}

/** The region of a line's tax where its code and percent do not tell which item of the document it is in; otherwise null. */
export function regionNamed(
  taxCode: string | null,
  tax: LineTax | null,
  items: readonly Pick<TaxItem, 'code' | 'percent'>[],
): string | null {
  if (tax === null) return null
  const alike = items.filter(({ code, percent }) => code === taxCode && percent === tax.percent)
  return alike.length > 1 ? tax.region : null
}

/** What the tax of an amount depends on beside its percent. */
export interface TaxRule {
  /** Whether the amount includes the tax. */
  readonly inclusive: boolean
  /** Digits after the point of the currency's minor unit. */
  readonly minorDigits: number
}

/**
 * The tax of an amount at a percent (exact decimal text), in micros that are whole minor units: percent hundredths of an
 * amount without it, percent ÷ (100 + percent) of one that includes it. An exact half is rounded away from zero, so that
 * the tax of an amount taken back is that of the amount.
 */
export function taxOfAmount(amountMicros: bigint, percent: string, { inclusive, minorDigits }: TaxRule): bigint {
  const parsed = parseDecimal(percent)
  assertThat(parsed.ok, `the percent ${percent} of a checked tax code is a decimal`)
  const { coefficient, scale } = parsed.value
  const hundred = 100n * 10n ** BigInt(scale)
  const microsPerUnit = 10n ** BigInt(6 - minorDigits)
  const whole = inclusive ? hundred + coefficient : hundred
  return divideRounded(amountMicros * coefficient, whole * microsPerUnit, wholeUnits) * microsPerUnit
}

/** The percent of a line in a region that no document has yet; null where it is not taxed. */
function percentOf(
  { taxCode, periodKey }: TaxableLine,
  region: string,
  isExempt: boolean,
  { taxes, cycles }: TaxSources,
): string | null {
  if (taxCode === null) return null
  if (isExempt) return '0'
  const period = periodOfKey(cycles, periodKey)
  assertThat(period.ok, `${periodKey} of a line is a period of a cycle of the catalogue`)
  return taxes.percentAt(taxCode, region, period.value.endMs - 1)
}

interface TaxGroup {
  readonly code: string
  readonly tax: LineTax
  /** Of its lines, in their order. */
  readonly amounts: bigint[]
}

function groupsOf(lines: readonly TaxableLine[], taxed: readonly (LineTax | null)[]): readonly TaxGroup[] {
  const groups = new Map<string, TaxGroup>()
  lines.forEach(({ taxCode, invoicedMicros }, index) => {
    const tax = taxed[index] ?? null
    if (taxCode === null || tax === null) return
    const key = `${taxCode} ${tax.percent} ${tax.region}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { code: taxCode, tax, amounts: [invoicedMicros] })
    else group.amounts.push(invoicedMicros)
  })
  return [...groups.values()].toSorted(byCodeAndPercent)
}

function byCodeAndPercent(left: TaxGroup, right: TaxGroup): number {
  if (left.code !== right.code) return left.code < right.code ? -1 : 1
  const [own, other] = [parseDecimal(left.tax.percent), parseDecimal(right.tax.percent)]
  assertThat(own.ok && other.ok, 'percents of a checked tax code are decimals')
  return compareDecimal(own.value, other.value) || (left.tax.region < right.tax.region ? -1 : 1)
}

function isZero(percent: string): boolean {
  const parsed = parseDecimal(percent)
  return parsed.ok && parsed.value.coefficient === 0n
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
