import type { TenantPlan } from '../oracle/tenant-plan.ts'
import { operatorName } from '../oracle/version-book.ts'

/** Who publishes: the network's name for it is the device's own. */
export interface PlannedDevice {
  readonly id: string
  /** Trackers speak the plain forms, AI servers tell of calls, boxes send what only a mapping rule can read. */
  readonly kind: 'tracker' | 'ai' | 'box'
}

/** A tenant of the world as it begins, and the devices of its subjects. */
export interface WorldTenant {
  readonly plan: TenantPlan
  readonly devices: readonly PlannedDevice[]
  /** A device whose subject nobody has subscribed at first. */
  readonly latecomer: string
  /** When its world begins. */
  readonly startMs: number
}

/** The tenant file as a person would write it, with the agents that may report and their public keys. */
export function tenantFileText(
  plan: TenantPlan,
  agents: readonly { readonly id: string; readonly signingKey: string; readonly epoch: number }[],
  version: number,
): string {
  // YAML reads JSON as it is; only bigints need to be written out.
  const line = (value: object): string =>
    `  - ${JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? Number(each) : each))}`
  const listed = (name: string, values: readonly object[] = []): readonly string[] =>
    values.length === 0 ? [] : [`${name}:`, ...values.map(line)]
  const named = <Part extends { readonly id: string }>(part: Part): Part & { name: string } => ({
    ...part,
    name: `Name of ${part.id}`,
  })
  return [
    `tenant: ${plan.tenant}`,
    `currency: ${plan.currency}`,
    `operator: { id: ${plan.operator}, name: '${operatorName(version)}' }`,
    'meters:',
    ...plan.meters.map(line),
    ...listed('taxCodes', plan.taxCodes?.map(named)),
    'prices:',
    ...[...plan.prices, ...plan.fees].map(line),
    ...listed('matrices', plan.matrices),
    'offerings:',
    ...plan.offerings.map((offering) => line(named(offering))),
    'accounts:',
    ...plan.accounts.map((account) => line(named(account))),
    'partners:',
    ...plan.partners.map((partner) => line(named({ id: partner }))),
    'subscriptions:',
    ...plan.subscriptions.map(line),
    'correlations:',
    ...plan.correlations.map(line),
    ...listed('cycles', plan.cycles),
    ...listed('billingProfiles', plan.billingProfiles),
    ...listed('contracts', plan.contracts),
    'agents:',
    ...agents.map(line),
    '',
  ].join('\n')
}
