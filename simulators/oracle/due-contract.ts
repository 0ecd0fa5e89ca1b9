import { boundsOf, cycleOf, midnightsIn, periodAfter, periodIn } from './billing-cycles.ts'
import type { Bounds } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import { discountOf } from './discount-of.ts'
import type { PlannedContract, PlannedPromise } from './planned-contract.ts'
import { dividedBy, minus, rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { Rational } from './rational.ts'
import { shareOut } from './share-out.ts'
import type { TenantPlan } from './tenant-plan.ts'

/** Something due in a period, as the rules of contracts look at it. */
export interface DuePart {
  readonly kind: 'usage' | 'fee' | 'allowance' | 'commitment' | 'minimum' | 'discount'
  /** Of usage and what is included of it the meter. */
  readonly meter: string
  /** Whose section it stands in. */
  readonly account: string
  readonly amountMicros: bigint
}

/** What a rule of a contract adds to a bill for a period, over all of its lines. */
export interface DueRule {
  readonly kind: 'commitment' | 'minimum' | 'discount'
  readonly contract: string
  readonly rule: string
  readonly period: string
  readonly amountMicros: bigint
}

/** Whose contracts, and what was charged to him, included units taken off, by period. */
export interface Promised {
  readonly plan: TenantPlan
  readonly buyer: string
  charged(period: string): readonly DuePart[]
}

const microsPerUnit = 1_000_000n

/**
 * What contracts make of a period: commitments, then minimums, then discounts, each looking at what those before it added.
 * With them what is in advance for the next period.
 */
export function contractDues(of: Promised, period: string): readonly DueRule[] {
  const contracts = (of.plan.contracts ?? [])
    .filter(({ account }) => account === of.buyer)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const rules = rulesOf(contracts)
  const promised = promises(of, rules, period, of.charged(period))
  const parts = [...of.charged(period), ...promised.flatMap((due) => (due.period === period ? [partOf(of, due)] : []))]
  return [...promised, ...discounts(of, contracts, period, parts)].filter(({ amountMicros }) => amountMicros !== 0n)
}

interface PromiseOfContract {
  readonly kind: 'commitment' | 'minimum'
  readonly contract: PlannedContract
  readonly rule: PlannedPromise
}

/** Of each kind those that ask for something come before those that look at everything. */
function rulesOf(contracts: readonly PlannedContract[]): readonly PromiseOfContract[] {
  return (['commitment', 'minimum'] as const).flatMap((kind) => {
    const all = contracts.flatMap((contract) => {
      const rules = kind === 'commitment' ? contract.commitments : contract.minimums
      return (rules ?? []).map((rule) => ({ kind, contract, rule }))
    })
    const asksForAll = ({ rule }: PromiseOfContract): boolean => rule.meters === undefined && rule.kinds === undefined
    return [...all.filter((own) => !asksForAll(own)), ...all.filter(asksForAll)]
  })
}

function promises(
  of: Promised,
  rules: readonly PromiseOfContract[],
  period: string,
  charged: readonly DuePart[],
): readonly DueRule[] {
  const dues: DueRule[] = []
  for (const [place, own] of rules.entries()) {
    const soFar = [...charged, ...dues.filter((due) => due.period === period).map((due) => partOf(of, due))]
    dues.push(...promiseDues(of, own, rules.slice(0, place), period, soFar))
  }
  return dues
}

function promiseDues(
  of: Promised,
  own: PromiseOfContract,
  before: readonly PromiseOfContract[],
  period: string,
  soFar: readonly DuePart[],
): readonly DueRule[] {
  const { kind, contract, rule } = own
  const due = (forPeriod: string, amountMicros: bigint): DueRule => {
    return { kind, contract: contract.id, rule: rule.id, period: forPeriod, amountMicros }
  }
  const next = periodAfter(of.plan, period)
  const ahead = rule.inAdvance === true ? spanOf(of, own, next) : null
  const inAdvance = ahead?.earlier.length === 0 ? [due(next, ahead.amountMicros)] : []
  const span = spanOf(of, own, period)
  if (span === null) return inAdvance
  const { amountMicros: promised } = span
  const earlier = span.earlier.reduce((sum, past) => sum + spentIn(of, own, before, past), 0n)
  const spent = earlier + sumOf(counted(rule, soFar))
  let micros = 0n
  if (rule.inAdvance === true) {
    if (span.earlier.length === 0) micros += promised
    micros -= smaller(spent, promised) - smaller(earlier, promised)
  } else if (span.isLast && spent < promised) micros += promised - spent
  const { overageFactor } = rule
  if (overageFactor !== undefined)
    micros += dearer(above(spent, promised), overageFactor) - dearer(above(earlier, promised), overageFactor)
  return [due(period, micros), ...inAdvance]
}

/** What a period of a term was worth towards a promise: charges, and what promises before it asked for in it. */
function spentIn(of: Promised, own: PromiseOfContract, before: readonly PromiseOfContract[], past: string): bigint {
  const charged = of.charged(past)
  const periodic = before.filter(({ rule }) => rule.per !== 'term')
  const asked =
    own.rule.meters === undefined && own.rule.kinds === undefined ? promises(of, periodic, past, charged) : []
  const added = asked.filter(({ period }) => period === past).map((due) => partOf(of, due))
  return sumOf(counted(own.rule, [...charged, ...added]))
}

/** Where a period stands in what is promised. */
interface PromiseSpan {
  readonly amountMicros: bigint
  readonly earlier: readonly string[]
  readonly isLast: boolean
}

function spanOf({ plan, buyer }: Promised, { contract, rule }: PromiseOfContract, period: string): PromiseSpan | null {
  const bounds = boundsOf(plan, period)
  const span = within(contract, bounds)
  if (span === null) return null
  if (rule.per !== 'term') return { amountMicros: shared(plan, rule, span, [period]), earlier: [], isLast: true }
  const all: string[] = []
  for (let each = periodIn(cycleOf(plan, buyer), instantOf(contract.from)); ; each = periodAfter(plan, each)) {
    all.push(each)
    if (each === period) break
  }
  const isEnd = contract.to !== undefined && instantOf(contract.to) <= bounds.endMs
  const { termPeriods } = contract
  if (termPeriods === undefined)
    return { amountMicros: microsOf(rationalOf(rule.amount)), earlier: all.slice(0, -1), isLast: isEnd }
  const begin = all.length - 1 - ((all.length - 1) % termPeriods)
  const term = all.slice(begin)
  while (term.length < termPeriods) term.push(periodAfter(plan, term.at(-1) ?? period))
  const [first, last] = [boundsOf(plan, term[0] ?? period), boundsOf(plan, term.at(-1) ?? period)]
  const inTerm = within(contract, { startMs: first.startMs, endMs: last.endMs }) ?? span
  return {
    amountMicros: shared(plan, rule, inTerm, term),
    earlier: all.slice(begin, -1),
    isLast: isEnd || term.at(-1) === period,
  }
}

function within(
  { from, to }: { readonly from: string; readonly to?: string },
  { startMs, endMs }: Bounds,
): Bounds | null {
  const span = {
    startMs: Math.max(startMs, instantOf(from)),
    endMs: Math.min(endMs, to === undefined ? Infinity : instantOf(to)),
  }
  return span.startMs < span.endMs ? span : null
}

/** The part of an amount that falls on a span of some periods; by days each day that it touches first counts. */
function shared(
  plan: TenantPlan,
  { amount, prorate = 'none' }: PlannedPromise,
  span: Bounds,
  periods: readonly string[],
): bigint {
  if (prorate === 'none') return microsOf(rationalOf(amount))
  if (prorate === 'second') {
    const lengthMs = periods.reduce((sum, period) => sum + lengthOf(boundsOf(plan, period)), 0)
    return microsOf(dividedBy(times(rationalOf(amount), whole(BigInt(lengthOf(span)))), BigInt(lengthMs)))
  }
  const days = periods.flatMap((period) => midnightsIn(plan, period))
  const endMs = boundsOf(plan, periods.at(-1) ?? '').endMs
  const touched = days.filter((dayMs, index) => span.startMs < (days[index + 1] ?? endMs) && dayMs < span.endMs)
  return microsOf(dividedBy(times(rationalOf(amount), whole(BigInt(touched.length))), BigInt(days.length)))
}

function lengthOf({ startMs, endMs }: Bounds): number {
  return endMs - startMs
}

/** Discounts share what they take off over what is alike to every discount, so that the next ones see what is left of it. */
function discounts(
  of: Promised,
  contracts: readonly PlannedContract[],
  period: string,
  parts: readonly DuePart[],
): readonly DueRule[] {
  const cells = new Map<string, { parts: DuePart[]; left: bigint }>()
  for (const part of parts) {
    const key = `${part.account} ${part.kind === 'allowance' ? 'usage' : part.kind} ${part.meter}`
    const cell = cells.get(key) ?? { parts: [], left: 0n }
    cells.set(key, cell)
    cell.parts.push(part)
    cell.left += part.amountMicros
  }
  const all = [...cells.values()]
  const left = (of_: typeof all): bigint => notBelowZero(of_.reduce((sum, cell) => sum + cell.left, 0n))
  return contracts.flatMap((contract) => {
    if (within(contract, boundsOf(of.plan, period)) === null) return []
    return (contract.discounts ?? []).map((discount): DueRule => {
      const eligible = all.filter((cell) => counted(discount, cell.parts).length > 0)
      const taken = smaller(discountOf(discount, left(eligible)), left(all))
      const shares = shareOut(
        taken,
        eligible.map((cell) => notBelowZero(cell.left)),
      )
      for (const [place, share] of shares.entries()) {
        const cell = eligible[place]
        if (cell !== undefined) cell.left -= share
      }
      return { kind: 'discount', contract: contract.id, rule: discount.id, period, amountMicros: -taken }
    })
  })
}

/** What a rule looks at: everything where it asks for nothing, else the usage and fees it asks for. */
function counted(
  { meters, kinds }: Pick<PlannedPromise, 'meters' | 'kinds'>,
  parts: readonly DuePart[],
): readonly DuePart[] {
  if (meters === undefined && kinds === undefined) return parts
  return parts.filter(({ kind, meter }) => {
    const charged = kind === 'allowance' ? 'usage' : kind
    if (charged !== 'usage' && charged !== 'fee') return false
    const isKind = kinds === undefined || kinds.includes(charged)
    return isKind && (meters === undefined || (charged === 'usage' && meters.includes(meter)))
  })
}

function partOf({ buyer }: Promised, { kind, amountMicros }: DueRule): DuePart {
  return { kind, meter: kind, account: buyer, amountMicros }
}

function sumOf(parts: readonly DuePart[]): bigint {
  return notBelowZero(parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n))
}

function notBelowZero(micros: bigint): bigint {
  return micros > 0n ? micros : 0n
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** What is spent beyond a promise costs so much more than itself. */
function dearer(beyond: bigint, factor: string): bigint {
  return roundHalfAway(times(whole(beyond), minus(rationalOf(factor), whole(1n))))
}

function above(spent: bigint, promised: bigint): bigint {
  return notBelowZero(spent - promised)
}

function microsOf(amount: Rational): bigint {
  return roundHalfAway(times(amount, whole(microsPerUnit)))
}
