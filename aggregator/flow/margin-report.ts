import { assertThat, failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { decodeChargeBlock } from '@meterline/shared/model/charge.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { exchangeAt, exchangeMicros, type Exchange } from '../domain/margin/exchange.ts'
import { marginRows, type ChargedAmount, type MarginGroup, type MarginRow } from '../domain/margin/margin-rows.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { ChargedLegs, partiesOf } from './charged-legs.ts'
import type { TenantService } from './tenant-service.ts'

/** Amounts are decimal texts of micros in the tenant's currency. */
export interface MarginItem {
  readonly entity: string
  readonly group: string
  readonly revenueMicros: string
  readonly wholesaleMicros: string
  readonly costMicros: string
  readonly marginMicros: string
}

export interface MarginAnswer {
  readonly period: string
  readonly currency: string
  readonly by: MarginGroup
  readonly rows: readonly MarginItem[]
  /** One for each that keeps books; `group` is empty. */
  readonly totals: readonly MarginItem[]
}

/** An amount in the currency it was charged in. */
interface OwnAmount {
  readonly seller: string
  readonly buyer: string
  readonly currency: string
  readonly meter: string
  readonly micros: bigint
}

/**
 * What was earned on what, from the charges of a month so far and from what was billed or posted beside them (fees, minimums,
 * discounts …), in the tenant's currency at the rates in force at the end of the period. A month stands for the periods
 * of all cycles that begin in it; the key of one cycle's period for that alone. For the operator only: it shows what
 * sellers pay.
 */
export function marginReport(
  { store, inForce, tenant }: TenantService,
  { period: key, by }: { readonly period: string; readonly by: MarginGroup },
): Result<MarginAnswer> {
  if (inForce === null) return failed(fault('catalogue_missing', `Tenant ${tenant} has no catalogue yet.`))
  const { catalogue } = inForce
  const named = periodOfKey(catalogue.cycles, key)
  if (!named.ok) return named
  const periods = key.includes('~') ? [named.value] : periodsOfMonth(catalogue, named.value)
  const legs = new ChargedLegs(store, inForce)
  const amounts: ChargedAmount[] = []
  for (const period of periods) {
    const exchanges = new Map<string, Exchange>()
    for (const own of [...usageOf(store, legs, period), ...billedBeside(store, period)]) {
      const exchange = exchangeOf(catalogue, exchanges, own.currency, period)
      if (!exchange.ok) return exchange
      amounts.push(inCurrency(catalogue, own, exchange.value))
    }
  }
  const rows = marginRows(amounts, by)
  return ok({ period: key, currency: catalogue.file.currency, by, rows: rows.map(shown), totals: totalsOf(rows) })
}

function periodsOfMonth({ cycles }: Catalogue, month: Period): readonly Period[] {
  return [
    month,
    ...[...cycles.keys()].flatMap((id) => {
      const period = periodOfKey(cycles, `${month.key}~${id}`)
      return period.ok ? [period.value] : []
    }),
  ]
}

function exchangeOf(
  { file }: Catalogue,
  known: Map<string, Exchange>,
  currency: string,
  period: Period,
): Result<Exchange> {
  const found = known.get(currency)
  if (found !== undefined) return ok(found)
  const exchange = exchangeAt(file.exchangeRates, currency, file.currency, period.endMs - 1)
  if (exchange.ok) known.set(currency, exchange.value)
  return exchange
}

/** What usage of a period was charged so far, segment by segment. */
function* usageOf(store: TenantStore, legs: ChargedLegs, period: Period): IterableIterator<OwnAmount> {
  for (const [segmentKey, { amountMicros }] of store.segments.accumulatorsOf(`${period.key}/`)) {
    if (amountMicros === 0n) continue
    const legKey = legKeyOf(store, segmentKey)
    const { leg } = legs.find(segmentKey, legKey, period.startMs)
    const { seller, buyer } = partiesOf(legKey)
    const { meter } = parseSegmentKey(segmentKey)
    yield { seller, buyer, currency: leg.currency, meter, micros: amountMicros }
  }
}

/** What lines of a period came to beside their charges. */
function* billedBeside(store: TenantStore, period: Period): IterableIterator<OwnAmount> {
  for (const relation of store.billedLines.relations(period.key)) {
    const { seller, buyer, currency } = relation
    for (const line of store.billedLines.of(relation, period.key).values()) {
      const micros = line.amountMicros - line.chargesMicros
      if (micros === 0n) continue
      const meter = line.kind === 'usage' ? parseSegmentKey(line.key).meter : line.kind
      yield { seller, buyer, currency, meter, micros }
    }
  }
}

function legKeyOf(store: TenantStore, segmentKey: string): string {
  for (const bytes of store.segments.blocksOfSegment(segmentKey)) {
    const block = decodeChargeBlock(bytes)
    assertThat(block.ok, `a charge block of segment ${segmentKey}, which was charged, can be read`)
    return block.value.legKey
  }
  assertThat(false, `the segment ${segmentKey} has an amount and so a charge`)
}

function inCurrency({ tree }: Catalogue, own: OwnAmount, exchange: Exchange): ChargedAmount {
  const keepsBooks = (id: string): boolean => {
    const kind = tree.accounts.get(id)?.kind
    return kind === 'operator' || kind === 'reseller'
  }
  const { seller, buyer, meter, micros } = own
  const sides = { sellerKeepsBooks: keepsBooks(seller), buyerKeepsBooks: keepsBooks(buyer) }
  return { seller, buyer, meter, micros: exchangeMicros(micros, exchange), ...sides }
}

function totalsOf(rows: readonly MarginRow[]): readonly MarginItem[] {
  const sumOf = (own: readonly MarginRow[], key: Exclude<keyof MarginRow, 'entity' | 'group'>): bigint =>
    own.reduce((sum, row) => sum + row[key], 0n)
  return [...Map.groupBy(rows, ({ entity }) => entity)].map(([entity, own]) =>
    shown({
      entity,
      group: '',
      revenueMicros: sumOf(own, 'revenueMicros'),
      wholesaleMicros: sumOf(own, 'wholesaleMicros'),
      costMicros: sumOf(own, 'costMicros'),
      marginMicros: sumOf(own, 'marginMicros'),
    }),
  )
}

function shown({ entity, group, revenueMicros, wholesaleMicros, costMicros, marginMicros }: MarginRow): MarginItem {
  return {
    entity,
    group,
    revenueMicros: revenueMicros.toString(),
    wholesaleMicros: wholesaleMicros.toString(),
    costMicros: costMicros.toString(),
    marginMicros: marginMicros.toString(),
  }
}
