import type { Period } from '@meterline/shared/units/period.ts'
import { commitmentAmounts } from '../../contract/commitment-amounts.ts'
import { commitmentSpan, type CommitmentSpan } from '../../contract/commitment-span.ts'
import type { CommittedAmount } from '../../contract/committed-amount.ts'
import type { ContractDefinition } from '../../contract/contract-definition.ts'
import { asksForAll } from '../../contract/line-filter.ts'
import { proportionalShares } from '../../contract/proportional-shares.ts'
import { periodAfter } from '../../periods/billing-cycle.ts'
import type { BillSoFar, DueLine } from '../due-line.ts'
import { writtenMoney } from '../written-amounts.ts'
import { cycleOfBuyer } from './bill-cycle.ts'
import { isSellerIn } from './contract-index.ts'
import { contractLine } from './contract-line.ts'
import { filteredLines, spentMicros } from './filtered-lines.ts'

/** A commitment or minimum with the contract it stands in. */
export interface CommittedRule {
  readonly kind: 'commitment' | 'minimum'
  readonly contract: ContractDefinition
  readonly rule: CommittedAmount & { readonly overageFactor?: string | null }
}

/**
 * Rules in the order in which they apply: those that ask for some of the spend before those that ask for all of it, so that
 * what a narrow one adds counts towards a wide one however they were written; otherwise contracts by id, in each as written.
 */
export function inOrderOfUse(rules: readonly CommittedRule[]): readonly CommittedRule[] {
  const isWide = ({ rule }: CommittedRule): boolean => asksForAll(rule.filter)
  return [...rules.filter((rule) => !isWide(rule)), ...rules.filter(isWide)]
}

/**
 * The lines that rules add to a bill, one rule after the other, each looking at what those before it added:
 *
 * - what is missing (`amount − spent`, never below zero), in the last period of what the amount is promised for;
 * - of an amount in advance, all of it in the first period, and in each what is drawn down of it (below zero): never more
 *   than there is. With the lines of a period come the amounts in advance of the next one;
 * - what is spent beyond the amount, times how much dearer that is (`overageFactor − 1`), by tax code of what was spent.
 *
 * `before` are rules that stand before these and are due every period: what they add counts towards terms as well.
 */
export function committedLines(
  soFar: BillSoFar,
  rules: readonly CommittedRule[],
  before: readonly CommittedRule[] = [],
): readonly DueLine[] {
  let { lines } = soFar
  rules.forEach((own, index) => {
    lines = [...lines, ...linesOfRule({ ...soFar, lines }, own, [...before, ...rules.slice(0, index)])]
  })
  return lines.slice(soFar.lines.length)
}

function linesOfRule(soFar: BillSoFar, own: CommittedRule, before: readonly CommittedRule[]): readonly DueLine[] {
  const { period, catalogue, relation } = soFar
  const cycle = cycleOfBuyer(catalogue, relation)
  const { rule, contract } = own
  const next = periodAfter(cycle, period)
  const [span, nextSpan] = [period, next].map((each) => commitmentSpan(rule, contract, each, cycle))
  const isAhead = rule.inAdvance && isSellerIn(catalogue, relation, next)
  return [
    ...(span === null || span === undefined ? [] : linesOfSpan(soFar, own, span, before)),
    ...(isAhead && nextSpan?.earlier.length === 0 ? [inAdvance(soFar, own, nextSpan, next)] : []),
  ].filter(({ amountMicros }) => amountMicros !== 0n)
}

function linesOfSpan(
  soFar: BillSoFar,
  own: CommittedRule,
  span: CommitmentSpan,
  before: readonly CommittedRule[],
): readonly DueLine[] {
  const { rule } = own
  const { period } = soFar
  const counted = filteredLines(rule.filter, soFar.lines, period.key)
  const isFirst = span.earlier.length === 0
  const spending = {
    promisedMicros: span.amountMicros,
    earlierMicros: span.earlier.reduce((sum, past) => sum + spentIn(soFar, past, own, before), 0n),
    spentMicros: spentMicros(counted),
    isFirst,
    isLast: span.isLast,
  }
  const { inAdvance: isInAdvance, overageFactor = null } = rule
  const { drawnMicros, missingMicros, overageMicros } = commitmentAmounts(spending, {
    inAdvance: isInAdvance,
    overageFactor,
  })
  return [
    ...(isInAdvance && isFirst ? [inAdvance(soFar, own, span, period)] : []),
    committedLine(soFar, own, { period, part: 'drawn', words: 'drawn down', amountMicros: -drawnMicros }),
    committedLine(soFar, own, { period, part: null, words: 'not used', amountMicros: missingMicros }),
    ...overageLines(soFar, own, counted, overageMicros),
  ]
}

/** What was spent towards a rule in an earlier period of the same term. */
function spentIn(soFar: BillSoFar, past: Period, { rule }: CommittedRule, before: readonly CommittedRule[]): bigint {
  const charged = soFar.history.linesOf(past.key)
  const periodic = before.filter((each) => each.rule.per === 'period')
  const added =
    asksForAll(rule.filter) && periodic.length > 0
      ? committedLines({ ...soFar, period: past, lines: charged }, periodic)
      : []
  return spentMicros(filteredLines(rule.filter, [...charged, ...added], past.key))
}

function inAdvance(soFar: BillSoFar, own: CommittedRule, { amountMicros }: CommitmentSpan, period: Period): DueLine {
  return committedLine(soFar, own, { period, part: null, words: `in advance for ${period.key}`, amountMicros })
}

/** What spending beyond the amount costs more (or less) than itself, shared over the tax codes of what was spent. */
function overageLines(
  soFar: BillSoFar,
  own: CommittedRule,
  counted: readonly DueLine[],
  overageMicros: bigint,
): readonly DueLine[] {
  if (overageMicros === 0n) return []
  const groups = Map.groupBy(counted, ({ taxCode }) => taxCode)
  const sorted = [...groups].toSorted(([left], [right]) => ((left ?? '') < (right ?? '') ? -1 : 1))
  const weights = sorted.map(([, lines]) => spentMicros(lines))
  const shares = proportionalShares(overageMicros < 0n ? -overageMicros : overageMicros, weights)
  return sorted.map(([taxCode], index) =>
    committedLine(soFar, own, {
      period: soFar.period,
      part: 'overage',
      words: `beyond, at ${own.rule.overageFactor ?? '1'} times the price`,
      amountMicros: overageMicros < 0n ? -(shares[index] ?? 0n) : (shares[index] ?? 0n),
      taxCode,
    }),
  )
}

interface CommittedPart {
  readonly period: Period
  readonly part: 'drawn' | 'overage' | null
  readonly words: string
  readonly amountMicros: bigint
  /** Left out: that of the rule. */
  readonly taxCode?: string | null
}

function committedLine({ relation }: BillSoFar, { kind, contract, rule }: CommittedRule, own: CommittedPart): DueLine {
  const { period, part, words, amountMicros } = own
  const name = kind === 'commitment' ? 'Commitment' : 'Minimum'
  const proration = rule.prorate === 'none' ? '' : `, by ${rule.prorate}`
  return contractLine({
    kind,
    periodKey: period.key,
    contract: contract.id,
    rule: part === null ? rule.id : `${rule.id}~${part}`,
    account: relation.buyer,
    taxCode: own.taxCode === undefined ? rule.tax : own.taxCode,
    isByTaxCode: part === 'overage',
    description: `${name} ${rule.id}: ${words}`,
    terms: `${writtenMoney(rule.amount)} ${relation.currency} per ${rule.per}${proration}`,
    amountMicros,
  })
}
