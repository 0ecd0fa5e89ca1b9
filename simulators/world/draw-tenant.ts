import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedAccount, PlannedPrice, PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { drawAccounts } from './draw-accounts.ts'
import type { DrawnTree } from './draw-accounts.ts'
import { drawPrice } from './draw-price.ts'
import type { PlannedDevice, WorldTenant } from './tenant.ts'

const mostTrackers = 8
const sinceYearBegan = '2026-01-01'
const latecomer = 'trk-late'

/** Digits of the minor unit after the point, by currency: most tenants have two. */
const currencies = [
  ['EUR', 2],
  ['EUR', 2],
  ['EUR', 2],
  ['JPY', 0],
  ['KWD', 3],
] as const

/** Meters of trackers and boxes with the quantity that a run comes to, by the name of their prices. */
export const trackerMeters = [
  ['data', 'data.bytes', 60_000],
  ['message', 'messages', 60],
  ['distance', 'odometer', 30_000],
  ['power', 'power', 3_000],
  ['seats', 'seats', 200],
  ['active', 'active.devices', 8],
] as const

const aiMeters = [
  ['ai-input', 'ai.input_tokens', 100_000],
  ['ai-cached', 'ai.cached_input_tokens', 50_000],
  ['ai-creation', 'ai.cache_creation_tokens', 50_000],
  ['ai-output', 'ai.output_tokens', 20_000],
  ['ai-reasoning', 'ai.reasoning_tokens', 10_000],
] as const

/** Draws a tenant: its tree, what is sold in it at which price, who subscribed to what, and the devices. */
export function drawTenant(random: Random): WorldTenant {
  const operator = 'acme'
  const tree = drawAccounts(random, operator)
  const [currency, minorDigits] = currencies[random.below(currencies.length)] ?? currencies[0]
  const trackers = drawTrackers(random, tree)
  const boxes = random.below(3) === 0 ? [] : ['box-1', 'box-2'].slice(random.below(2))
  const servers = ['llm-1', 'llm-2'].slice(random.below(2))
  const partners = ['roamnet', 'satnet'].slice(0, 1 + random.below(2))
  const controlled = [...trackers.values()].at(-1)?.at(-1) ?? ''
  const plan: TenantPlan = {
    tenant: 'acme',
    currency,
    minorDigits,
    operator,
    meters: [
      { id: 'data.bytes', unit: 'byte' },
      { id: 'messages', unit: 'message' },
      ...aiMeters.map(([, meter]) => ({ id: meter, unit: 'token' })),
      { id: 'unsold.meter', unit: 'piece' },
      { id: 'odometer', unit: 'km', kind: 'counter' },
      { id: 'power', unit: 'Wh', kind: 'gauge', reading: 'W', longestGap: '15m' },
      { id: 'seats', unit: 'seat', kind: 'maximum' },
      { id: 'active.devices', unit: 'device', kind: 'distinct' },
    ],
    ...drawOffers(random, tree, partners),
    accounts: tree.accounts,
    partners,
    subscriptions: [
      ...tree.leaves.map(({ account, letter }) => {
        const subjects = [...(trackers.get(letter) ?? []), ...(letter === 'n' ? boxes : [])]
        return { id: `${account}-trackers`, account, offering: 'tracker', from: sinceYearBegan, subjects }
      }),
      { id: 'brightdesk-ai', account: 'brightdesk', offering: 'ai-tokens', from: sinceYearBegan, subjects: servers },
      ...purchases(tree, partners, operator),
    ],
    // What the last tracker says of itself is only compared.
    correlations: [{ id: 'self-data', meter: 'data.bytes', charge: 'net-*', control: `${controlled}*`, window: '5m' }],
  }
  const devices: PlannedDevice[] = [
    ...[...[...trackers.values()].flat(), latecomer].map((id) => ({ id, kind: 'tracker' as const })),
    ...boxes.map((id) => ({ id, kind: 'box' as const })),
    ...servers.map((id) => ({ id, kind: 'ai' as const })),
  ]
  return { plan, devices, latecomer }
}

/** Some trackers of each leaf, two at least where one is only compared. */
function drawTrackers(random: Random, { leaves }: DrawnTree): ReadonlyMap<string, readonly string[]> {
  const each = Math.max(1, Math.floor(mostTrackers / leaves.length))
  return new Map(
    leaves.map(({ letter }) => {
      const count = Math.min(each, 2 + random.below(2))
      return [letter, Array.from({ length: count }, (_, index) => `trk-${letter}-${index + 1}`)]
    }),
  )
}

function drawOffers(
  random: Random,
  { accounts }: DrawnTree,
  partners: readonly string[],
): Pick<TenantPlan, 'prices' | 'offerings'> {
  const prices: PlannedPrice[] = []
  const offerings: { id: string; prices: readonly string[] }[] = []
  const offer = (id: string, own: readonly PlannedPrice[]): void => {
    prices.push(...own)
    offerings.push({ id, prices: own.map((price) => price.id) })
  }
  const priced = (prefix: string, share: number): readonly PlannedPrice[] =>
    trackerMeters.map(([name, meter, expected]) => drawPrice(random, `${prefix}-${name}`, meter, expected * share))
  offer('tracker', priced('retail', 1))
  offer(
    'ai-tokens',
    aiMeters.map(([id, meter, expected]) => drawPrice(random, id, meter, expected)),
  )
  for (const { id } of resellersOf(accounts)) {
    offer(`wholesale-${id}`, priced(`wholesale-${id}`, 3))
    const ai = aiMeters.map(([name, meter, expected]) => drawPrice(random, `wholesale-${id}-${name}`, meter, expected))
    offer(`wholesale-ai-${id}`, ai)
  }
  offer('roaming', [drawPrice(random, 'roaming-data', 'data.bytes', 200_000)])
  if (partners.length > 1)
    offer('satellite', [
      drawPrice(random, 'satellite-data', 'data.bytes', 200_000),
      drawPrice(random, 'satellite-message', 'messages', 200),
    ])
  return { prices, offerings }
}

/** What resellers buy from those above them, and the operator from partners. */
function purchases(
  { accounts }: DrawnTree,
  partners: readonly string[],
  operator: string,
): readonly PlannedSubscription[] {
  const from = sinceYearBegan
  const ofResellers = resellersOf(accounts).flatMap(({ id }) => [
    { id: `${id}-wholesale`, account: id, offering: `wholesale-${id}`, from },
    { id: `${id}-wholesale-ai`, account: id, offering: `wholesale-ai-${id}`, from },
  ])
  const ofOperator = partners.map((seller, index) => {
    const [id, offering] = index === 0 ? ['acme-roaming', 'roaming'] : ['acme-satellite', 'satellite']
    return { id: id ?? '', account: operator, seller, offering: offering ?? '', from }
  })
  return [...ofResellers, ...ofOperator]
}

function resellersOf(accounts: readonly PlannedAccount[]): readonly PlannedAccount[] {
  return accounts.filter(({ kind }) => kind === 'reseller')
}
