import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { chargedElsewhere, placesDifferFrom } from '../domain/catalogue/charged-places.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/**
 * Why a version cannot come into force although the file is right: usage of time to come is charged already, by devices
 * whose clocks are ahead, where it would not stand under the version. Null when there is none; looks only at periods from
 * the first difference on, of which there are hardly any.
 */
export function chargedAheadFault(
  { segments }: TenantStore,
  before: Catalogue,
  after: Catalogue,
  nowMs: number,
): Fault<'usage_charged_ahead'> | null {
  const fromMs = placesDifferFrom(before, after, nowMs)
  if (fromMs === Infinity) return null
  for (const key of segments.periodKeys()) {
    const period = periodOfKey(before.cycles, key)
    if (period.ok && period.value.endMs <= fromMs) continue
    const found = chargedElsewhere(before, after, segments.keysOf(segmentKeyPrefix(key)))
    if (found === null) continue
    const text = `Usage of ${found.subscription} in period ${found.periodKey} is charged already, sold by ${found.seller} to ${found.buyer}: a device's clock is ahead. Let the account move after that period, and leave its cycle as it is.`
    return fault('usage_charged_ahead', text)
  }
  return null
}
