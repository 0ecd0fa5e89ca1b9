import { totalMicros } from '@meterline/shared/rating/dispatch.ts'
import { kindOfModel } from '@meterline/shared/rating/model.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { CatalogueSubscription } from '../../catalogue/catalogue.ts'
import type { AllowanceDefinition } from '../../contract/allowance-definition.ts'
import type { Draw } from '../../contract/draw-down.ts'
import type { BillSoFar, DueLine, PricedUsage } from '../due-line.ts'
import { allowanceIndexOf, sharingKey, type AllowanceIndex } from './allowance-index.ts'
import { allowanceTerms } from './allowance-terms.ts'
import { cycleOfBuyer } from './bill-cycle.ts'
import { includedUnits, type MeterInPeriod } from './included-units.ts'

/** A usage line of the period whose total follows from its quantity. */
interface CoverableLine {
  readonly line: DueLine
  readonly usage: PricedUsage
}

/**
 * What is included in the usage of a period, as lines below zero: one for each allowance and each usage line it covers
 * units of. A line's first units are covered, so that it costs what the rest of them would have cost alone; where that
 * were more, as with a volume price that falls, the line stays as it is. Flat fees and minimums of prices stay due.
 *
 * The lines of a subscription's meter are covered in the order in which their prices came into force in the period, and
 * of one price in the order of its models. Lines of prices that add up whole events, whose total does not follow from the
 * quantity, are not covered.
 */
export function allowanceLines(soFar: BillSoFar): readonly DueLine[] {
  const index = allowanceIndexOf(soFar.catalogue)
  if (index === null) return []
  return [...coverableLines(soFar)].flatMap(([meter, bySubscription]) =>
    linesOfMeter(soFar, index, meter, bySubscription),
  )
}

type BySubscription = ReadonlyMap<string, readonly CoverableLine[]>

/** The lines that can be covered by meter and subscription. */
function coverableLines({ lines, period }: BillSoFar): ReadonlyMap<string, BySubscription> {
  const meters = new Map<string, Map<string, CoverableLine[]>>()
  for (const line of lines) {
    const { usage } = line
    if (usage === null || line.periodKey !== period.key || kindOfModel(usage.model) !== 'splittable') continue
    const subscriptions = meters.get(line.meter) ?? new Map<string, CoverableLine[]>()
    meters.set(line.meter, subscriptions)
    const own = subscriptions.get(line.subscription)
    if (own === undefined) subscriptions.set(line.subscription, [{ line, usage }])
    else own.push({ line, usage })
  }
  return meters
}

function linesOfMeter(
  soFar: BillSoFar,
  index: AllowanceIndex,
  meter: string,
  bySubscription: BySubscription,
): readonly DueLine[] {
  const { relation, period, catalogue, history } = soFar
  const place = { relation, meter, period, cycle: cycleOfBuyer(catalogue, relation) }
  const used = new Map([...bySubscription].map(([id, lines]) => [id, sumOf(lines)]))
  const sharing = index.sharing.get(sharingKey(relation, meter)) ?? []
  const shares = new Set(sharing.map(({ id }) => id))
  const alone = [...bySubscription.keys()].flatMap((id) => {
    const subscription = shares.has(id) ? undefined : catalogue.subscriptions.get(id)
    return subscription === undefined ? [] : [subscription]
  })
  const draws = [
    ...(sharing.length === 0 ? [] : includedUnits(place, sharing, used, history)),
    ...alone.flatMap((subscription) => includedUnits(place, [subscription], used, history)),
  ]
  const drawsOf = Map.groupBy(draws, ({ subscription }) => subscription)
  return [...bySubscription].flatMap(([id, lines]) => {
    const subscription = catalogue.subscriptions.get(id)
    const own = drawsOf.get(id)
    if (subscription === undefined || own === undefined) return []
    return coveringLines(place, subscription, inOrder(subscription, place, lines), own)
  })
}

