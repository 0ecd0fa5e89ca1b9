import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { AccountDefinition, AccountMove } from '../accounts/account-definition.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Moves of accounts are declared before they happen, and stay when they have: what was used until then was charged where
 * the account was, and is owed there for ever. One that has not happened by `nowMs` (epoch milliseconds) can be changed.
 */
export function checkMovesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const earlier = new Map(before.accounts.map((account) => [account.id, account]))
  return draft.accounts.flatMap(({ value, index }) => {
    const known = earlier.get(value.id)
    return known === undefined
      ? []
      : [...checkKept(known, value, index, nowMs), ...checkNew(known, value, index, nowMs)]
  })
}

function checkKept(
  known: AccountDefinition,
  value: AccountDefinition,
  index: number,
  nowMs: number,
): readonly Problem[] {
  return known.moves
    .filter((move) => move.atMs <= nowMs && !value.moves.some((own) => isSame(own, move)))
    .map(({ atMs, parent }) => {
      const message = `leave out that ${value.id} moved below ${parent} at ${formatInstant(atMs)}`
      return problem(['accounts', index, 'moves'], message, 'put it back; to undo it, add a move to come')
    })
}

function checkNew(
  known: AccountDefinition,
  value: AccountDefinition,
  index: number,
  nowMs: number,
): readonly Problem[] {
  return value.moves.flatMap((move, place) => {
    if (move.atMs > nowMs || known.moves.some((own) => isSame(own, move))) return []
    const message = `is ${formatInstant(move.atMs)}, which is over: what was used since is owed where ${value.id} was`
    return [problem(['accounts', index, 'moves', place, 'at'], message, 'write the turn of a period to come')]
  })
}

function isSame(left: AccountMove, right: AccountMove): boolean {
  return left.atMs === right.atMs && left.parent === right.parent
}
