import { formatInstant } from '@meterline/shared/units/instant.ts'
import { parentAt, type AccountDefinition } from '../accounts/account-definition.ts'
import { momentsOf, type AccountKind } from '../accounts/account-tree.ts'
import { namesOf } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import { problem, type Problem } from './problem.ts'

/** How many instants there may be at which accounts move: each of them is another tree. */
export const mostMoments = 1_000

const parentsOf: Readonly<Record<AccountDefinition['kind'], readonly AccountKind[]>> = {
  reseller: ['operator', 'reseller'],
  customer: ['operator', 'reseller'],
  fleet: ['customer', 'fleet'],
}

/**
 * Accounts always form one tree below the operator, each kind under a kind it can be under, and somebody can pay for each.
 */
export function checkAccounts(draft: Draft): readonly Problem[] {
  if (draft.operator === null) return []
  const sources: AccountSources = {
    operatorId: draft.operator.id,
    definitions: new Map(draft.accounts.map(({ value }) => [value.id, value])),
    declared: new Set([draft.operator.id, ...namesOf(draft.declared.accounts)]),
    meters: namesOf(draft.declared.meters),
  }
  return [
    ...draft.accounts.flatMap((account) => [
      ...checkParents(account, sources),
      ...checkPayer(account, sources),
      ...checkParentPays(account, sources),
    ]),
    ...checkLoops(draft, sources),
  ]
}

interface AccountSources {
  readonly operatorId: string
  readonly definitions: ReadonlyMap<string, AccountDefinition>
  /** Of all accounts and the operator, also of those that cannot be read. */
  readonly declared: ReadonlySet<string>
  readonly meters: ReadonlySet<string>
}

/** The parents an account has one after the other, each with its path. */
function checkParents(
  { value: account, index }: Placed<AccountDefinition>,
  sources: AccountSources,
): readonly Problem[] {
  const problems = checkParent(account.kind, account.parent, ['accounts', index, 'parent'], sources)
  account.moves.forEach(({ atMs, parent }, place) => {
    const path = ['accounts', index, 'moves', place]
    const before = account.moves[place - 1]
    if (before?.atMs === atMs) {
      const message = `moves ${account.id} at ${formatInstant(atMs)} a second time`
      problems.push(problem([...path, 'at'], message, 'keep one of them'))
    } else if ((before?.parent ?? account.parent) === parent) {
      const message = `is ${parent}, below which ${account.id} hangs already`
      problems.push(problem([...path, 'parent'], message, 'remove the move'))
    }
    problems.push(...checkParent(account.kind, parent, [...path, 'parent'], sources))
  })
  return problems
}

function checkParent(
  kind: AccountDefinition['kind'],
  parent: string,
  path: readonly (string | number)[],
  { operatorId, definitions, declared }: AccountSources,
): Problem[] {
  if (!declared.has(parent)) {
    const found = problem(path, `is ${parent}, but there is no such account`)
    return [{ ...found, unknown: { word: parent, candidates: declared } }]
  }
  const parentKind = parent === operatorId ? 'operator' : definitions.get(parent)?.kind
  const allowed = parentsOf[kind]
  if (parentKind === undefined || allowed.includes(parentKind)) return []
  return [problem(path, `is ${parent}, a ${parentKind}; a ${kind} hangs below ${allowed.join(' or ')}`)]
}

function checkPayer({ value: account, index }: Placed<AccountDefinition>, { operatorId, definitions }: AccountSources) {
  if (account.payer === 'self' || account.kind === 'fleet') return []
  const parentKind = account.parent === operatorId ? 'operator' : definitions.get(account.parent)?.kind
  // A wrong place is reported as that.
  if (parentKind === undefined || !parentsOf[account.kind].includes(parentKind)) return []
  const why = account.kind === 'reseller' ? 'a reseller keeps books of its own' : `${account.parent} is the seller`
  return [problem(['accounts', index, 'payer'], `is parent, but ${why}`, 'write self')]
}

/** What a parent pays for an account that gets documents of its own. */
function checkParentPays(
  { value: account, index }: Placed<AccountDefinition>,
  { meters }: AccountSources,
): readonly Problem[] {
  const { parentPays } = account
  if (parentPays === null) return []
  const path = ['accounts', index, 'parentPays']
  if (account.payer === 'parent') {
    const message = `is there, but the parent of ${account.id} pays for everything`
    return [problem(path, message, 'write payer: self, or remove it')]
  }
  if (account.kind !== 'fleet') {
    const why = account.kind === 'reseller' ? 'a reseller keeps books of its own' : `${account.parent} is the seller`
    return [problem(path, `is there, but ${why}`, 'remove it')]
  }
  const seen = new Set<string>()
  return parentPays.meters.flatMap((meter, place) => {
    const at = [...path, 'meters', place]
    if (!meters.has(meter)) {
      return [
        { ...problem(at, `is ${meter}, but there is no such meter`), unknown: { word: meter, candidates: meters } },
      ]
    }
    if (seen.has(meter)) return [problem(at, `is ${meter}, listed twice`, 'remove one')]
    seen.add(meter)
    return []
  })
}

/** No account is ever its own ancestor, from the beginning or from some move on. */
function checkLoops(draft: Draft, { operatorId, definitions }: AccountSources): readonly Problem[] {
  const moments = momentsOf(draft.accounts.map(({ value }) => value))
  if (moments.length > mostMoments) {
    const message = `move at ${moments.length} different instants, more than ${mostMoments}`
    return [problem(['accounts'], message, 'let moves fall on the beginnings of common periods')]
  }
  const problems: Problem[] = []
  let settled = new Set<string>([operatorId])
  for (const { value: account, index } of draft.accounts) {
    const loop = loopFrom(account, definitions, -Infinity, settled)
    if (loop !== null) problems.push(loopProblem(account, loop, ['accounts', index, 'parent']))
  }
  for (const atMs of problems.length > 0 ? [] : moments) {
    settled = new Set([operatorId])
    for (const { value: account, index } of draft.accounts) {
      const place = account.moves.findIndex((move) => move.atMs === atMs)
      const loop = place === -1 ? null : loopFrom(account, definitions, atMs, settled)
      if (loop !== null) problems.push(loopProblem(account, loop, ['accounts', index, 'moves', place, 'parent']))
    }
    // What comes after would only repeat it.
    if (problems.length > 0) break
  }
  return problems
}

function loopProblem({ id }: AccountDefinition, loop: readonly string[], path: readonly (string | number)[]): Problem {
  const message = `makes ${id} its own ancestor: ${loop.join(' → ')}`
  return problem(path, message, 'let one of them hang below the operator or another account')
}

/**
 * The way from an account back to itself at an instant, or null. What was walked without finding one is added to `settled`,
 * so that all walks together stay linear; a loop is reported at the account where the first walk meets it and then settled
 * too.
 */
function loopFrom(
  start: AccountDefinition,
  definitions: ReadonlyMap<string, AccountDefinition>,
  atMs: number,
  settled: Set<string>,
): readonly string[] | null {
  const way: string[] = []
  const seen = new Set<string>()
  for (let next: AccountDefinition | undefined = start; next !== undefined;) {
    if (settled.has(next.id)) break
    if (seen.has(next.id)) {
      way.forEach((id) => settled.add(id))
      const loop = way.slice(way.indexOf(next.id))
      return [...loop, next.id]
    }
    seen.add(next.id)
    way.push(next.id)
    next = definitions.get(parentAt(next, atMs))
  }
  way.forEach((id) => settled.add(id))
  return null
}
