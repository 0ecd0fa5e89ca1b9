import { ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { caseFields, namesNotRead, withInnerFields, type CaseFields } from './case-fields.ts'
import { caseKind, otherThingIn, type PriceKind } from './case-kind.ts'
import { currencyOf, currencyPartsOf, exactTotal, withSourceRounding } from './case-precision.ts'
import { compareFigures, shownValue, statesFigures, type Comparison } from './compare-figures.ts'
import { exactOf, exactText, isSame, type Exact } from './exact.ts'
import { hasClockTimes, mapClockTariff } from './map-clock-tariff.ts'
import { mapMatrix } from './map-matrix.ts'
import { mapPercentage } from './map-percentage.ts'
import { mapSteps } from './map-steps.ts'
import { mapBlocks, mapTiers } from './map-tiers.ts'
import { dayOfTariff, mapTimeOfUse, saysUsage } from './map-time-of-use.ts'
import { mapTokens } from './map-tokens.ts'
import { hasAllowance, mapAllowance, mapDataUnits, mapFee, mapMultiplier, mapPackage, mapPerUnit } from './map-units.ts'
import type { MappedCase } from './mapped-case.ts'
import { rateBill } from './rate-bill.ts'
import { rateMapped, type CaseFigures } from './rate-mapped.ts'
import { readCases, type RatingCase, type UnreadableCase } from './read-cases.ts'

/** How a case came out. */
export type CaseVerdict = 'ok' | 'not ok' | 'not a price'

/** What is said of one case, for people and programs. */
export interface CaseOutcome {
  readonly id: string
  readonly model: string
  readonly verdict: CaseVerdict
  readonly expected: string
  readonly got: string
  /** Which kind of thing it is that is no price, what is wrong with the case, or how it was compared; may be empty. */
  readonly remark: string
}

/** Rates every case of a file; the fault says why the file cannot be read. */
export function rateCases(text: string): Result<readonly CaseOutcome[], Fault<'cases_invalid'>> {
  const cases = readCases(text)
  return cases.ok ? ok(cases.value.map(rateCase)) : cases
}

/** Rates one case and compares what its source states. */
export function rateCase(read: RatingCase | UnreadableCase): CaseOutcome {
  if ('problem' in read) return outcome({ id: read.id, model: '' }, 'not ok', '', '', read.problem)
  const kind = caseKind(read.model)
  const stated = statedText(read)
  const other = kind.isPrice ? otherThingIn(read.input, kind.kind) : kind.what
  if (other !== null) return ratedBill(read, other) ?? outcome(read, 'not a price', stated, '', other)
  if (!kind.isPrice) return outcome(read, 'not a price', stated, '', 'unknown model')
  const attempts = ratedWays(read, kind.kind)
  return attempts.find(({ verdict }) => verdict === 'ok') ?? attempts[0] ?? outcome(read, 'not ok', stated, '', '')
}

/** A case about what bills are made of; null where bills hold nothing of the kind. */
function ratedBill(read: RatingCase, what: string): CaseOutcome | null {
  const rated = rateBill(read, what)
  if (rated === null) return null
  const { comparison, problems, notRead } = rated
  if (problems.length > 0) return outcome(read, 'not ok', statedText(read), '', problems.join('; '))
  const isEqual = comparison.figures.every((figure) => figure.isEqual)
  const got = comparison.figures.map(({ name, got: figure }) => `${name}=${figure}`).join(' ')
  return outcome(read, isEqual ? 'ok' : 'not ok', statedText(read), got, remarkOf(comparison, what, notRead))
}

function ratedWays(read: RatingCase, kind: PriceKind): readonly CaseOutcome[] {
  const problems: string[] = []
  const fields = withInnerFields(caseFields(read.input, 'input', problems), ['properties', 'terms', 'charge'])
  const parts = currencyPartsOf(read, fields, kind)
  const ways = mapCase(kind, fields, read, parts)
  if (problems.length > 0) return [outcome(read, 'not ok', statedText(read), '', [...new Set(problems)].join('; '))]
  return ways.map((mapped) => {
    const rated = rateMapped(withSourceRounding(mapped, read, fields), parts)
    if (!rated.ok) return outcome(read, 'not ok', statedText(read), '', rated.fault.message)
    if (isTariffAlone(read, fields, kind)) return comparedDay(read, rated.value, exactOf(dayOfTariff(fields)))
    return compared(read, mapped, rated.value, exactTotal(read, mapped, parts), namesNotRead(fields))
  })
}

/** Whether a case is a tariff that neither says what was used nor what has to come out. */
function isTariffAlone(read: RatingCase, fields: CaseFields, kind: PriceKind): boolean {
  return kind === 'time-of-use' && !statesFigures(read.expected) && !saysUsage(fields) && !hasClockTimes(fields)
}

/** The prices of a case in all the ways its source may mean it, the likeliest first. */
function mapCase(kind: PriceKind, fields: CaseFields, read: RatingCase, parts: bigint): readonly MappedCase[] {
  switch (kind) {
    case 'allowance':
      return [mapAllowance(fields, parts)]
    case 'stair-step':
      return [hasAllowance(fields) ? mapAllowance(fields, parts) : mapTiers(kind, fields, parts)]
    case 'graduated':
    case 'volume':
    case 'graduated-percentage':
      return [mapTiers(kind, fields, parts)]
    case 'graduated-blocks':
      return [mapBlocks('graduated', fields, parts)]
    case 'volume-blocks':
      return [mapBlocks('volume', fields, parts)]
    case 'per-unit':
      return [mapPerUnit(fields, parts)]
    case 'multiplier':
      return [mapMultiplier(fields, currencyOf(read))]
    case 'fee':
      return [mapFee(fields, parts)]
    case 'package':
      return [mapPackage(fields, parts)]
    case 'data-unit':
      return [mapDataUnits(fields, parts)]
    case 'percentage':
      return [mapPercentage(fields, parts)]
    case 'rated-steps':
      return mapSteps(fields, read.source, parts)
    case 'tokens':
      return [mapTokens(fields, parts)]
    case 'time-of-use':
      if (hasClockTimes(fields)) return [mapClockTariff(fields, parts)]
      return [mapTimeOfUse(fields, parts, isTariffAlone(read, fields, kind))]
    case 'matrix':
      return [mapMatrix(fields, parts)]
  }
}

function compared(
  read: RatingCase,
  mapped: MappedCase,
  figures: CaseFigures,
  exact: Exact | null,
  notRead: readonly string[],
): CaseOutcome {
  const comparison = compareFigures(read.expected, figures, exact)
  const got = gotText(comparison, figures)
  if (comparison.figures.length === 0) {
    return outcome(read, 'not ok', statedText(read), got, 'expected states no figure that is known; write a total')
  }
  const isEqual = comparison.figures.every((figure) => figure.isEqual)
  const remark = remarkOf(comparison, mapped.convention, notRead)
  return outcome(read, isEqual ? 'ok' : 'not ok', statedText(read), got, remark)
}

function remarkOf(comparison: Comparison, first: string, notRead: readonly string[]): string {
  const remarks = [
    first,
    ...new Set(comparison.figures.map(({ remark }) => remark)),
    comparison.notCompared.length === 0 ? '' : `not compared: ${comparison.notCompared.join(', ')}`,
    notRead.length === 0 ? '' : `not read: ${namesText(notRead)}`,
  ]
  return remarks.filter((text) => text !== '').join('; ')
}

/** A tariff without usage: what the engine makes of a day of readings has to be what the readings come to by hand. */
function comparedDay(read: RatingCase, { numbers }: CaseFigures, byHand: Exact): CaseOutcome {
  const total = numbers.get('total') ?? { numerator: 0n, denominator: 1n }
  const remark = 'a tariff without usage, rated over a day of readings of one unit'
  const got = `total=${exactText(total)}`
  return outcome(read, isSame(total, byHand) ? 'ok' : 'not ok', `total=${exactText(byHand)}`, got, remark)
}

const mostNames = 5

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).map((name) => name.slice(0, 40))
  return `${shown.join(', ')}${names.length > mostNames ? ' …' : ''}`
}

function statedText({ expected }: RatingCase): string {
  return Object.entries(expected)
    .filter(([name]) => name !== 'currency' && name !== 'note')
    .map(([name, value]) => `${name}=${shownValue(value)}`)
    .join(' ')
}

function gotText({ figures }: Comparison, { numbers }: CaseFigures): string {
  if (figures.length > 0) return figures.map(({ name, got }) => `${name}=${got}`).join(' ')
  const total = numbers.get('total')
  return total === undefined ? '' : `total=${exactText(total)}`
}

function outcome(
  { id, model }: { readonly id: string; readonly model: string },
  verdict: CaseVerdict,
  expected: string,
  got: string,
  remark: string,
): CaseOutcome {
  return { id, model, verdict, expected, got, remark }
}
