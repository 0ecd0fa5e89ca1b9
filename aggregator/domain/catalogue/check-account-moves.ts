import { formatInstant } from '@meterline/shared/units/instant.ts'
import { payersOf, type Account, type AccountTree } from '../accounts/account-tree.ts'
import { periodAt, periodAfter, type BillingCycle } from '../periods/billing-cycle.ts'
import type { Draft } from './draft.ts'
import { accountPartsOf, treeOfParts } from './draft-tree.ts'
import { problem, type Problem } from './problem.ts'

/**
 * An account moves at the turn of a period only, for everybody whose documents change by it: the usage of a period stands
 * on the documents of one seller for one buyer, and its charges in one partition. An account that shares what it owes with
 * the payer of its parent has the same periods as he.
 */
export function checkAccountMoves(draft: Draft): readonly Problem[] {
  const isConcerned = draft.accounts.some(({ value }) => value.moves.length > 0 || value.parentPays !== null)
  const parts = isConcerned ? accountPartsOf(draft) : null
  if (parts === null) return []
  const tree = treeOfParts(parts)
  return [...checkTurns(draft, tree), ...checkShares(draft, tree)]
}

function checkTurns(draft: Draft, tree: AccountTree): readonly Problem[] {
  const places = new Map(draft.accounts.map((account) => [account.value.id, account]))
  const problems: Problem[] = []
  const reported = new Set<string>()
  for (const { value } of draft.accounts) {
    const all = tree.placesOf(value.id)
    all.slice(1).forEach(({ fromMs: atMs, account: after }, place) => {
      const before = all[place]?.account
      if (before === undefined || !changesDocuments(before, after)) return
      const cut = [...payersOf(before), ...payersOf(after)].find(({ cycle }) => !beginsPeriod(cycle, atMs))
      const moving = cut === undefined ? undefined : movingAbove(after, atMs, places)
      if (cut === undefined || moving === undefined || reported.has(`${moving.value.id} ${atMs}`)) return
      reported.add(`${moving.value.id} ${atMs}`)
      const move = moving.value.moves.findIndex((each) => each.atMs === atMs)
      problems.push(cutProblem(value.id, cut, atMs, ['accounts', moving.index, 'moves', move, 'at']))
    })
  }
  return problems
}

function cutProblem(
  id: string,
  { id: buyer, cycle }: Account,
  atMs: number,
  path: readonly (string | number)[],
): Problem {
  const around = periodAt(cycle, atMs)
  const whose =
    id === buyer ? `the period ${around.key} of ${buyer}` : `the period ${around.key} of ${buyer}, who pays for ${id}`
  const next = formatInstant(periodAfter(cycle, around).startMs)
  const turns = `${formatInstant(around.startMs)} or ${next}`
  return problem(path, `is ${formatInstant(atMs)}, in the middle of ${whose}`, `write a turn of periods: ${turns}`)
}

function beginsPeriod(cycle: BillingCycle, atMs: number): boolean {
  return periodAt(cycle, atMs).startMs === atMs
}

/** Whether a move changes who sells, who pays, or whose books change together. */
function changesDocuments(before: Account, after: Account): boolean {
  const [payers, others] = [payersOf(before), payersOf(after)]
  return (
    before.seller?.id !== after.seller?.id ||
    before.partition !== after.partition ||
    payers.length !== others.length ||
    payers.some(({ id }, place) => id !== others[place]?.id)
  )
}

/** The account, at or above one that changed its place at an instant, that moved then. */
function movingAbove<Placed extends Draft['accounts'][number]>(
  account: Account,
  atMs: number,
  places: ReadonlyMap<string, Placed>,
): Placed | undefined {
  for (let each: Account | null = account; each !== null; each = each.parent) {
    const placed = places.get(each.id)
    if (placed?.value.moves.some((move) => move.atMs === atMs) === true) return placed
  }
  return undefined
}

function checkShares(draft: Draft, tree: AccountTree): readonly Problem[] {
  return draft.accounts.flatMap(({ value, index }) => {
    if (value.parentPays === null || value.parentPays.share === null) return []
    const other = tree
      .placesOf(value.id)
      .map(({ account }) => ({ own: account.cycle, payer: account.parent?.payer }))
      .find(({ own, payer }) => payer !== undefined && payer.cycle !== own)
    if (other?.payer === undefined) return []
    const message = `is there, but ${value.id} and ${other.payer.id}, who takes the share, are billed for different periods`
    const suggestion = `give both the same cycle in billingProfiles`
    return [problem(['accounts', index, 'parentPays', 'share'], message, suggestion)]
  })
}
