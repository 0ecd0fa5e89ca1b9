import { assertThat } from '@meterline/shared/base/errors.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { compareDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import { divideRounded, type RoundingRule } from '@meterline/shared/units/money.ts'
import type { TaxTable } from '../catalogue/tax-table.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { Relation } from '../ledger/templates.ts'
import { periodOfKey, type BillingCycle } from '../periods/billing-cycle.ts'

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
  /** By code, then percent from low to high. */
  readonly items: readonly TaxItem[]
  readonly taxMicros: bigint
  /** What the buyer has to pay: the sum of the lines, and the tax where prices do not include it. */
  readonly grossMicros: bigint
  /** Whether the lines include the tax. */
  readonly inclusive: boolean
  /** Why no tax is due, in the words of the buyer's profile; null where he names no reason. */
  readonly note: string | null
  /** The percent that each line is taxed at, in the order of the lines; null: not taxed. */
  readonly percents: readonly (string | null)[]
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
 * A line is taxed by its code in the buyer's region, at the rate in force in the last millisecond of the line's own period.
 * Tax is rounded once per code and percent of the document (as EN 16931 has it, BR-CO-17), or on every line where the
 * seller's profile says so. Where his prices include tax, it is taken out of the lines. An exempt buyer pays the lines as
 * they are. Costs bear none here: partners issue their own documents.
 */
export function taxesOf(lines: readonly TaxableLine[], relation: Relation, sources: TaxSources): BillTaxes {
  const { region, taxExemption } = sources.profile(relation.buyer)
  const { pricesIncludeTax, taxRounding } = sources.profile(relation.seller)
  const isTaxed = region !== null && relation.kind === 'sale'
  const note = isTaxed ? taxExemption : null
  const percents = lines.map((line) => (isTaxed ? percentOf(line, region, note !== null, sources) : null))
  const inclusive = pricesIncludeTax && note === null && percents.some((percent) => percent !== null)
  const minorDigits = minorDigitsOf(relation.currency)
  assertThat(minorDigits !== undefined, `${relation.currency} is a currency of a checked tenant file`)
  const rule = { inclusive, minorDigits }
  const items = groupsOf(lines, percents).map(({ code, percent, amounts }): TaxItem => {
    const taxed = taxRounding === 'line' ? amounts : [sumOf(amounts)]
    const taxMicros = sumOf(taxed.map((amount) => taxOfAmount(amount, percent, rule)))
    const baseMicros = sumOf(amounts) - (inclusive ? taxMicros : 0n)
    return { code, name: sources.taxes.nameOf(code), region: region ?? '', percent, baseMicros, taxMicros }
  })
  const taxMicros = sumOf(items.map((item) => item.taxMicros))
  const totalMicros = sumOf(lines.map(({ invoicedMicros }) => invoicedMicros))
  return { items, taxMicros, grossMicros: inclusive ? totalMicros : totalMicros + taxMicros, inclusive, note, percents }
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

/** The percent of a line in a region; null where it is not taxed. */
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
  readonly percent: string
  /** Of its lines, in their order. */
  readonly amounts: bigint[]
}

function groupsOf(lines: readonly TaxableLine[], percents: readonly (string | null)[]): readonly TaxGroup[] {
  const groups = new Map<string, TaxGroup>()
  lines.forEach(({ taxCode, invoicedMicros }, index) => {
    const percent = percents[index] ?? null
    if (taxCode === null || percent === null) return
    const key = `${taxCode} ${percent}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { code: taxCode, percent, amounts: [invoicedMicros] })
    else group.amounts.push(invoicedMicros)
  })
  return [...groups.values()].toSorted(byCodeAndPercent)
}

function byCodeAndPercent(left: TaxGroup, right: TaxGroup): number {
  if (left.code !== right.code) return left.code < right.code ? -1 : 1
  const [own, other] = [parseDecimal(left.percent), parseDecimal(right.percent)]
  assertThat(own.ok && other.ok, 'percents of a checked tax code are decimals')
  return compareDecimal(own.value, other.value)
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
