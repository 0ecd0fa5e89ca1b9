import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { knownCurrencies, minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { wholeMicros } from '../contract/commitment-span.ts'
import type { Commitment, CommittedAmount } from '../contract/committed-amount.ts'
import type { ContractDefinition } from '../contract/contract-definition.ts'
import type { Discount } from '../contract/discount-definition.ts'
import type { LineFilter } from '../contract/line-filter.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import { problem, type Problem } from './problem.ts'

type Path = readonly (string | number)[]

/** What contracts may name. */
interface ContractSources {
  readonly draft: Draft
  readonly accounts: ReadonlySet<string>
  readonly partners: ReadonlySet<string>
  readonly offerings: ReadonlySet<string>
  readonly meters: ReadonlySet<string>
  readonly taxCodes: ReadonlySet<string>
}

/** Contracts are with buyers who get documents, end after they begin, and their rules name what there is, each once. */
export function checkContracts(draft: Draft): readonly Problem[] {
  if (draft.contracts.length === 0) return []
  const { accounts, partners, offerings, meters, taxCodes } = draft.declared
  const sources: ContractSources = {
    draft,
    accounts: new Set([...(draft.operator === null ? [] : [draft.operator.id]), ...namesOf(accounts)]),
    partners: namesOf(partners),
    offerings: namesOf(offerings),
    meters: namesOf(meters),
    taxCodes: namesOf(taxCodes),
  }
  const payers = new Map(draft.accounts.map(({ value }) => [value.id, value.payer]))
  return draft.contracts.flatMap((contract) => [
    ...checkParties(contract, sources, payers),
    ...checkSpan(contract),
    ...checkRules(contract, sources),
  ])
}

function checkParties(
  { value, index }: Placed<ContractDefinition>,
  { draft, accounts, partners }: ContractSources,
  payers: ReadonlyMap<string, 'self' | 'parent'>,
): readonly Problem[] {
  const path = ['contracts', index]
  const problems = [...unknownCurrency(value.currency, [...path, 'currency'])]
  if (draft.operator === null) return problems
  problems.push(...unknownName(value.account, accounts, 'account', [...path, 'account']))
  const isOperator = value.account === draft.operator.id
  if (isOperator && value.seller === null) {
    problems.push(problem(path, 'names no seller', 'add seller: with the id of a partner'))
  } else if (isOperator && value.seller !== null) {
    problems.push(...unknownName(value.seller, partners, 'partner', [...path, 'seller']))
  } else if (value.seller !== null) {
    const message = `is ${value.seller}, but the seller of an account is the reseller or operator above it`
    problems.push(problem([...path, 'seller'], message, 'remove it'))
  }
  if (payers.get(value.account) === 'parent') {
    const message = `is ${value.account}, which gets no documents: its parent pays`
    problems.push(problem([...path, 'account'], message, 'write the account that pays'))
  }
  return problems
}

function unknownCurrency(currency: string | null, path: Path): Problem[] {
  if (currency === null || minorDigitsOf(currency) !== undefined) return []
  const found = problem(path, `is ${currency}, an unknown currency`, 'write an ISO 4217 code such as EUR')
  return [{ ...found, unknown: { word: currency, candidates: new Set(knownCurrencies()) } }]
}

function checkSpan({ value, index }: Placed<ContractDefinition>): readonly Problem[] {
  const path = ['contracts', index]
  if (value.toMs !== null && value.toMs <= value.fromMs) {
    return [problem([...path, 'to'], 'is not after from; the end is exclusive')]
  }
  const isOpen = value.toMs === null && value.termPeriods === null
  if (!isOpen || ![...value.commitments, ...value.minimums].some(({ per }) => per === 'term')) return []
  const message = 'has something to be spent per term, but no term: neither an end nor a number of periods'
  return [problem(path, message, 'add to: with when it ends, or termPeriods: 12 for terms of a year')]
}

function checkRules({ value, index }: Placed<ContractDefinition>, sources: ContractSources): readonly Problem[] {
  const path = ['contracts', index]
  const { commitments, minimums, discounts } = value
  return [
    ...checkList(commitments, [...path, 'commitments'], (rule, at) => checkCommitment(rule, at, sources)),
    ...checkList(minimums, [...path, 'minimums'], (rule, at) => checkCommitted(rule, at, sources)),
    ...checkList(discounts, [...path, 'discounts'], (rule, at) => checkDiscount(rule, value, at, sources)),
  ]
}

/** Checks the rules of one kind, each of which has an id of its own. */
function checkList<Rule extends { readonly id: string }>(
  rules: readonly Rule[],
  path: Path,
  check: (rule: Rule, at: Path) => readonly Problem[],
): readonly Problem[] {
  const seen = new Set<string>()
  return rules.flatMap((rule, place) => {
    const twice = seen.has(rule.id)
    seen.add(rule.id)
    const message = `is ${rule.id}, which another one of this contract is called`
    return [
      ...(twice ? [problem([...path, place, 'id'], message, 'choose another id')] : []),
      ...check(rule, [...path, place]),
    ]
  })
}

const microsPerUnit = 1_000_000n
const tooMuch = `is more than the ${largestSegmentMicros / microsPerUnit} currency units that one line can come to`
const largestFactor = '100'

/** What no book can hold would keep its period from ever being closed. */
function checkAmount(amount: string | null, path: Path): readonly Problem[] {
  return amount !== null && wholeMicros(amount) > largestSegmentMicros ? [problem(path, tooMuch)] : []
}

function checkCommitment(rule: Commitment, path: Path, sources: ContractSources): readonly Problem[] {
  const { overageFactor } = rule
  const isTooDear = overageFactor !== null && wholeMicros(overageFactor) > wholeMicros(largestFactor)
  return [
    ...checkCommitted(rule, path, sources),
    ...(isTooDear ? [problem([...path, 'overageFactor'], `is above ${largestFactor}`)] : []),
  ]
}

function checkCommitted(rule: CommittedAmount, path: Path, sources: ContractSources): readonly Problem[] {
  return [
    ...checkAmount(rule.amount, [...path, 'amount']),
    ...(rule.tax === null ? [] : unknownName(rule.tax, sources.taxCodes, 'tax code', [...path, 'tax'])),
    ...checkFilter(rule.filter, path, sources),
  ]
}

function checkDiscount(
  rule: Discount,
  contract: ContractDefinition,
  path: Path,
  sources: ContractSources,
): readonly Problem[] {
  const { terms } = rule
  const problems = [
    ...checkAmount(rule.atMost, [...path, 'atMost']),
    ...(terms.kind === 'amount' ? checkAmount(terms.amount, [...path, 'amount']) : []),
    ...checkFilter(rule.filter, path, sources),
  ]
  const endsBefore = rule.toMs !== null && rule.toMs <= contract.fromMs
  const beginsAfter = rule.fromMs !== null && contract.toMs !== null && rule.fromMs >= contract.toMs
  if (endsBefore) problems.push(problem([...path, 'to'], 'is before the contract begins, so that it never holds'))
  if (beginsAfter) problems.push(problem([...path, 'from'], 'is after the contract has ended, so that it never holds'))
  return problems
}

function checkFilter({ offerings, meters }: LineFilter, path: Path, sources: ContractSources): readonly Problem[] {
  return [
    ...(offerings ?? []).flatMap((id, place) =>
      unknownName(id, sources.offerings, 'offering', [...path, 'offerings', place]),
    ),
    ...(meters ?? []).flatMap((id, place) => unknownName(id, sources.meters, 'meter', [...path, 'meters', place])),
  ]
}
