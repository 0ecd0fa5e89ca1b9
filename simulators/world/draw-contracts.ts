import type { Random } from '@meterline/shared/base/random.ts'
import { dayMs, periodOf } from '../oracle/calendar.ts'
import type { PlannedAllowance, PlannedContract, PlannedDiscount, PlannedPromise } from '../oracle/planned-contract.ts'
import type { PlannedAccount, TenantPlan } from '../oracle/tenant-plan.ts'
import { sometimes } from './draw-amount.ts'

/** Meters that something may be included of, with what a run of one subscription comes to. */
const includable = [
  ['data.bytes', 20_000],
  ['messages', 20],
] as const
const meters = ['data.bytes', 'messages', 'odometer'] as const

/** In one tenant of four trackers have some usage included, in one or several allowances. */
export function drawAllowances(random: Random): readonly PlannedAllowance[] {
  if (random.below(4) > 0) return []
  return includable.flatMap(([meter, expected]) =>
    ['base', 'extra'].slice(random.below(3)).map((id): PlannedAllowance => {
      const isCounted = random.below(3) === 0
      const quantity = BigInt(1 + random.below(isCounted ? Math.ceil(expected / 7) : expected))
      return {
        id: `${meter.split('.')[0] ?? ''}-${id}`,
        meter,
        quantity,
        ...(isCounted ? { each: { quantity: 'seats' } } : {}),
        ...sometimes(random, 3, () => ({ prorate: random.below(2) === 0 ? ('day' as const) : ('second' as const) })),
        ...sometimes(random, 3, () => ({
          rollover: { periods: 1 + random.below(2), ...sometimes(random, 2, () => ({ cap: quantity / 2n + 1n })) },
        })),
        ...sometimes(random, 3, () => ({ priority: random.below(3) })),
        ...sometimes(random, 3, () => ({ pool: 'subtree' as const })),
      }
    }),
  )
}

/** Whether an offering includes some of a meter at any time: its prices then have to go by the quantity of a period. */
export function includes(plan: TenantPlan, price: { readonly id: string; readonly meter: string }): boolean {
  return plan.offerings.some(({ prices, versions = [], allowances = [] }) => {
    const isSold = [...prices, ...versions.flatMap((version) => version.prices)].includes(price.id)
    return isSold && allowances.some(({ meter }) => meter === price.meter)
  })
}

/** In one tenant of three some of those who get documents have agreed on something, since the year began or this month. */
export function drawContracts(
  random: Random,
  accounts: readonly PlannedAccount[],
  startMs: number,
): readonly PlannedContract[] {
  if (random.below(3) > 0) return []
  const payers = accounts.filter(({ payer }) => payer === 'self')
  return payers.flatMap(({ id }): readonly PlannedContract[] =>
    random.below(2) === 0 ? [] : [drawContract(random, id, startMs)],
  )
}

function drawContract(random: Random, account: string, startMs: number): PlannedContract {
  const from = ['2026-01-01', `${periodOf(startMs)}-01`, `${periodOf(startMs)}-05`][random.below(3)] ?? '2026-01-01'
  // What is promised for a term needs one; a contract that ends is one as well.
  const ends = `${periodOf(startMs + 40 * dayMs)}-0${1 + random.below(9)}`
  const term = random.below(3) === 0 ? { to: ends } : { termPeriods: 1 + random.below(3) }
  const promise = (id: string): PlannedPromise => {
    const asks = random.below(4)
    return {
      id,
      amount: drawMoney(random, 60),
      ...sometimes(random, 3, () => ({ per: 'term' as const })),
      ...sometimes(random, 4, () => ({ inAdvance: true })),
      ...sometimes(random, 3, () => ({ prorate: random.below(2) === 0 ? ('day' as const) : ('second' as const) })),
      ...(asks === 0 ? { kinds: ['usage' as const] } : asks === 1 ? { meters: [drawMeter(random)] } : {}),
    }
  }
  return {
    id: `agreed-${account}`,
    account,
    from,
    ...term,
    ...sometimes(random, 2, () => ({
      commitments: [
        { ...promise('commitment'), ...sometimes(random, 2, () => ({ overageFactor: drawFactor(random) })) },
      ],
    })),
    ...sometimes(random, 2, () => ({ minimums: ['least', 'more'].slice(random.below(2)).map(promise) })),
    ...sometimes(random, 2, () => ({ discounts: drawDiscounts(random) })),
  }
}

/** Two that look at the same, or one that asks for something. */
function drawDiscounts(random: Random): readonly PlannedDiscount[] {
  const filter =
    random.below(3) === 0
      ? random.below(2) === 0
        ? { kinds: ['fee' as const] }
        : { meters: [drawMeter(random)] }
      : null
  const discount = (id: string): PlannedDiscount => ({
    id,
    ...drawDiscountTerms(random),
    ...sometimes(random, 3, () => ({ atMost: drawMoney(random, 20) })),
    ...filter,
  })
  return ['first', 'second'].slice(filter === null ? random.below(2) : 1).map(discount)
}

function drawDiscountTerms(random: Random): Omit<PlannedDiscount, 'id'> {
  switch (random.below(3)) {
    case 0:
      return { percent: drawPercent(random) }
    case 1:
      return { amount: drawMoney(random, 30) }
    default: {
      const upTo = 1 + random.below(20)
      const tiers = [
        { upTo: `${upTo}.5`, percent: drawPercent(random) },
        { upTo: `${upTo + 1 + random.below(30)}`, percent: drawPercent(random) },
        { percent: drawPercent(random) },
      ]
      return { tiers, ...sometimes(random, 2, () => ({ tiered: 'graduated' as const })) }
    }
  }
}

function drawMeter(random: Random): string {
  return meters[random.below(meters.length)] ?? meters[0]
}

function drawMoney(random: Random, most: number): string {
  return `${random.below(most)}.${String(1 + random.below(999)).padStart(3, '0')}`
}

function drawPercent(random: Random): string {
  return `${random.below(60)}.${random.below(10)}5`
}

function drawFactor(random: Random): string {
  return `${random.below(3)}.${1 + random.below(9)}`
}
