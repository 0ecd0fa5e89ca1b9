import { fault, type Fault } from '@meterline/shared/base/errors.ts'
import { segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { chargedElsewhere, placesDifferFrom } from '../domain/catalogue/charged-places.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { TenantStore } from '../store/tenant-store.ts'

/**
 * Why a version cannot come into force although the file is right: usage of time to come is charged already, by devices
 * whose clocks are ahead, where it would not stand under the version; or something is billed in advance there, because a
 * period was closed before its end. Null when there is none; looks only at periods from the first difference on, of which
 * there are hardly any.
 */
export function chargedAheadFault(
  { segments, billedLines }: TenantStore,
  before: Catalogue,
  after: Catalogue,
  nowMs: number,
): Fault<'usage_charged_ahead' | 'billed_ahead'> | null {
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
  return billedAheadFault(billedLines, before, after, fromMs)
}

/** The same of what is billed: a line is owed for ever between those whom a document names. */
function billedAheadFault(
  billedLines: TenantStore['billedLines'],
  before: Catalogue,
  after: Catalogue,
  fromMs: number,
): Fault<'billed_ahead'> | null {
  for (const key of billedLines.periodKeys()) {
    const period = periodOfKey(before.cycles, key)
    if (!period.ok || period.value.endMs <= fromMs) continue
    const { startMs } = period.value
    const found = billedLines
      .accountsIn(key)
      .find(({ account }) => placeText(before, account, startMs) !== placeText(after, account, startMs))
    if (found === undefined) continue
    const text = `${found.account} is billed for period ${key} already, by ${found.seller} to ${found.buyer}: the period before was closed early. Let the account move after that period, and leave its cycle as it is.`
    return fault('billed_ahead', text)
  }
  return null
}

/** Who sells to an account and who pays for it at an instant, and by which periods. */
function placeText({ tree }: Catalogue, id: string, timeMs: number): string {
  const account = tree.accountAt(id, timeMs)
  return account === undefined ? '' : [account.seller?.id ?? '', account.payer.id, account.payer.cycle.id].join(' ')
}
