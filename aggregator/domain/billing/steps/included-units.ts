import { assertThat } from '@meterline/shared/base/errors.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { ActiveSpan, CatalogueSubscription } from '../../catalogue/catalogue.ts'
import type { AllowanceDefinition } from '../../contract/allowance-definition.ts'
import { carriedOver, drawDown, type AllowanceLot, type Draw } from '../../contract/draw-down.ts'
import { countedSpans } from '../../contract/proration.ts'
import { periodAfter, periodAt, type BillingCycle } from '../../periods/billing-cycle.ts'
import { monthNumber } from '../../periods/month-number.ts'
import type { Relation } from '../../ledger/templates.ts'
import type { BillHistory } from '../due-line.ts'
import { isSoldIn } from './allowance-index.ts'

/** One meter in one relation and period. */
export interface MeterInPeriod {
  readonly relation: Relation
  readonly meter: string
  readonly period: Period
  readonly cycle: BillingCycle
}

/**
 * What of the usage of subscriptions (base units by id) is included, by which allowance. Subscriptions that share an
 * allowance, at any time, have to be asked for together. Where units left over can be used later, what is left is worked out
 * from the first period that has such an allowance on, so that a late correction of an old period changes what later ones
 * carry over.
 */
export function includedUnits(
  place: MeterInPeriod,
  subscriptions: readonly CatalogueSubscription[],
  used: ReadonlyMap<string, bigint>,
  history: BillHistory,
): readonly Draw[] {
  const { meter, period, cycle } = place
  const firstMs = firstRollover(place, subscriptions)
  let carried: readonly AllowanceLot[] = []
  if (firstMs !== null) {
    for (let past = periodAt(cycle, firstMs); past.startMs < period.startMs; past = periodAfter(cycle, past)) {
      const usedThen = new Map(subscriptions.map(({ id }) => [id, history.quantityOf(id, meter, past.key)]))
      const lots = lotsOf({ ...place, period: past }, subscriptions, carried)
      carried = carriedOver(drawDown(lots, usedThen).left, monthNumber(past.key))
    }
  }
  return drawDown(lotsOf(place, subscriptions, carried), used).draws
}

/** When the first version begins that has units to carry over for a meter; null: none does before the period ends. */
function firstRollover(
  { relation, meter, period }: MeterInPeriod,
  subscriptions: readonly CatalogueSubscription[],
): number | null {
  let firstMs: number | null = null
  for (const subscription of subscriptions) {
    const version = subscription
      .versionsBetween(-Infinity, period.startMs)
      .find(
        (each) =>
          each.allowances.some((allowance) => allowance.meter === meter && allowance.rollover !== null) &&
          isSoldIn(relation, meter, each),
      )
    if (version !== undefined && (firstMs === null || version.fromMs < firstMs)) firstMs = version.fromMs
  }
  return firstMs
}

/** What a period includes anew, and what was carried into it. */
function lotsOf(
  place: MeterInPeriod,
  subscriptions: readonly CatalogueSubscription[],
  carried: readonly AllowanceLot[],
): readonly AllowanceLot[] {
  const lots = new Map<string, AllowanceLot>()
  const number = monthNumber(place.period.key)
  for (const subscription of subscriptions) {
    for (const { allowance, offering, quantity } of contributionsOf(place, subscription)) {
      const isPool = allowance.pool === 'subtree'
      const source = isPool ? `offering ${offering}` : `subscription ${subscription.id}`
      const key = `${source} ${allowance.id}`
      const known = lots.get(key)
      lots.set(key, {
        allowance: allowance.id,
        source,
        priority: allowance.priority,
        lastPeriod: number + (allowance.rollover?.periods ?? 0),
        cap: allowance.rollover?.cap ?? null,
        members: withMember(known?.members ?? [], subscription.id),
        isPool,
        quantity: quantity + (known?.quantity ?? 0n),
      })
    }
  }
  const current = carried.map((lot) =>
    lot.isPool ? { ...lot, members: lots.get(`${lot.source} ${lot.allowance}`)?.members ?? [] } : lot,
  )
  return [...current, ...[...lots.values()].filter(({ quantity }) => quantity > 0n)]
}

/** Several plans of one period may bring a subscription what they call alike: it used its usage once. */
function withMember(members: readonly string[], subscription: string): readonly string[] {
  return members.at(-1) === subscription ? members : [...members, subscription]
}

/** What a subscription brings into a period of one allowance. */
interface Contribution {
  /** As it is at the end of the period. */
  readonly allowance: AllowanceDefinition
  readonly offering: string
  /** Base units. */
  readonly quantity: bigint
}

function contributionsOf(
  { relation, meter, period, cycle }: MeterInPeriod,
  subscription: CatalogueSubscription,
): readonly Contribution[] {
  const active = subscription.activeBetween(period.startMs, period.endMs)
  if (!active.some(({ version }) => version.allowances.length > 0)) return []
  const found = new Map<string, Contribution>()
  const add = (span: ActiveSpan, allowance: AllowanceDefinition, quantity: bigint): void => {
    const offering = span.version.offering.id
    const key = `${offering} ${allowance.pool} ${allowance.id}`
    found.set(key, { allowance, offering, quantity: quantity + (found.get(key)?.quantity ?? 0n) })
  }
  const covering = (span: ActiveSpan): readonly AllowanceDefinition[] =>
    isSoldIn(relation, meter, span.version) ? span.version.allowances.filter((each) => each.meter === meter) : []
  const last = active.at(-1)
  assertThat(last !== undefined, 'a subscription with an active version is active last')
  for (const proration of ['day', 'second'] as const) {
    if (!active.some((span) => covering(span).some(({ prorate }) => prorate === proration))) continue
    const { counts, whole } = countedSpans(active, period, cycle, proration)
    for (const { span, allowance, units } of unitsByAllowance(active, counts, covering, proration)) {
      add(span, allowance, divideRounded(units, BigInt(whole), 'half-away'))
    }
  }
  for (const allowance of covering(last)) {
    if (allowance.prorate === 'none') add(last, allowance, allowance.quantity * countOf(allowance, last))
  }
  return [...found.values()]
}

interface CountedAllowance {
  readonly span: ActiveSpan
  readonly allowance: AllowanceDefinition
  /** Base units times days or seconds. */
  readonly units: bigint
}

/** Adds up what the active spans of a period bring of each allowance, before it is divided and rounded once. */
function unitsByAllowance(
  active: readonly ActiveSpan[],
  counts: readonly number[],
  covering: (span: ActiveSpan) => readonly AllowanceDefinition[],
  proration: 'day' | 'second',
): Iterable<CountedAllowance> {
  const sums = new Map<string, CountedAllowance>()
  active.forEach((span, index) => {
    for (const allowance of covering(span)) {
      if (allowance.prorate !== proration) continue
      const key = `${span.version.offering.id} ${allowance.pool} ${allowance.id}`
      const units = allowance.quantity * countOf(allowance, span) * BigInt(counts[index] ?? 0)
      sums.set(key, { span, allowance, units: units + (sums.get(key)?.units ?? 0n) })
    }
  })
  return sums.values()
}

function countOf({ each }: AllowanceDefinition, { quantities }: ActiveSpan): bigint {
  return each === 'subscription' ? 1n : (quantities.get(each.quantity) ?? 0n)
}
