import type { Billed } from './billed-book.ts'
import { periodAfter } from './billing-cycles.ts'
import { chargedParts } from './due-charges.ts'
import type { KnownBefore, Standing } from './due-charges.ts'
import { contractDues } from './due-contract.ts'
import type { DuePart } from './due-contract.ts'
import { feesOnBill } from './due-fees.ts'
import { rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { PlannedAccount, TenantPlan } from './tenant-plan.ts'
import { feePartiesOf, payerAbove } from './who-owes-whom.ts'

/**
 * Compares who pays which share of a document's lines with what documents say so far: the account less the share, whoever
 * pays above him the same more, for each period that lines are of. `billed` are the lines between the two.
 */
export function compareSplits(
  standing: Standing,
  period: string,
  isOwn: boolean,
  billed: readonly Billed[],
  known: KnownBefore,
): { readonly expected: string; readonly found: string } {
  const sharers = sharersOf(standing.plan, standing.buyer, period)
  const dues = new Map<string, bigint>()
  for (const account of sharers) {
    const isTheirs = account.id === standing.buyer
    for (const [of, micros] of sharedMicros(standing, account, period, known)) {
      if (!isOwn && of !== period) continue
      dues.set(`${of} ${account.id}`, isTheirs ? -micros : micros)
    }
  }
  const stated = new Map<string, bigint>()
  for (const { key, amountMicros } of billed) {
    const [of = '', account = '', kind = ''] = key.split('/')
    if (kind !== 'split') continue
    stated.set(`${of} ${account}`, (stated.get(`${of} ${account}`) ?? 0n) + amountMicros)
  }
  return { expected: textOf(dues), found: textOf(stated) }
}

/** The buyer himself where somebody pays a share of his, and those of whom he pays one. */
function sharersOf(plan: TenantPlan, buyer: string, period: string): readonly PlannedAccount[] {
  return plan.accounts.filter((account) => {
    const payer = account.parentPays?.share === undefined ? undefined : payerAbove(plan, account.id, period)
    return payer !== undefined && (account.id === buyer || payer === buyer)
  })
}

/** What somebody above pays of an account's document, by the period that lines are of. */
function sharedMicros(
  standing: Standing,
  account: PlannedAccount,
  period: string,
  known: KnownBefore,
): ReadonlyMap<string, bigint> {
  const share = rationalOf(account.parentPays?.share ?? '0')
  const sums = documentSums({ ...standing, buyer: account.id }, period, known)
  // Those who share with him come first: what he pays of theirs is shared on.
  for (const below of sharersOf(standing.plan, account.id, period)) {
    if (below.id === account.id) continue
    for (const [of, micros] of sharedMicros(standing, below, period, known)) sums.set(of, (sums.get(of) ?? 0n) + micros)
  }
  return new Map([...sums].map(([of, micros]) => [of, roundHalfAway(times(whole(micros), share))]))
}

/** All that is due on a buyer's document before anything is shared, by period. */
function documentSums(standing: Standing, period: string, known: KnownBefore): Map<string, bigint> {
  const { plan, buyer, seller } = standing
  const memory = new Map<string, readonly DuePart[]>()
  const charged = (of: string): readonly DuePart[] => {
    const parts = memory.get(of) ?? chargedParts(standing, of, known)
    memory.set(of, parts)
    return parts
  }
  const sums = new Map<string, bigint>()
  const add = (of: string, micros: bigint): void => void sums.set(of, (sums.get(of) ?? 0n) + micros)
  for (const { amountMicros } of charged(period)) add(period, amountMicros)
  for (const due of contractDues({ plan, buyer, charged }, period)) add(due.period, due.amountMicros)
  const next = periodAfter(plan, period)
  for (const subscription of plan.subscriptions) {
    const parties = feePartiesOf(plan, subscription, period)
    if (parties?.seller !== seller || parties.buyer !== buyer) continue
    for (const fee of feesOnBill({ plan, subscription }, period)) if (fee.period === next) add(next, fee.amountMicros)
  }
  return sums
}

function textOf(sums: ReadonlyMap<string, bigint>): string {
  const all = [...sums].filter(([, micros]) => micros !== 0n).map(([name, micros]) => `${name} ${micros}`)
  return all.toSorted().join(', ')
}