function sumOf(lines: readonly CoverableLine[]): bigint {
  return lines.reduce((sum, { line }) => sum + line.quantity, 0n)
}

/** By when the price came into force in the period, then by the place of the model, then by key. */
function inOrder(
  subscription: CatalogueSubscription,
  { meter, period }: MeterInPeriod,
  lines: readonly CoverableLine[],
): readonly CoverableLine[] {
  if (lines.length < 2) return lines
  const prices = subscription
    .versionsBetween(period.startMs, period.endMs)
    .map((version) => version.prices.get(meter)?.id)
  const ranked = lines.map((own) => {
    const { priceId, model } = parseSegmentKey(own.line.key)
    const version = prices.indexOf(priceId)
    return { own, version: version < 0 ? prices.length : version, model: model ?? 0 }
  })
  ranked.sort(
    (one, other) =>
      one.version - other.version || one.model - other.model || (one.own.line.key < other.own.line.key ? -1 : 1),
  )
  return ranked.map(({ own }) => own)
}

/** Units of a line that one allowance covers, and what they take off it. */
interface Covered {
  readonly quantity: bigint
  readonly amountMicros: bigint
}

/** Lays what is drawn over a subscription's lines, one after the other. */
function coveringLines(
  place: MeterInPeriod,
  subscription: CatalogueSubscription,
  lines: readonly CoverableLine[],
  draws: readonly Draw[],
): readonly DueLine[] {
  const left = draws.map(({ quantity }) => quantity)
  let next = 0
  return lines.flatMap(({ line, usage }) => {
    const covered = new Map<string, Covered>()
    let uncovered = line.quantity
    let costMicros = line.amountMicros
    while (uncovered > 0n) {
      const [draw, available] = [draws[next], left[next] ?? 0n]
      if (draw === undefined) break
      const quantity = available < uncovered ? available : uncovered
      uncovered -= quantity
      left[next] = available - quantity
      if (available === quantity) next++
      const restMicros = totalMicros(usage.model, uncovered)
      const amountMicros = restMicros < costMicros ? restMicros - costMicros : 0n
      costMicros += amountMicros
      // Units that were carried over and new ones of the same allowance are one line.
      const known = covered.get(draw.allowance) ?? { quantity: 0n, amountMicros: 0n }
      covered.set(draw.allowance, {
        quantity: known.quantity + quantity,
        amountMicros: known.amountMicros + amountMicros,
      })
    }
    return [...covered].flatMap(([id, own]) =>
      own.amountMicros === 0n ? [] : [coveringLine(line, id, definitionOf(subscription, place, id), own)],
    )
  })
}

/** The newest an allowance is by the end of the period; null where it is known no more and only what it left is used. */
function definitionOf(
  subscription: CatalogueSubscription,
  { meter, period }: MeterInPeriod,
  id: string,
): AllowanceDefinition | null {
  const versions = subscription.versionsBetween(-Infinity, period.endMs).toReversed()
  for (const { allowances } of versions) {
    const found = allowances.find((allowance) => allowance.id === id && allowance.meter === meter)
    if (found !== undefined) return found
  }
  return null
}

function coveringLine(
  line: DueLine,
  id: string,
  allowance: AllowanceDefinition | null,
  { quantity, amountMicros }: Covered,
): DueLine {
  const { priceId, model } = parseSegmentKey(line.key)
  const terms = allowanceTerms(allowance, line.unit)
  return {
    ...line,
    key: `${line.periodKey}/${line.subscription}/allowance/${id}/${priceId}${model === null ? '' : `.${model}`}`,
    kind: 'allowance',
    description: `${line.description}, included`,
    price: id,
    terms,
    quantity,
    events: 0,
    chargesMicros: 0n,
    amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: [{ fromUnits: 0n, upToUnits: null, quantity, amountMicros, terms }],
    limit: null,
    usage: null,
  }
}
