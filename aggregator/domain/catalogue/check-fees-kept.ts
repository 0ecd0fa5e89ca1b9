import { formatInstant } from '@meterline/shared/units/instant.ts'
import { monthPeriodOf } from '@meterline/shared/units/period.ts'
import type { Draft } from './draft.ts'
import { versionsOf, type OfferingDefinition } from './offering-definition.ts'
import { problem, type Problem } from './problem.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Fees follow from when a subscription begins and ends, and those of periods that are over by `nowMs` (epoch milliseconds)
 * may be on documents already. A subscription that has fees therefore begins in the period it began in, else its first
 * fees would be billed again or never; and one whose last period is over does not go on, as what is due in advance for the
 * next one was not billed.
 */
export function checkFeesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const fees = new Set(
    [...before.prices, ...draft.prices.map(({ value }) => value)].flatMap(({ id, meter }) =>
      meter === null ? [id] : [],
    ),
  )
  if (fees.size === 0) return []
  const withFees = new Set(
    [...before.offerings, ...draft.offerings.map(({ value }) => value)].flatMap((offering) =>
      hasFees(offering, fees) ? [offering.id] : [],
    ),
  )
  const earlier = new Map(before.subscriptions.map((subscription) => [subscription.id, subscription]))
  return draft.subscriptions.flatMap(({ value, index }) => {
    const known = earlier.get(value.id)
    if (known === undefined || !(withFees.has(known.offering) || withFees.has(value.offering))) return []
    return [...checkBeginning(known, value, index, nowMs), ...checkEnd(known, value, index, nowMs)]
  })
}

function hasFees(offering: OfferingDefinition, fees: ReadonlySet<string>): boolean {
  return versionsOf(offering).some(({ prices }) => prices.some((id) => fees.has(id)))
}

function checkBeginning(
  known: SubscriptionDefinition,
  value: SubscriptionDefinition,
  index: number,
  nowMs: number,
): readonly Problem[] {
  const [was, is] = [monthPeriodOf(known.fromMs), monthPeriodOf(value.fromMs)]
  // What was to begin later owed nothing yet, and of periods that are not over nothing is billed.
  if (known.fromMs > nowMs || was.key === is.key || Math.min(was.endMs, is.endMs) > nowMs) return []
  const message = `was ${formatInstant(known.fromMs)} before and cannot move from period ${was.key} to ${is.key}: ${known.id} has fees, and those of ${was.key < is.key ? was.key : is.key} may be billed already`
  return [problem(['subscriptions', index, 'from'], message, 'put it back')]
}

function checkEnd(
  known: SubscriptionDefinition,
  value: SubscriptionDefinition,
  index: number,
  nowMs: number,
): readonly Problem[] {
  if (known.toMs === null || (value.toMs !== null && value.toMs <= known.toMs)) return []
  const last = monthPeriodOf(known.toMs - 1)
  if (last.endMs > nowMs) return []
  const message = `ended ${known.id} at ${formatInstant(known.toMs)}, in period ${last.key}, which may be billed already: its fees in advance would be missing`
  const path = ['subscriptions', index, ...(value.toMs === null ? [] : ['to'])]
  return [problem(path, message, 'put it back and add a new subscription that begins where it ended')]
}
