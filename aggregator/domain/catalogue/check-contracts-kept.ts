import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { contractJson, type ContractDefinition } from '../contract/contract-definition.ts'
import { periodAt } from '../periods/billing-cycle.ts'
import type { Draft, Placed } from './draft.ts'
import { accountPartsOf, treeOfParts } from './draft-tree.ts'
import { problem, type Problem } from './problem.ts'
import { dayAfter } from './sold-versions.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Contracts that have begun by `nowMs` (epoch milliseconds) keep their terms, as periods are billed by them. A contract may
 * be ended, a discount that is still to come may be added, and what is agreed on anew begins with the current period at the
 * earliest.
 */
export function checkContractsKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  if (before.contracts.length === 0 && draft.contracts.length === 0) return []
  const begun = new Map(before.contracts.filter(({ fromMs }) => fromMs <= nowMs).map((known) => [known.id, known]))
  const declared = new Set(draft.declared.contracts.map(({ value }) => value))
  const missing = [...begun.keys()].filter((id) => !declared.has(id))
  const currentStartMs = currentPeriodStarts(draft, nowMs)
  return [
    ...missing.map((id): Problem => {
      const found = problem(['contracts'], `leave out ${id}, which has begun`, 'put it back and end it with to:')
      return { ...found, part: 'key' }
    }),
    ...draft.contracts.flatMap((contract) => {
      const known = begun.get(contract.value.id)
      if (known !== undefined) return checkTerms(known, contract, nowMs)
      const startMs = currentStartMs(contract.value.account)
      return startMs === null || contract.value.fromMs >= startMs ? [] : [beginsTooEarly(contract, startMs)]
    }),
  ]
}

/** When the period that is running began for an account; null where its cycle cannot be told or there is no time yet. */
function currentPeriodStarts(draft: Draft, nowMs: number): (account: string) => number | null {
  const parts = Number.isFinite(nowMs) ? accountPartsOf(draft) : null
  const tree = parts === null ? null : treeOfParts(parts)
  return (account) => {
    const cycle = tree?.accounts.get(account)?.cycle
    return cycle === undefined ? null : periodAt(cycle, nowMs).startMs
  }
}

function beginsTooEarly({ value, index }: Placed<ContractDefinition>, startMs: number): Problem {
  const message = `is ${formatInstant(value.fromMs)}, in a period that is over: ${value.id} was not agreed on when it was billed`
  return problem(['contracts', index, 'from'], message, `write ${formatInstant(startMs)} or later`)
}

function checkTerms(
  known: ContractDefinition,
  { value, index }: Placed<ContractDefinition>,
  nowMs: number,
): readonly Problem[] {
  const problems: Problem[] = []
  const [was, is] = [contractJson(withoutFuture(known, nowMs)), contractJson(withoutFuture(value, nowMs))]
  const stated = contractJson(value)
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (key === 'to' || canonicalJson(was[key] ?? null) === canonicalJson(is[key] ?? null)) continue
    const message = `changes ${key} of ${known.id}, which has been in force since ${formatInstant(known.fromMs)}`
    const suggestion = `put it back, end ${known.id} with to: ${dayAfter(nowMs)} and add a contract that begins then`
    problems.push(problem(['contracts', index, ...(stated[key] === undefined ? [] : [key])], message, suggestion))
  }
  if (known.toMs !== value.toMs && Math.min(known.toMs ?? Infinity, value.toMs ?? Infinity) <= nowMs) {
    const message = `was ${known.toMs === null ? 'open' : formatInstant(known.toMs)} before and cannot become another time that is over`
    problems.push(
      problem(['contracts', index, ...(value.toMs === null ? [] : ['to'])], message, 'write a time to come'),
    )
  }
  return problems
}

/** A contract as far as it has been in force: discounts that are still to come may be added, changed and left out. */
function withoutFuture(contract: ContractDefinition, nowMs: number): ContractDefinition {
  const discounts = contract.discounts
    .filter(({ fromMs }) => fromMs === null || fromMs <= nowMs)
    .map((discount) => (discount.toMs !== null && discount.toMs > nowMs ? { ...discount, toMs: null } : discount))
  return { ...contract, discounts }
}
