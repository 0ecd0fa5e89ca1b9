import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { isWithin } from '../domain/accounts/account-tree.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { TenantService } from './tenant-service.ts'

/** Subscriptions whose segments are looked up in one go. */
const subscriptionsPerGo = 500

interface AccountPeriod {
  readonly account: string
  readonly period: Period
}

/** The subscriptions in force at some time of a period of an account and of everybody below it. */
export function subscriptionsWithin(
  catalogue: Catalogue,
  account: string,
  { startMs, endMs }: Period,
): ReadonlySet<string> {
  const found = [...catalogue.subscriptions.values()].filter((subscription) =>
    subscription.versionsBetween(startMs, endMs).some((version) => isWithin(version.account, account)),
  )
  return new Set(found.map(({ id }) => id))
}

/**
 * The subscriptions on which the usage stands charged that another catalogue charges below an account: its own by either
 * catalogue, and those that its subjects have by the one in force.
 */
export function subscriptionsConcerned(
  inForce: Catalogue,
  other: Catalogue,
  { account, period }: AccountPeriod,
): ReadonlySet<string> {
  const within = subscriptionsWithin(other, account, period)
  const found = new Set([...within, ...subscriptionsWithin(inForce, account, period)])
  for (const [subject, { subscriptions }] of other.index.subjects) {
    if (!subscriptions.some(({ id }) => within.has(id))) continue
    for (const { id } of inForce.index.subjects.get(subject)?.subscriptions ?? []) found.add(id)
  }
  return found
}

/**
 * Log indexes of the batches, before a log entry, with usage of some subscriptions in any period that has time in common
 * with one: a buyer's usage may have been charged in the periods of another cycle. In their order.
 */
export async function batchesToRate(
  service: TenantService,
  { cycles }: Catalogue,
  wanted: { readonly concerned: ReadonlySet<string>; readonly period: Period; readonly untilIndex: number },
): Promise<Result<readonly number[]>> {
  const { segments } = service.store
  const { concerned, period, untilIndex } = wanted
  const prefixes = segments.periodKeys().filter((key) => {
    const other = periodOfKey(cycles, key)
    // A cycle that nobody knows any more may be anywhere.
    return !other.ok || (other.value.startMs < period.endMs && other.value.endMs > period.startMs)
  })
  const found = new Set<number>()
  const ids = [...concerned]
  for (let at = 0; at < ids.length; at += subscriptionsPerGo) {
    for (const id of ids.slice(at, at + subscriptionsPerGo)) {
      for (const key of prefixes.flatMap((each) => segments.keysOf(`${segmentKeyPrefix(each)}${id}/`))) {
        for (const batchIndex of segments.batchesBefore(key, untilIndex)) found.add(batchIndex)
      }
    }
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok([...found].toSorted((left, right) => left - right))
}
