import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { SuspenseFilter, SuspenseRow, UnitPlace } from '../store/suspense-table.ts'
import { decideRelease } from './release-suspense.ts'
import type { TriedUnit } from './release-suspense.ts'
import type { TenantService } from './tenant-service.ts'

/** What is to be rated again: the places, or everything that matches the filter. */
export interface ReplayOrder extends SuspenseFilter {
  readonly units: readonly UnitPlace[] | null
  /** Only say what would become of it. */
  readonly dryRun: boolean
  /** The name of who asks. */
  readonly by: string
}

/** What a replay came to. */
export interface ReplayReport {
  readonly dryRun: boolean
  readonly tried: number
  readonly released: number
  readonly stay: number
  /** Places that are not in suspense (any more). */
  readonly unknown: number
  readonly stayByCode: readonly { readonly code: string; readonly units: number }[]
  /** The first units, one by one. */
  readonly units: readonly TriedUnit[]
}

/** Units rated again in one transaction; between two of them usage is received and rated. */
const unitsPerCommit = 1000
const shownUnits = 100

/**
 * Rates suspended units again under the catalogue in force, group by group, each in a transaction of its own: asked for
 * again after it was cut off, it goes on with what is still in suspense.
 */
export async function replaySuspense(
  service: TenantService,
  clock: Clock,
  order: ReplayOrder,
  progress: (message: string) => void = () => undefined,
): Promise<Result<ReplayReport>> {
  const tally = new ReplayTally(order.dryRun)
  const rows = rowSource(service, order)
  for (;;) {
    const { inForce, store } = service
    if (inForce === null) {
      return failed(fault('catalogue_missing', `Tenant ${service.tenant} has no catalogue to rate with.`))
    }
    const group = service.attempt(() => rows.next())
    if (!group.ok) return group
    const { found, unknown, isLast } = group.value
    const done = service.attempt(() => {
      const { writes, tried } = decideRelease(store, inForce, found, order.by, clock.wallMs())
      const isIdle = writes.entries.length === 0 && writes.stays.length === 0
      if (!order.dryRun && !isIdle) store.commitReleased(writes, { logSize: store.log.size })
      return tried
    })
    if (!done.ok) return done
    tally.add(done.value, unknown)
    if (!order.dryRun) service.scheduleCheckpoint()
    if (isLast) return ok(tally.report())
    progress(tally.progressText())
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
}

interface RowGroup {
  readonly found: readonly SuspenseRow[]
  readonly unknown: number
  readonly isLast: boolean
}

/** The rows to try, in the order of their places, up to the last one there was at the start. */
function rowSource({ store }: TenantService, { units, code, source }: ReplayOrder): { next(): RowGroup } {
  if (units !== null) {
    const places = distinctPlaces(units)
    return {
      next() {
        const part = places.splice(0, unitsPerCommit)
        const found = part.map((place) => store.suspense.row(place)).filter((row) => row !== undefined)
        return { found, unknown: part.length - found.length, isLast: places.length === 0 }
      },
    }
  }
  const last = store.suspense.last() ?? { logIndex: -1, unit: -1 }
  let after: UnitPlace = { logIndex: -1, unit: -1 }
  return {
    next() {
      const rows = store.suspense.list(after, unitsPerCommit, { code, source })
      const found = rows.filter((row) => comparePlaces(row, last) <= 0)
      after = rows.at(-1) ?? after
      return { found, unknown: 0, isLast: rows.length < unitsPerCommit || comparePlaces(after, last) >= 0 }
    },
  }
}

/** Places in order, each once. */
export function distinctPlaces(units: readonly UnitPlace[]): UnitPlace[] {
  const sorted = units.toSorted(comparePlaces)
  return sorted.filter((place, index) => {
    const before = sorted[index - 1]
    return before === undefined || comparePlaces(before, place) !== 0
  })
}

function comparePlaces(left: UnitPlace, right: UnitPlace): number {
  return left.logIndex - right.logIndex || left.unit - right.unit
}

class ReplayTally {
  readonly #dryRun: boolean
  readonly #units: TriedUnit[] = []
  readonly #stayByCode = new Map<string, number>()
  #tried = 0
  #released = 0
  #unknown = 0

  constructor(dryRun: boolean) {
    this.#dryRun = dryRun
  }

  add(tried: readonly TriedUnit[], unknown: number): void {
    this.#unknown += unknown
    for (const unit of tried) {
      this.#tried += 1
      if (unit.code === null) this.#released += 1
      else this.#stayByCode.set(unit.code, (this.#stayByCode.get(unit.code) ?? 0) + 1)
      if (this.#units.length < shownUnits) this.#units.push(unit)
    }
  }

  progressText(): string {
    return `${this.#tried} units tried again, ${this.#released} of them charged`
  }

  report(): ReplayReport {
    const stayByCode = [...this.#stayByCode]
      .map(([code, units]) => ({ code, units }))
      .toSorted((left, right) => (left.code < right.code ? -1 : 1))
    const counts = { tried: this.#tried, released: this.#released, stay: this.#tried - this.#released }
    return { dryRun: this.#dryRun, ...counts, unknown: this.#unknown, stayByCode, units: this.#units }
  }
}
