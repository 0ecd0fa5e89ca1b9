import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { findMeasureUnit, unitHint, type MeasureUnit } from '@meterline/shared/units/measure-unit.ts'
import { largestQuantity, wholeBigint } from '@meterline/shared/units/quantity.ts'
import { exactDecimal, shortestDecimal } from '../payload/exact-number.ts'
import { shown } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import { compileMeasure, type MeasureReader } from './measure.ts'
import { dividedBy, one, parseFactor, reduced, roundedQuotient, times, type Rational } from './rational.ts'
import type { MeterDefinition, QuantityDefinition, QuantityPart, Rounding } from './rule-definition.ts'
import { below, type Blame } from './rule-mistake.ts'
import { compileSource, type MappingContext, type Source } from './source.ts'

/** A compiled quantity: what one meter counts of a record, in the meter's integer base units. */
export interface Quantity {
  /** Where it is read; null for a constant. */
  readonly at: Source | null
  /** What is done with the value, in words. */
  readonly steps: string
  /** Null: zero, and zeros are to be left out. */
  read(context: MappingContext): Result<bigint | null, MappingFault>
}

/** Everything between the value in the payload and the quantity. */
interface Conversion {
  readonly measure: MeasureReader | null
  readonly part: QuantityPart | null
  readonly factor: Rational
  readonly unit: { readonly from: Source; readonly to: MeasureUnit } | null
  readonly rounding: Rounding
  /** Stands in for a value that is not there. */
  readonly absent: Rational | null
  readonly omitZero: boolean
}

/** Compiles how a quantity is read; null after mistakes were noted. */
export function compileQuantity(definition: MeterDefinition['quantity'], blame: Blame): Quantity | null {
  if (typeof definition === 'number') return compileConstant(definition, String(definition), blame)
  if (typeof definition === 'string' && definition.startsWith('=')) {
    return compileConstant(definition.slice(1).trim(), definition, blame)
  }
  const isSource = typeof definition === 'string' || Array.isArray(definition)
  const stated: QuantityDefinition = isSource ? { at: definition } : (definition as QuantityDefinition)
  const at = compileSource(stated.at, isSource ? blame : below(blame, 'at'))
  const conversion = compileConversion(stated, blame)
  if (at === null || conversion === null) return null
  return { at, steps: stepsOf(stated), read: (context) => convert(at, conversion, context) }
}

function compileConstant(value: string | number, text: string, blame: Blame): Quantity | null {
  const decimal = exactDecimal(value)
  if (!decimal.ok || decimal.value.negative || decimal.value.scale > 0 || decimal.value.digits > largestQuantity) {
    blame([], `is ${text}: a constant quantity is a whole number that is not negative`)
    return null
  }
  const quantity = ok(decimal.value.digits)
  return { at: null, steps: `= ${decimal.value.digits}`, read: () => quantity }
}

function compileConversion(definition: QuantityDefinition, blame: Blame): Conversion | null {
  const { measure, part, ceilingDivide, divide, round, omitZero } = definition
  let sound = true
  const note: Blame = (path, message) => {
    sound = false
    blame(path, message)
  }
  if (ceilingDivide !== undefined && (divide !== undefined || round !== undefined)) {
    note(['ceilingDivide'], 'counts started units by itself: leave out divide and round')
  }
  let factor = one
  const apply = (key: 'scale' | 'divide' | 'ceilingDivide', combine: (a: Rational, b: Rational) => Rational): void => {
    const stated = definition[key]
    if (stated === undefined) return
    const parsed = parseFactor(stated)
    if (parsed.ok) factor = combine(factor, parsed.value)
    else note([key], parsed.fault.message)
  }
  apply('scale', times)
  apply('divide', dividedBy)
  apply('ceilingDivide', dividedBy)
  const unit = compileUnit(definition, below(note, 'unit'))
  if (unit !== null && unit.fixed !== null) factor = times(factor, unit.fixed)
  let absent: Rational | null = null
  if (definition.default !== undefined) {
    const parsed = exactDecimal(definition.default)
    if (!parsed.ok || parsed.value.negative) note(['default'], 'must be a number that is not negative')
    else absent = { numerator: parsed.value.digits, denominator: 10n ** BigInt(parsed.value.scale) }
  }
  if (!sound) return null
  return {
    measure: measure === undefined ? null : compileMeasure(measure),
    part: part ?? null,
    factor: reduced(factor),
    unit: unit?.stated ?? null,
    rounding: ceilingDivide === undefined ? (round ?? 'exact') : 'ceiling',
    absent,
    omitZero: omitZero ?? false,
  }
}

