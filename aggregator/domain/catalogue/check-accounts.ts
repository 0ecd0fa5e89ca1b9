import type { AccountDefinition, AccountKind } from '../accounts/account-tree.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'

const parentsOf: Readonly<Record<AccountDefinition['kind'], readonly AccountKind[]>> = {
  reseller: ['operator', 'reseller'],
  customer: ['operator', 'reseller'],
  fleet: ['customer', 'fleet'],
}

/** Accounts form one tree below the operator, each kind under a kind it can be under, and somebody can pay for each. */
export function checkAccounts(draft: Draft): readonly Problem[] {
  if (draft.operator === null) return []
  const operatorId = draft.operator.id
  const definitions = new Map(draft.accounts.map(({ value }) => [value.id, value]))
  const declared = new Set([operatorId, ...draft.declared.accounts.map(({ value }) => value)])
  const problems: Problem[] = []
  const settled = new Set<string>([operatorId])
  for (const { value: account, index } of draft.accounts) {
    const path = ['accounts', index, 'parent']
    if (!declared.has(account.parent)) {
      const found = problem(path, `is ${account.parent}, but there is no such account`)
      problems.push({ ...found, unknown: { word: account.parent, candidates: declared } })
      continue
    }
    const cycle = cycleFrom(account, definitions, settled)
    if (cycle !== null) {
      const message = `makes ${account.id} its own ancestor: ${cycle.join(' → ')}`
      problems.push(problem(path, message, 'let one of them hang below the operator or another account'))
      continue
    }
    const parentKind = account.parent === operatorId ? 'operator' : definitions.get(account.parent)?.kind
    if (parentKind !== undefined) problems.push(...checkPlace(account, parentKind, index))
  }
  return problems
}

function checkPlace(account: AccountDefinition, parentKind: AccountKind, index: number): readonly Problem[] {
  const allowed = parentsOf[account.kind]
  if (!allowed.includes(parentKind)) {
    const message = `is ${account.parent}, a ${parentKind}; a ${account.kind} hangs below ${allowed.join(' or ')}`
    return [problem(['accounts', index, 'parent'], message)]
  }
  if (account.payer === 'parent' && account.kind !== 'fleet') {
    const why = account.kind === 'reseller' ? 'a reseller keeps books of its own' : `${account.parent} is the seller`
    return [problem(['accounts', index, 'payer'], `is parent, but ${why}`, 'write self')]
  }
  return []
}

/**
 * The way from an account back to itself, or null. What was walked without finding one is added to `settled`, so that all
 * walks together stay linear; a cycle is reported at the account where the first walk meets it and then settled too.
 */
function cycleFrom(
  start: AccountDefinition,
  definitions: ReadonlyMap<string, AccountDefinition>,
  settled: Set<string>,
): readonly string[] | null {
  const way: string[] = []
  const seen = new Set<string>()
  for (let next: AccountDefinition | undefined = start; next !== undefined; next = definitions.get(next.parent)) {
    if (settled.has(next.id)) break
    if (seen.has(next.id)) {
      way.forEach((id) => settled.add(id))
      const loop = way.slice(way.indexOf(next.id))
      return [...loop, next.id]
    }
    seen.add(next.id)
    way.push(next.id)
  }
  way.forEach((id) => settled.add(id))
  return null
}
