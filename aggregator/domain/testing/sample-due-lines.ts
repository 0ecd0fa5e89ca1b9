import { assertThat } from '@meterline/shared/base/errors.ts'
import { openingMicros, totalMicros } from '@meterline/shared/rating/dispatch.ts'
import { positionAt } from '@meterline/shared/rating/position.ts'
import { segmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { noHistory } from '../billing/due-lines.ts'
import type { BillHistory, BillSoFar, DueLine } from '../billing/due-line.ts'
import { cycleOfBuyer } from '../billing/steps/bill-cycle.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import { periodOfKey } from '../periods/billing-cycle.ts'

/** Usage of a subscription's meter in a period, with where it is priced: by the version that is in force as it ends. */
export interface SampleUsage {
  readonly subscription: string
  readonly meter: string
  /** Base units. */
  readonly quantity: bigint
  /** Place among the models of the price. */
  readonly model?: number
  /** When the version was in force whose price it is; left out: at the end of the period. */
  readonly timeMs?: number
}

/** The line of some usage, as `dueLines` makes it but for its days and tiers. */
export function sampleUsageLine(catalogue: Catalogue, period: Period, usage: SampleUsage): DueLine {
  const { meter, quantity } = usage
  const subscription = catalogue.subscriptions.get(usage.subscription)
  const version = subscription?.versionAt(usage.timeMs ?? period.endMs - 1) ?? undefined
  const price = version?.prices.get(meter)
  const model = price?.compiled.models[usage.model ?? 0]
  assertThat(
    subscription !== undefined && version !== undefined && price !== undefined && model !== undefined,
    `${usage.subscription} has a price for ${meter}`,
  )
  const amountMicros = totalMicros(model, quantity)
  return {
    ...sampleLine(period, amountMicros),
    key: segmentKey(subscription.id, price.id, meter, period.key, usage.model ?? null),
    kind: 'usage',
    account: version.account.id,
    description: `${version.offering.name}: ${meter}`,
    subscription: subscription.id,
    offering: version.offering.id,
    price: price.name,
    meter,
    unit: catalogue.meters.get(meter)?.unit ?? '',
    quantity,
    events: 1,
    chargesMicros: amountMicros - openingMicros(model),
    chargeBlocks: 1,
    taxCode: price.taxCode,
    usage: { model, position: positionAt(quantity) },
  }
}

/** A fee of an amount and nothing else, which tests change as they need it. */
export function sampleLine(period: Period, amountMicros: bigint): DueLine {
  return {
    key: `${period.key}/sample/fee/${amountMicros}`,
    kind: 'fee',
    periodKey: period.key,
    account: 'brightdesk',
    description: 'sample',
    subscription: 'sample',
    offering: 'sample',
    price: 'sample',
    terms: '',
    meter: 'fee',
    unit: 'subscription',
    quantity: 1n,
    events: 0,
    chargesMicros: 0n,
    amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode: null,
    fee: null,
    usage: null,
  }
}

/** A bill that has come to some lines. */
export function sampleSoFar(
  catalogue: Catalogue,
  relation: Relation,
  periodKey: string,
  lines: (period: Period) => readonly DueLine[],
  history: BillHistory = noHistory,
): BillSoFar {
  const cycle = cycleOfBuyer(catalogue, relation)
  const period = periodOfKey(new Map([[cycle.id, cycle]]), periodKey)
  assertThat(period.ok, `${periodKey} is a period of the buyer's cycle`)
  return { catalogue, relation, period: period.value, lines: lines(period.value), history }
}

/** What the operator of the sample tenant sells one of its direct customers, in its own currency. */
export function sampleSale(buyer: string): Relation {
  return { seller: 'acme', buyer, kind: 'sale', currency: 'EUR', buyerKeepsBooks: false }
}