/** A unit that is written in the rule becomes a part of the factor; one that the payload states is looked up each time. */
function compileUnit(
  { unit }: QuantityDefinition,
  blame: Blame,
): { readonly fixed: Rational | null; readonly stated: Conversion['unit'] } | null {
  if (unit === undefined) return null
  const to = findMeasureUnit(unit.to)
  if (to === null) blame(['to'], unitHint(unit.to))
  const { from } = unit
  if (typeof from !== 'string' || /^[/$=]|^topic/.test(from)) {
    const source = compileSource(from, below(blame, 'from'))
    return to === null || source === null ? null : { fixed: null, stated: { from: source, to } }
  }
  const fixed = findMeasureUnit(from)
  if (fixed === null) blame(['from'], unitHint(from))
  if (to === null || fixed === null) return null
  if (fixed.dimension !== to.dimension) {
    blame([], `cannot convert: ${fixed.name} measures ${fixed.dimension}, ${to.name} measures ${to.dimension}`)
    return null
  }
  return { fixed: dividedBy(fixed, to), stated: null }
}

function convert(at: Source, conversion: Conversion, context: MappingContext): Result<bigint | null, MappingFault> {
  const value = at.read(context)
  const amount = value === null ? conversion.absent : null
  let numerator = amount?.numerator ?? 0n
  let denominator = amount?.denominator ?? 1n
  if (conversion.measure === null && isCount(value)) numerator = wholeBigint(value)
  else if (value !== null) {
    const read = readAmount(value, at, conversion)
    if (!read.ok) return read
    numerator = read.value.numerator
    denominator = read.value.denominator
  } else if (amount === null) {
    return unmapped('quantity_missing', `the quantity is taken from ${at.text}, and nothing is there`)
  }
  if (conversion.part !== null) numerator = partOf(numerator, conversion.part)
  // A multiplication makes a bigint of its own, also where it changes nothing.
  const { factor: fixed } = conversion
  if (fixed.numerator !== 1n) numerator *= fixed.numerator
  if (fixed.denominator !== 1n) denominator *= fixed.denominator
  if (conversion.unit !== null) {
    const factor = statedFactor(conversion.unit, context)
    if (!factor.ok) return factor
    numerator *= factor.value.numerator
    denominator *= factor.value.denominator
  }
  const quantity = denominator === 1n ? numerator : roundedQuotient(numerator, denominator, conversion.rounding)
  if (quantity === null) {
    return unmapped(
      'quantity_inexact',
      `the quantity at ${at.text} is ${shown(value)} and gives no whole number: state "round" in the rule, or another scale`,
    )
  }
  if (quantity < 0n) return unmapped('quantity_negative', `the quantity at ${at.text} is negative: ${shown(value)}`)
  if (quantity > largestQuantity) {
    return unmapped('quantity_too_large', `the quantity at ${at.text} comes to more than ${largestQuantity}`)
  }
  return ok(quantity === 0n && conversion.omitZero ? null : quantity)
}

function readAmount(value: unknown, at: Source, conversion: Conversion): Result<Rational, MappingFault> {
  if (conversion.measure !== null) {
    const size = conversion.measure(value)
    if (typeof size === 'number') return ok({ numerator: wholeBigint(size), denominator: 1n })
    return unmapped('measure_invalid', `the value at ${at.text} is ${shown(value)}: ${size}`)
  }
  // Whoever rounds anyway takes fractions as they are written; otherwise digits that may have been lost are refused.
  const decimal = conversion.rounding === 'exact' ? exactDecimal(value) : shortestDecimal(value)
  if (!decimal.ok) return unmapped(decimal.fault.code, `the quantity at ${at.text}: ${decimal.fault.message}`)
  const { digits, scale, negative } = decimal.value
  return ok({ numerator: negative ? -digits : digits, denominator: scale === 0 ? 1n : 10n ** BigInt(scale) })
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function partOf(numerator: bigint, part: QuantityPart): bigint {
  const wanted = part === 'positive' ? numerator : -numerator
  return wanted < 0n ? 0n : wanted
}

function statedFactor(
  { from, to }: NonNullable<Conversion['unit']>,
  context: MappingContext,
): Result<Rational, MappingFault> {
  const name = from.read(context)
  const unit = typeof name === 'string' ? findMeasureUnit(name) : null
  if (unit === null) {
    const hint = typeof name === 'string' ? unitHint(name) : 'the name of a unit is needed'
    return unmapped('unit_unknown', `the unit at ${from.text} is ${shown(name)}: ${hint}`)
  }
  if (unit.dimension === to.dimension) return ok(dividedBy(unit, to))
  return unmapped('unit_mismatch', `the unit at ${from.text} is ${unit.name}, which does not convert to ${to.name}`)
}

function stepsOf(definition: QuantityDefinition): string {
  const { measure, part, scale, unit, divide, ceilingDivide, round, default: absent } = definition
  const from = [unit?.from ?? []].flat().join(' | ')
  const steps = [
    absent === undefined ? null : `${absent} when absent`,
    measure === undefined ? null : `size in ${measure}`,
    part === undefined ? null : `${part} part`,
    scale === undefined ? null : `× ${scale}`,
    unit === undefined ? null : `${from} → ${unit.to}`,
    divide === undefined ? null : `÷ ${divide}`,
    ceilingDivide === undefined ? null : `÷ ${ceilingDivide}, started ones count`,
    round === undefined ? null : `rounded ${round}`,
  ]
  return steps.filter((step) => step !== null).join(', ')
}
