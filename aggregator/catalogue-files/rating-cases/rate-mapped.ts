import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { positionMicros, unlimitedMicros } from '@meterline/shared/rating/dispatch.ts'
import { freeEventsAmong } from '@meterline/shared/rating/percentage.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { waysToDivide } from './case-lines.ts'
import { dividedBy, exactOf, isZero, minus, nothing, plus, positivePart, type Exact } from './exact.ts'
import type { CaseCharge, MappedCase } from './mapped-case.ts'
import { compiledPrice, noPositions, positionsAfter, sumOver, type Positions } from './segments.ts'

/** What a case comes to, by the names its source may ask for. */
export interface CaseFigures {
  /** Money in currency units, and counts. */
  readonly numbers: ReadonlyMap<string, Exact>
  /** The ways in which an invoice may divide the amount into lines; lines of nothing are left out. */
  readonly lines: readonly (readonly Exact[])[]
  /** Of bills: other lists of amounts, such as invoices that follow each other, by the names sources use. */
  readonly lists?: ReadonlyMap<string, readonly Exact[]>
}

type Rated = Result<CaseFigures, Fault<'case_unmappable'>>

/**
 * Rates a mapped case with the engine that rates usage. `currencyParts` is how many parts of the currency unit its amounts
 * are written in.
 */
export function rateMapped(mapped: MappedCase, currencyParts: bigint): Rated {
  const billed = mapped.previouslyBilled === null ? null : exactOf(mapped.previouslyBilled)
  const charges: { readonly name: string; readonly figures: CaseFigures }[] = []
  for (const charge of mapped.charges) {
    const rated = rateCharge(charge, billed, currencyParts)
    if (!rated.ok) return rated
    charges.push({ name: charge.name, figures: rated.value })
  }
  const [only] = charges
  // A case of one price is described by all its figures; of several, each gives its amount under its own name.
  const figures = charges.length === 1 && only?.name === '' ? only.figures : sumOfCharges(charges)
  const { units } = mapped
  if (units === null) return ok(figures)
  const total = figures.numbers.get('total') ?? nothing
  const average = units.coefficient === 0n ? nothing : dividedBy(total, exactOf(units))
  return ok({ ...figures, numbers: new Map([...figures.numbers, ['unitamount', average]]) })
}

/** What sources add up as the price of the input and of the output of a request. */
const sidesOfRequest: Readonly<Record<string, readonly string[]>> = {
  inputside: ['input', 'cacheread', 'cachewrite', 'cachewrite1h', 'inputaudio', 'cacheaudioread', 'inputimage'],
  outputside: ['output', 'reasoning', 'outputaudio', 'outputimage', 'outputcitation'],
}

function sumOfCharges(charges: readonly { readonly name: string; readonly figures: CaseFigures }[]): CaseFigures {
  const numbers = new Map(charges.map(({ name, figures }) => [name, figures.numbers.get('total') ?? nothing]))
  const amounts = [...numbers.values()]
  for (const [side, classes] of Object.entries(sidesOfRequest)) {
    numbers.set(side, sumOf(classes.map((name) => numbers.get(name) ?? nothing)))
  }
  numbers.set('total', sumOf(amounts))
  return { numbers, lines: [amounts.filter(isDue)] }
}

function rateCharge(charge: CaseCharge, billed: Exact | null, currencyParts: bigint): Rated {
  const price = compiledPrice(charge.price)
  if (!price.ok) return price
  const start = positionsAfter(price.value, noPositions, charge.before)
  const after = start === null ? null : positionsAfter(price.value, start, charge.usage)
  if (start === null || after === null) return failed(fault('case_unmappable', 'the price has no row for the usage'))
  const before = charge.before.length === 0 ? null : start
  const money = (micros: bigint): Exact => ({ numerator: micros, denominator: 1_000_000n * currencyParts })
  const numbers = amountsBetween(price.value, before, after, billed, money)
  addCounts(numbers, charge, price.value, after)
  const minimum = numbers.get('minimum') ?? nothing
  const ways = waysToDivide(charge.price, price.value, before, after).map((way) => way.map(money))
  return ok({ numbers, lines: ways.flatMap((way) => [way.filter(isDue), [...way, minimum].filter(isDue)]) })
}

/** The amounts of a price between two positions; `before` is null where nothing was used before. */
function amountsBetween(
  price: CompiledPrice,
  before: Positions | null,
  after: Positions,
  billed: Exact | null,
  money: (micros: bigint) => Exact,
): Map<string, Exact> {
  const due = money(sumOver(price, after, positionMicros))
  const gross = money(sumOver(price, after, unlimitedMicros))
  const grossBefore = before === null ? null : money(sumOver(price, before, unlimitedMicros))
  const takenBefore =
    before === null || grossBefore === null
      ? nothing
      : positivePart(minus(grossBefore, money(sumOver(price, before, positionMicros))))
  // What was billed before is what earlier usage came to, without a minimum that is only due at the end of the period.
  const earlier = billed ?? minus(grossBefore ?? nothing, takenBefore)
  return new Map([
    ['total', minus(due, earlier)],
    ['gross', minus(gross, grossBefore ?? billed ?? nothing)],
    ['discount', minus(positivePart(minus(gross, due)), takenBefore)],
    ['minimum', positivePart(minus(due, gross))],
  ])
}

/** What is counted beside money: packages, free events. */
function addCounts(numbers: Map<string, Exact>, charge: CaseCharge, price: CompiledPrice, after: Positions): void {
  const [model] = price.models
  const position = after.get(0)
  if (price.router !== null || model === undefined || position === undefined) return
  if (model.model === 'percentage' && (model.keptEvents > 0 || model.freeAmount === null)) {
    const free = freeEventsAmong(model, position.earliest)
    numbers.set('freeevents', { numerator: BigInt(free), denominator: 1n })
    numbers.set('paidevents', { numerator: BigInt(position.events - free), denominator: 1n })
  }
  if (model.model === 'package') {
    const { before, usage } = charge
    const packages = packagesOf(charge, [...before, ...usage]) - packagesOf(charge, before)
    numbers.set('units', { numerator: packages, denominator: 1_000_000n })
  }
}

/** Packages in millionths: at a price of one currency unit they count themselves. */
function packagesOf({ price: written }: CaseCharge, usage: CaseCharge['usage']): bigint {
  const { model, size, free, each, least } = written
  const price = compiledPrice({ model, size, free, each, least, amount: '1' })
  const positions = price.ok ? positionsAfter(price.value, noPositions, usage) : null
  return price.ok && positions !== null ? sumOver(price.value, positions, unlimitedMicros) : 0n
}

function sumOf(amounts: readonly Exact[]): Exact {
  return amounts.reduce(plus, nothing)
}

function isDue(amount: Exact): boolean {
  return !isZero(amount)
}
