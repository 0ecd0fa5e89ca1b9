import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedPrice, PlannedTier, TenantPlan } from '../oracle/tenant-plan.ts'

/** Who publishes: the network's name for it is the device's own. */
export interface PlannedDevice {
  readonly id: string
  readonly kind: 'tracker' | 'ai'
}

/** A tenant of the world and the devices of its subjects. */
export interface WorldTenant {
  readonly plan: TenantPlan
  readonly devices: readonly PlannedDevice[]
  /** A device whose subject nobody has subscribed until `joined` is applied. */
  readonly latecomer: string
  /** The plan after the latecomer was subscribed. */
  readonly joined: TenantPlan
}

const trackersPerFleet = 4
const aiServers = 2

/** The fixed tree with prices drawn from the seed: small and odd amounts, tiers that are crossed during a run. */
export function drawTenant(random: Random): WorldTenant {
  const north = names('trk-n-', trackersPerFleet)
  const south = names('trk-s-', trackersPerFleet)
  const servers = names('llm-', aiServers)
  const latecomer = 'trk-late'
  const plan: TenantPlan = {
    tenant: 'acme',
    currency: 'EUR',
    minorDigits: 2,
    operator: 'acme',
    meters: [
      { id: 'data.bytes', unit: 'byte' },
      { id: 'messages', unit: 'message' },
      { id: 'ai.input_tokens', unit: 'token' },
      { id: 'ai.cached_input_tokens', unit: 'token' },
      { id: 'ai.cache_creation_tokens', unit: 'token' },
      { id: 'ai.output_tokens', unit: 'token' },
      { id: 'ai.reasoning_tokens', unit: 'token' },
      { id: 'unsold.meter', unit: 'piece' },
      { id: 'odometer', unit: 'km', kind: 'counter' },
    ],
    prices: [
      drawPrice(random, 'retail-data', 'data.bytes', 60_000),
      drawPrice(random, 'retail-message', 'messages', 60),
      drawPrice(random, 'wholesale-data', 'data.bytes', 200_000),
      drawPrice(random, 'wholesale-message', 'messages', 200),
      drawPrice(random, 'roaming-data', 'data.bytes', 200_000),
      drawPrice(random, 'ai-input', 'ai.input_tokens', 100_000),
      drawPrice(random, 'ai-cached', 'ai.cached_input_tokens', 50_000),
      drawPrice(random, 'ai-creation', 'ai.cache_creation_tokens', 50_000),
      drawPrice(random, 'ai-output', 'ai.output_tokens', 20_000),
      drawPrice(random, 'ai-reasoning', 'ai.reasoning_tokens', 10_000),
      drawPrice(random, 'retail-distance', 'odometer', 30_000),
      drawPrice(random, 'wholesale-distance', 'odometer', 60_000),
    ],
    offerings: [
      { id: 'tracker', prices: ['retail-data', 'retail-message', 'retail-distance'] },
      { id: 'wholesale-iot', prices: ['wholesale-data', 'wholesale-message', 'wholesale-distance'] },
      { id: 'roaming', prices: ['roaming-data'] },
      { id: 'ai-tokens', prices: ['ai-input', 'ai-cached', 'ai-creation', 'ai-output', 'ai-reasoning'] },
    ],
    accounts: [
      { id: 'nordlink', kind: 'reseller', parent: 'acme', payer: 'self' },
      { id: 'logistics', kind: 'customer', parent: 'nordlink', payer: 'self' },
      { id: 'north', kind: 'fleet', parent: 'logistics', payer: 'parent' },
      { id: 'south', kind: 'fleet', parent: 'logistics', payer: 'parent' },
      { id: 'brightdesk', kind: 'customer', parent: 'acme', payer: 'self' },
    ],
    partners: ['roamnet'],
    subscriptions: [
      { id: 'north-trackers', account: 'north', offering: 'tracker', from: '2026-01-01', subjects: north },
      { id: 'south-trackers', account: 'south', offering: 'tracker', from: '2026-01-01', subjects: south },
      { id: 'brightdesk-ai', account: 'brightdesk', offering: 'ai-tokens', from: '2026-01-01', subjects: servers },
      { id: 'nordlink-wholesale', account: 'nordlink', offering: 'wholesale-iot', from: '2026-01-01' },
      { id: 'acme-roaming', account: 'acme', seller: 'roamnet', offering: 'roaming', from: '2026-01-01' },
    ],
    // What the last southern tracker says of itself is only compared.
    correlations: [
      { id: 'self-data', meter: 'data.bytes', charge: 'net-*', control: `${south.at(-1) ?? ''}*`, window: '5m' },
    ],
  }
  const joined: TenantPlan = {
    ...plan,
    subscriptions: [
      ...plan.subscriptions,
      { id: 'late-tracker', account: 'south', offering: 'tracker', from: '2026-01-01', subjects: [latecomer] },
    ],
  }
  return {
    plan,
    joined,
    latecomer,
    devices: [
      ...[...north, ...south, latecomer].map((id) => ({ id, kind: 'tracker' as const })),
      ...servers.map((id) => ({ id, kind: 'ai' as const })),
    ],
  }
}

/** The tenant file as a person would write it, with the agents that may report and their public keys. */
export function tenantFileText(
  plan: TenantPlan,
  agents: readonly { readonly id: string; readonly signingKey: string; readonly epoch: number }[],
): string {
  // YAML reads JSON as it is; only bigints need to be written out.
  const line = (value: object): string =>
    `  - ${JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? Number(each) : each))}`
  const named = <Part extends { readonly id: string }>(part: Part): Part & { name: string } => ({
    ...part,
    name: `Name of ${part.id}`,
  })
  return [
    `tenant: ${plan.tenant}`,
    `currency: ${plan.currency}`,
    `operator: { id: ${plan.operator}, name: Operator }`,
    'meters:',
    ...plan.meters.map(line),
    'prices:',
    ...plan.prices.map(line),
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
    'agents:',
    ...agents.map(line),
    '',
  ].join('\n')
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
}

/** A price for about `expected` base units in a run. */
function drawPrice(random: Random, id: string, meter: string, expected: number): PlannedPrice {
  const per = BigInt([1, 7, 100, 1000, 1_000_000][random.below(5)] ?? 1)
  const amount = (): string => decimal(random, Number(per) / expected)
  if (random.below(2) === 0) return { id, meter, model: 'per-unit', amount: amount(), per }
  const tiers: PlannedTier[] = []
  let upTo = 0
  for (let closed = 1 + random.below(3); closed > 0; closed--) {
    upTo += 1 + random.below(expected)
    tiers.push(tier(random, BigInt(upTo), amount()))
  }
  tiers.push(tier(random, null, amount()))
  return { id, meter, model: 'graduated', per, tiers }
}

function tier(random: Random, upTo: bigint | null, amount: string): PlannedTier {
  return random.below(4) === 0 ? { upTo, amount, flat: decimal(random, 0.5) } : { upTo, amount }
}

/** A decimal text with an awkward number of digits, somewhere around `about`. */
function decimal(random: Random, about: number): string {
  const digits = 4 + random.below(9)
  const scaled = Math.floor(about * 100 * random.fraction() * 10 ** digits)
  const text = String(Math.min(scaled, Number.MAX_SAFE_INTEGER)).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}
