import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { accountJson, type AccountDefinition } from '../accounts/account-definition.ts'
import { payerOf } from '../accounts/account-tree.ts'
import { periodOfKey, type BillingCycle } from '../periods/billing-cycle.ts'
import type { Catalogue } from './catalogue.ts'

/** Usage that is charged between two parties who would not be the ones, or in a period that would not be one. */
export interface ChargedElsewhere {
  readonly periodKey: string
  readonly subscription: string
  /** Who sold to whom when it was charged. */
  readonly seller: string
  readonly buyer: string
}

/**
 * From when on a version of the catalogue says of accounts that were there already that they are elsewhere, or are billed
 * for other periods, than the version before says; Infinity when it does not. Epoch milliseconds. What checked files differ
 * in so lies in time to come, so `nowMs` is the earliest that anything is asked for.
 */
export function placesDifferFrom(before: Catalogue, after: Catalogue, nowMs: number): number {
  const earlier = new Map(before.file.accounts.map((account) => [account.id, account]))
  const moved = after.file.accounts.flatMap((account) => {
    const known = earlier.get(account.id)
    return known === undefined ? [] : differingMoves(known, account)
  })
  const changesCycle = [...before.tree.accounts.values()].some((account) => {
    const cycle = after.tree.accounts.get(account.id)?.cycle
    return cycle !== undefined && cycleText(account.cycle) !== cycleText(cycle)
  })
  return [...moved, ...(changesCycle ? [nowMs] : [])].reduce((first, atMs) => Math.min(first, atMs), Infinity)
}

function differingMoves(known: AccountDefinition, value: AccountDefinition): readonly number[] {
  if (canonicalJson(accountJson(known)) === canonicalJson(accountJson(value))) return []
  const isIn = (moves: AccountDefinition['moves'], atMs: number, parent: string): boolean =>
    moves.some((move) => move.atMs === atMs && move.parent === parent)
  return [
    ...known.moves.filter(({ atMs, parent }) => !isIn(value.moves, atMs, parent)),
    ...value.moves.filter(({ atMs, parent }) => !isIn(known.moves, atMs, parent)),
  ].map(({ atMs }) => atMs)
}

function cycleText({ id, day, offsets }: BillingCycle): string {
  return canonicalJson([id, day, (offsets ?? []).map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes])])
}

/**
 * The first of some segments whose charges would stand elsewhere under a later version; null when there is none. Clocks of
 * devices that are ahead bring usage of time to come, and what is charged stays where it is.
 */
export function chargedElsewhere(
  before: Catalogue,
  after: Catalogue,
  segmentKeys: Iterable<string>,
): ChargedElsewhere | null {
  for (const key of segmentKeys) {
    const { subscription, meter, periodKey } = parseSegmentKey(key)
    const was = placeOf(before, subscription, meter, periodKey)
    const is = placeOf(after, subscription, meter, periodKey)
    if (was !== null && was.text !== is?.text) return { periodKey, subscription, seller: was.seller, buyer: was.buyer }
  }
  return null
}

function placeOf(
  { subscriptions, cycles }: Catalogue,
  id: string,
  meter: string,
  periodKey: string,
): { readonly seller: string; readonly buyer: string; readonly text: string } | null {
  const subscription = subscriptions.get(id)
  const period = periodOfKey(cycles, periodKey)
  if (subscription === undefined || !period.ok) return null
  const { startMs, endMs } = period.value
  const account = subscription.accountAt(startMs)
  const seller = account.seller?.id ?? subscription.seller.id
  const buyer = payerOf(account, meter)
  return { seller, buyer: buyer.id, text: [seller, buyer.id, buyer.cycle.id, startMs, endMs].join(' ') }
}
