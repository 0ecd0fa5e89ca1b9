import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedFee, PlannedPrice } from '../oracle/planned-price.ts'
import type { PlannedAccount, PlannedOffering, PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { drawAccounts } from './draw-accounts.ts'
import type { DrawnTree } from './draw-accounts.ts'
import { drawBilling, drawTax } from './draw-billing.ts'
import type { DrawnBilling } from './draw-billing.ts'
import { drawAllowances, drawContracts } from './draw-contracts.ts'
import { drawFees, statedQuantities } from './draw-fees.ts'
import { drawPrice, drawSharedMatrix } from './draw-price.ts'
import { withServices } from './draw-services.ts'
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

/**
 * Draws a tenant: its tree, what is sold in it at which price, who subscribed to what, and the devices. `startMs` is when
 * its world begins.
 */
export function drawTenant(random: Random, startMs: number): WorldTenant {
  const operator = 'acme'
  const tree = drawAccounts(random, operator)
  const [currency, minorDigits] = currencies[random.below(currencies.length)] ?? currencies[0]
  const trackers = drawTrackers(random, tree)
  const boxes = random.below(3) === 0 ? [] : ['box-1', 'box-2'].slice(random.below(2))
  const servers = ['llm-1', 'llm-2'].slice(random.below(2))
  const partners = ['roamnet', 'satnet'].slice(0, 1 + random.below(2))
  const controlled = [...trackers.values()].at(-1)?.at(-1) ?? ''
  const billing = drawBilling(random, tree.accounts, operator, startMs)
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
    ...drawOffers(random, tree, partners, startMs, billing.taxCodes),
    accounts: tree.accounts.map((account) => (billing.cycles.length === 0 ? account : withoutShare(account))),
    partners,
    subscriptions: [
      ...tree.leaves.map(({ account, letter }) => {
        const subjects = [...(trackers.get(letter) ?? []), ...(letter === 'n' ? boxes : [])]
        return {
          id: `${account}-trackers`,
          account,
          offering: 'tracker',
          from: sinceYearBegan,
          subjects,
          quantities: statedQuantities,
        }
      }),
      { id: 'brightdesk-ai', account: 'brightdesk', offering: 'ai-tokens', from: sinceYearBegan, subjects: servers },
      ...purchases(tree, partners, operator),
    ],
    // What the last tracker says of itself is only compared.
    ...billing,
    contracts: drawContracts(random, tree.accounts, startMs),
    correlations: [{ id: 'self-data', meter: 'data.bytes', charge: 'net-*', control: `${controlled}*`, window: '5m' }],
  }
  const devices: PlannedDevice[] = [
    ...[...[...trackers.values()].flat(), latecomer].map((id) => ({ id, kind: 'tracker' as const })),
    ...boxes.map((id) => ({ id, kind: 'box' as const })),
    ...servers.map((id) => ({ id, kind: 'ai' as const })),
  ]
  return { plan: withServices(random, plan, trackerMeters, startMs), devices, latecomer, startMs }
}

/** Who shares his documents has the same periods as who pays the share, which is so where nobody has periods of his own. */
function withoutShare({ parentPays, ...account }: PlannedAccount): PlannedAccount {
  const { meters } = parentPays ?? {}
  return meters === undefined ? account : { ...account, parentPays: { meters } }
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
  startMs: number,
  taxCodes: DrawnBilling['taxCodes'],
): Pick<TenantPlan, 'prices' | 'fees' | 'matrices' | 'offerings'> {
  const prices: PlannedPrice[] = []
  const fees: PlannedFee[] = []
  const offerings: PlannedOffering[] = []
  const offer = (id: string, own: readonly PlannedPrice[], due: readonly PlannedFee[] = []): void => {
    prices.push(...own.map((each) => ({ ...each, ...drawTax(random, taxCodes) })))
    fees.push(...due.map((each) => ({ ...each, ...drawTax(random, taxCodes) })))
    const included = id === 'tracker' && allowances.length > 0 ? { allowances } : {}
    offerings.push({ id, prices: [...own, ...due].map((each) => each.id), ...included })
  }
  const allowances = drawAllowances(random)
  const price = (id: string, meter: string, expected: number): PlannedPrice => {
    const splittable = id.startsWith('retail-') && allowances.some((each) => each.meter === meter)
    return drawPrice(random, id, { meter, expected, startMs, splittable })
  }
  const priced = (prefix: string, share: number): readonly PlannedPrice[] =>
    trackerMeters.map(([name, meter, expected]) => price(`${prefix}-${name}`, meter, expected * share))
  offer('tracker', priced('retail', 1), drawFees(random, 'retail', true))
  const models = drawSharedMatrix(
    random,
    'models',
    aiMeters.map(([, meter, expected]) => [meter, expected]),
  )
  const isShared = random.below(3) === 0
  offer(
    'ai-tokens',
    aiMeters.map(([id, meter, expected]) =>
      isShared ? { id, meter, model: 'matrix', matrix: models.id } : price(id, meter, expected),
    ),
  )
  for (const { id } of resellersOf(accounts)) {
    offer(`wholesale-${id}`, priced(`wholesale-${id}`, 3), drawFees(random, `wholesale-${id}`, false))
    const ai = aiMeters.map(([name, meter, expected]) => price(`wholesale-${id}-${name}`, meter, expected))
    offer(`wholesale-ai-${id}`, ai)
  }
  offer('roaming', [price('roaming-data', 'data.bytes', 200_000)], drawFees(random, 'roaming', false))
  if (partners.length > 1)
    offer('satellite', [price('satellite-data', 'data.bytes', 200_000), price('satellite-message', 'messages', 200)])
  return { prices, fees, matrices: isShared ? [models] : [], offerings }
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
