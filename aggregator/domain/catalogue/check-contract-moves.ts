import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { AccountTree } from '../accounts/account-tree.ts'
import type { ContractDefinition } from '../contract/contract-definition.ts'
import type { Draft, Placed } from './draft.ts'
import { accountPartsOf, treeOfParts } from './draft-tree.ts'
import { problem, type Problem } from './problem.ts'

/**
 * A contract is with one seller: where its account moves to another one, it ends as the account moves. What was promised for a
 * term would otherwise be owed to somebody with whom nothing of it was spent.
 */
export function checkContractMoves(draft: Draft): readonly Problem[] {
  const isConcerned = draft.contracts.length > 0 && draft.accounts.some(({ value }) => value.moves.length > 0)
  const parts = isConcerned ? accountPartsOf(draft) : null
  if (parts === null) return []
  const tree = treeOfParts(parts)
  return draft.contracts.flatMap((contract) => checkSellers(contract, tree))
}

function checkSellers({ value, index }: Placed<ContractDefinition>, tree: AccountTree): readonly Problem[] {
  const { account, fromMs, toMs } = value
  const places = tree.placesOf(account)
  const change = places.slice(1).findIndex((place, before) => {
    const isInForce = place.fromMs > fromMs && place.fromMs < (toMs ?? Infinity)
    return isInForce && place.account.seller?.id !== places[before]?.account.seller?.id
  })
  const [from, to] = [places[change], places[change + 1]]
  if (change === -1 || from === undefined || to === undefined) return []
  const at = formatInstant(to.fromMs)
  const [seller, next] = [from.account.seller?.id ?? '', to.account.seller?.id ?? '']
  const message = `is in force when ${account} moves from ${seller} to ${next} (${at}): a contract is with one seller`
  const path = ['contracts', index, ...(toMs === null ? [] : ['to'])]
  return [problem(path, message, `end it with to: ${at}, and add one with ${next} that begins then`)]
}
