import { ok, type Result } from '@meterline/shared/base/errors.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { SuspenseRow, UnitPlace } from '../store/suspense-table.ts'
import { conflictCode } from './rate-usage.ts'
import type { SimulatedUsage } from './simulated-usage.ts'
import type { ChargeableUnit } from './simulation-answers.ts'
import type { TenantService } from './tenant-service.ts'

/** Units in suspense that are tried in one go. */
const unitsPerGo = 200
const listedUnits = 100

/** What of the suspense would be charged. */
export interface TriedSuspense {
  readonly units: number
  readonly listed: readonly ChargeableUnit[]
  /** By seller and currency, as `seller currency`. */
  readonly addedMicros: ReadonlyMap<string, bigint>
}

/** Tries every unit of a period that is in suspense, up to a last one, for what it would add to a buyer's charges. */
export async function trySuspense(
  service: TenantService,
  usage: SimulatedUsage,
  {
    account,
    period,
    last,
  }: { readonly account: string; readonly period: Period; readonly last: UnitPlace | undefined },
): Promise<Result<TriedSuspense>> {
  const listed: ChargeableUnit[] = []
  const addedMicros = new Map<string, bigint>()
  let units = 0
  let after: UnitPlace = { logIndex: -1, unit: -1 }
  while (last !== undefined && comparePlaces(after, last) < 0) {
    const rows = service.store.suspense.list(after, unitsPerGo)
    for (const row of rows) {
      if (comparePlaces(row, last) > 0 || !mayBeCharged(row, period)) continue
      const added = usage.trySuspended(row, account)
      if (added === null) continue
      units += 1
      if (listed.length < listedUnits) listed.push(chargeable(row))
      for (const [relation, micros] of added) addedMicros.set(relation, (addedMicros.get(relation) ?? 0n) + micros)
    }
    const lastRead = rows.at(-1)
    if (lastRead === undefined) break
    after = lastRead
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok({ units, listed, addedMicros })
}

/** An event that came before with other content is charged as it came first, whatever it costs. */
function mayBeCharged({ timeMs, code }: SuspenseRow, { startMs, endMs }: Period): boolean {
  return code !== conflictCode && timeMs >= startMs && timeMs < endMs
}

function chargeable({ logIndex, unit, code, source, eventId, timeMs }: SuspenseRow): ChargeableUnit {
  return { logIndex, unit, code, source, eventId, timeMs }
}

function comparePlaces(left: UnitPlace, right: UnitPlace): number {
  return left.logIndex - right.logIndex || left.unit - right.unit
}
