import { stringify } from 'yaml'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { dialects, type Dialect } from './dialects/dialect.ts'
import type { FleetMeter } from './fleet-meter.ts'
import type { FleetPlan } from './fleet-timeline.ts'

/**
 * A tenant file under which everything the fleet reports can be billed: its accounts, one subscription each, its meters,
 * and a price of one cent for each thousand of everything. Agents have to be added: their keys are made where they run.
 */
export function fleetTenantFile(plan: FleetPlan): string {
  const { file } = plan
  const accounts = new Map<string, Set<string>>()
  for (const { account, subject } of plan.devices) {
    const known = accounts.get(account)
    if (known === undefined) accounts.set(account, new Set([subject]))
    else known.add(subject)
  }
  const meters = metersOf(plan)
  const from = new Date(plan.span.startMs).toISOString().slice(0, 10)
  return stringify({
    tenant: file.fleet,
    currency: 'EUR',
    operator: { id: 'operator', name: `Operator of ${file.fleet}` },
    meters: [...meters].map(([id, meter]) => ({ id, ...meteringOf(meter) })),
    prices: [...meters.keys()].map((meter) => ({
      id: `price-${meter}`,
      meter,
      model: 'per-unit',
      amount: '0.01',
      per: 1000,
    })),
    offerings: [{ id: 'everything', name: 'Everything', prices: [...meters.keys()].map((meter) => `price-${meter}`) }],
    accounts: [...accounts.keys()].map((id) => ({ id, kind: 'customer', parent: 'operator', name: id, payer: 'self' })),
    subscriptions: [...accounts].map(([account, subjects]) => ({
      id: `${account}-everything`,
      account,
      offering: 'everything',
      from,
      subjects: [...subjects],
    })),
  })
}

/** What the tenant has to meter; null where the quantity is plainly summed. */
function metersOf({ file }: FleetPlan): ReadonlyMap<string, FleetMeter | null> {
  const meters = new Map<string, FleetMeter | null>()
  for (const group of file.groups) {
    const dialect: Dialect = dialects[group.dialect]
    if (dialect.billedMeters !== null) for (const meter of dialect.billedMeters) meters.set(meter, null)
    else for (const [meter, spec] of Object.entries(group.meters)) meters.set(meter, spec)
  }
  return meters
}

/** What the tenant file says of a meter beside its id. */
function meteringOf(meter: FleetMeter | null): Readonly<Record<string, string>> {
  if (meter === null) return { unit: 'unit' }
  switch (meter.kind) {
    case 'sum':
      return { unit: 'unit' }
    case 'counter':
      return { unit: 'unit', kind: 'counter', firstReading: meter.firstReading }
    case 'gauge': {
      const { reading, unit, longestGapMs } = meter.gauge ?? { reading: '', unit: '', longestGapMs: 0 }
      return { unit, kind: 'gauge', reading, longestGap: formatDuration(longestGapMs) }
    }
    default:
      return { unit: 'unit', kind: meter.kind }
  }
}
