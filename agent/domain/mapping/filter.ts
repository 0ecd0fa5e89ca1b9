import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { exactDecimal, type ExactDecimal } from '../payload/exact-number.ts'
import { shown } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { FilterDefinition, Scalar } from './rule-definition.ts'
import { below, type Blame } from './rule-mistake.ts'
import { compileSource, type MappingContext, type Source } from './source.ts'
import { valueText } from './value-text.ts'

/** A compiled condition. */
export interface Filter {
  /** Such as `/port is 2`. */
  readonly text: string
  readonly at: Source
  passes(context: MappingContext): Result<boolean, MappingFault>
}

const passed = ok(true)
const dropped = ok(false)

/** The first condition that does not hold, or null when all do. */
export function firstDropping(
  filters: readonly Filter[],
  context: MappingContext,
): Result<Filter | null, MappingFault> {
  for (let at = 0; at < filters.length; at++) {
    const filter = filters[at]
    if (filter === undefined) continue
    const passes = filter.passes(context)
    if (!passes.ok) return passes
    if (!passes.value) return ok(filter)
  }
  return nothingDrops
}
const nothingDrops: Result<Filter | null, MappingFault> = ok(null)

/** Compiles the conditions under which something counts; null after mistakes were noted. */
export function compileFilters(definitions: readonly FilterDefinition[], blame: Blame): readonly Filter[] | null {
  const filters = definitions.map((definition, index) => compileFilter(definition, below(blame, index)))
  return filters.every((filter) => filter !== null) ? filters : null
}

const comparisons = ['is', 'isNot', 'in', 'exists', 'atLeast', 'atMost'] as const

function compileFilter(definition: FilterDefinition, blame: Blame): Filter | null {
  const at = compileSource(definition.at, below(blame, 'at'))
  const stated = comparisons.filter((comparison) => definition[comparison] !== undefined)
  const [operator] = stated
  if (operator === undefined || stated.length > 1) {
    blame([], `has ${stated.length} comparisons: state exactly one of ${comparisons.join(', ')}`)
    return null
  }
  if (at === null) return null
  if (at.reach === 'constant') {
    blame(['at'], 'is a constant text, so the filter never changes anything')
    return null
  }
  const test = compileTest(definition, at, below(blame, operator))
  if (test === null) return null
  const text = `${at.text} ${operator} ${JSON.stringify(definition[operator])}`
  return { text, at, passes: test }
}

function compileTest(definition: FilterDefinition, at: Source, blame: Blame): Filter['passes'] | null {
  const { is, isNot, in: oneOf, exists, atLeast, atMost } = definition
  if (is !== undefined) return compileOneOf(at, [is], false)
  if (isNot !== undefined) return compileOneOf(at, [isNot], true)
  if (oneOf !== undefined) {
    if (oneOf.length > 0) return compileOneOf(at, oneOf, false)
    blame([], 'is empty, so nothing would ever pass')
    return null
  }
  if (exists !== undefined) return (context) => ((at.read(context) !== null) === exists ? passed : dropped)
  const bound = exactDecimal(atLeast ?? atMost)
  if (!bound.ok) {
    blame([], bound.fault.message)
    return null
  }
  return compileBound(at, bound.value, atLeast !== undefined)
}

/** Compared as texts, so that 5 and "5" are the same; what is not there equals nothing. */
function compileOneOf(at: Source, expected: readonly Scalar[], negated: boolean): Filter['passes'] {
  const texts = new Set(expected.map(String))
  return (context) => {
    const text = valueText(at.read(context))
    return (text !== null && texts.has(text)) === negated ? dropped : passed
  }
}

function compileBound(at: Source, bound: ExactDecimal, isLeast: boolean): Filter['passes'] {
  return (context) => {
    const value = at.read(context)
    if (value === null) return dropped
    const number = exactDecimal(value)
    if (!number.ok) {
      return unmapped(
        'filter_not_number',
        `a filter compares ${at.text} with a number, and there it is ${shown(value)}: ${number.fault.message}`,
      )
    }
    const order = compare(number.value, bound)
    return (isLeast ? order >= 0n : order <= 0n) ? passed : dropped
  }
}

function compare(left: ExactDecimal, right: ExactDecimal): bigint {
  const scale = Math.max(left.scale, right.scale)
  return atScale(left, scale) - atScale(right, scale)
}

function atScale({ digits, scale, negative }: ExactDecimal, wanted: number): bigint {
  const scaled = digits * 10n ** BigInt(wanted - scale)
  return negative ? -scaled : scaled
}
