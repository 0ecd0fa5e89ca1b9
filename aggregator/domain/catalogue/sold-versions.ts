import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { OfferingVersion } from './offering-definition.ts'
import { versionSpans } from './subscription-definition.ts'
import type { TenantFile } from './tenant-file.ts'

/** Versions by their dates; null: the first one. */
export type VersionsByDate = ReadonlyMap<number | null, OfferingVersion>

/** The versions of offerings that some subscription has, or had, by an instant (epoch milliseconds); by offering. */
export function soldVersions(file: TenantFile, nowMs: number): ReadonlyMap<string, VersionsByDate> {
  const offerings = new Map(file.offerings.map((offering) => [offering.id, offering]))
  const sold = new Map<string, Map<number | null, OfferingVersion>>()
  for (const subscription of file.subscriptions) {
    for (const { fromMs, offering, version } of versionSpans(subscription, offerings)) {
      if (fromMs > nowMs) continue
      const known = sold.get(offering.id) ?? new Map<number | null, OfferingVersion>()
      sold.set(offering.id, known)
      known.set(version.fromMs, version)
    }
  }
  return sold
}

const dayMs = 86_400_000
/** Shown where no date can follow. */
const anyDay = '2030-01-01'

/** The day after an instant, as suggestions write it: the first that a new version or change can begin without being late. */
export function dayAfter(nowMs: number): string {
  return Number.isFinite(nowMs) ? formatInstant((Math.floor(nowMs / dayMs) + 1) * dayMs).slice(0, 10) : anyDay
}
