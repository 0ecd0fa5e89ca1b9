import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { UnitPlace } from '../store/suspense-table.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { decideVoid, placeText, type VoidReason } from './decide-void.ts'
import { placeOfTarget, type VoidFaultCode, type VoidTarget } from './find-voidable.ts'
import type { TenantService } from './tenant-service.ts'

/** What is to be taken back, why, and the name of who decides it. */
export interface VoidOrder extends VoidReason {
  readonly targets: readonly VoidTarget[]
  /** Only say what would become of it. */
  readonly dryRun: boolean
}

/** What became of one target, in the order they were named. */
export interface VoidedTarget {
  readonly target: VoidTarget
  /** Where it stands; null when there is no such thing. */
  readonly place: UnitPlace | null
  /** `before`: it was voided by an earlier order, or is named twice. */
  readonly outcome: 'voided' | 'before' | 'refused'
  readonly code: VoidFaultCode | null
  readonly message: string
}

/** What an order came to. */
export interface VoidReport {
  readonly dryRun: boolean
  readonly voided: number
  readonly before: number
  readonly refused: number
  readonly targets: readonly VoidedTarget[]
}

/** Units taken back in one transaction; between two of them usage is received and rated. */
const unitsPerCommit = 100

/**
 * Takes charged usage back, group by group, each in a transaction of its own, as if it had never come: what it was charged
 * is reversed on every leg. Its identity stays taken. Asked for again it finds what is voided already and changes nothing,
 * so an order that was cut off can be given again.
 */
export async function voidUsage(
  service: TenantService,
  clock: Clock,
  order: VoidOrder,
  progress: (message: string) => void = () => undefined,
): Promise<Result<VoidReport>> {
  while (service.hasUnrated) {
    const caughtUp = await service.caughtUp()
    if (!caughtUp.ok) return caughtUp
  }
  const targets: VoidedTarget[] = []
  for (let at = 0; at < order.targets.length; at += unitsPerCommit) {
    const { inForce } = service
    if (inForce === null)
      return failed(fault('catalogue_missing', `Tenant ${service.tenant} has no catalogue, so nothing was charged.`))
    const group = order.targets.slice(at, at + unitsPerCommit)
    const done = service.attempt(() => voidGroup(service, inForce, order, group, clock.wallMs()))
    if (!done.ok) return done
    targets.push(...done.value)
    if (!order.dryRun) service.scheduleCheckpoint()
    progress(`${targets.length} of ${order.targets.length} looked at`)
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok(reportOf(order, targets))
}

function voidGroup(
  { store, tenant }: TenantService,
  inForce: CatalogueInForce,
  order: VoidOrder,
  group: readonly VoidTarget[],
  nowMs: number,
): readonly VoidedTarget[] {
  const found = group.map((target) => ({ target, place: placeOfTarget(store, tenant, target) }))
  const open = new Map<string, UnitPlace>()
  for (const { place } of found)
    if (place !== null && store.voids.find(place) === undefined) open.set(placeText(place), place)
  const { writes, faults } = decideVoid(store, inForce, [...open.values()], order, nowMs)
  const answers = found.map(({ target, place }): VoidedTarget => {
    if (place === null) return { target, place, ...unknown }
    const text = placeText(place)
    const refused = faults.get(text)
    if (refused !== undefined) return { target, place, outcome: 'refused', ...refused }
    // Named a second time in the group it was voided by the first.
    if (open.delete(text)) return { target, place, outcome: 'voided', code: null, message: 'taken back' }
    return { target, place, outcome: 'before', code: null, message: beforeText(store.voids.replacement(place)) }
  })
  assertThat(open.size === faults.size, 'every unit of the group is answered')
  if (!order.dryRun && writes.entries.length > 0) store.commitVoided(writes, { logSize: store.log.size })
  return answers
}

const unknown = {
  outcome: 'refused',
  code: 'event_unknown',
  message: 'nothing with this identity or at this place was received',
} as const

function beforeText(replacement: UnitPlace | undefined): string {
  if (replacement === undefined) return 'it was voided before'
  return `it was voided before; unit ${placeText(replacement)} stands in its place: name that to void it as well`
}

function reportOf({ dryRun }: VoidOrder, targets: readonly VoidedTarget[]): VoidReport {
  const count = (outcome: VoidedTarget['outcome']): number =>
    targets.filter((target) => target.outcome === outcome).length
  return { dryRun, voided: count('voided'), before: count('before'), refused: count('refused'), targets }
}
