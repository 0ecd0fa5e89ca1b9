import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { versionsOf, type OfferingDefinition } from '../catalogue/offering-definition.ts'
import { termsJson, termsOverTime, type PriceDefinition } from '../catalogue/price-definition.ts'
import type { TenantFile } from '../catalogue/tenant-file.ts'
import { allowanceJson } from '../contract/allowance-definition.ts'

/**
 * From which instant on (epoch milliseconds; -Infinity: since ever) what offerings ask for and include beside usage is
 * something else than before; only those where it is.
 */
export function changedOfferings(before: TenantFile, after: TenantFile): ReadonlyMap<string, number> {
  const earlier = new Map(before.offerings.map((offering) => [offering.id, offering]))
  const [feesBefore, feesAfter] = [feesOf(before), feesOf(after)]
  return new Map(
    after.offerings.flatMap((offering) => {
      const known = earlier.get(offering.id)
      const was = known === undefined ? new Map<string, number>() : datedParts(known, feesBefore)
      const fromMs = firstDifference(was, datedParts(offering, feesAfter))
      return fromMs === Infinity ? [] : [[offering.id, fromMs] as const]
    }),
  )
}

type Fees = ReadonlyMap<string, PriceDefinition>

function feesOf({ prices }: TenantFile): Fees {
  return new Map(prices.filter(({ meter }) => meter === null).map((price) => [price.id, price]))
}

/** Everything an offering asks for beside usage, as texts with the instants they begin to hold at. */
function datedParts(offering: OfferingDefinition, fees: Fees): ReadonlyMap<string, number> {
  const parts = versionsOf(offering).flatMap(
    ({ fromMs, prices, allowances }): readonly (readonly [string, number])[] => {
      const since = fromMs ?? -Infinity
      const listed = prices.filter((id) => fees.has(id))
      const version = canonicalJson([listed, allowances.map(allowanceJson)])
      return [[`${since} ${version}`, since], ...listed.flatMap((id) => termsOf(id, fees.get(id)))]
    },
  )
  return new Map(parts)
}

function termsOf(id: string, fee: PriceDefinition | undefined): readonly (readonly [string, number])[] {
  if (fee === undefined || fee.meter !== null) return []
  return termsOverTime(fee).map(({ fromMs, terms }) => [
    `${id} ${fromMs} ${fee.currency ?? ''} ${canonicalJson(termsJson(terms))}`,
    fromMs,
  ])
}

function firstDifference(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number {
  const only = (own: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number =>
    [...own].reduce((first, [text, fromMs]) => (other.has(text) ? first : Math.min(first, fromMs)), Infinity)
  return Math.min(only(left, right), only(right, left))
}
