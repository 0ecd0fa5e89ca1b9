import { carriedOver, drawDown, type AllowanceLot } from '../../domain/contract/draw-down.ts'
import { exactOrZero, named, optionalMoney, type BillFigures } from './bill-fields.ts'
import {
  optionalCount,
  optionalNumber,
  optionalNumbers,
  partsFor,
  saysNo,
  scaledTo,
  type CaseFields,
} from './case-fields.ts'
import { nothing, plus, type Exact } from './exact.ts'

const includedNames = [
  'included',
  'includedUnits',
  'includedPerPeriod',
  'includedPerMonth',
  'includedQuantity',
  'allowance',
  'monthlyAllowance',
  'allowancePerPeriod',
  'includedPerSim',
  'includedPerSeat',
  'includedPerDevice',
  'includedPerUser',
  'perMember',
  'pool',
  'usageDiscount',
  'discountQuantity',
  'freeUnits',
]
const countNames = ['sims', 'seats', 'devices', 'users', 'members', 'subscriptions', 'count']
const usageNames = [
  'usage',
  'usages',
  'usagePerPeriod',
  'monthlyUsage',
  'quantities',
  'quantity',
  'consumption',
  'used',
]
const priceNames = ['overagePrice', 'overageRate', 'unitPrice', 'pricePerUnit', 'overageUnitPrice', 'price', 'rate']
const capNames = ['maxRollover', 'rolloverCap', 'rolloverMax', 'rolloverLimit', 'maxCarry', 'carryCap', 'cap']
const lifeNames = ['rolloverPeriods', 'rolloverMonths', 'expiresAfterPeriods', 'carryPeriods', 'validPeriods']
const longestLife = 120

/** Units that are included, and what is used of them, in base units. */
interface IncludedUnits {
  readonly included: bigint
  readonly used: readonly bigint[]
  /** How many base units a unit of the case has. */
  readonly parts: bigint
  readonly price: Exact
  /** Due in every period. */
  readonly base: Exact
}

/**
 * Included units: a list of usage is that of members who share them (models called `pool`), of periods into which what is left
 * over is carried (`rollover`), or of one period that several invoices bill. None where the case does not say enough.
 */
export function mapIncluded(fields: CaseFields, model: string): readonly BillFigures[] {
  const each = optionalNumber(fields, includedNames)
  const usage = optionalNumbers(fields, usageNames)
  if (each === null || usage === null || usage.length === 0) return []
  const parts = partsFor([each, ...usage])
  const count = BigInt(optionalCount(fields, countNames, 1_000_000) ?? 1)
  const own: IncludedUnits = {
    included: scaledTo(each, parts) * count,
    used: usage.map((quantity) => scaledTo(quantity, parts)),
    parts,
    price: exactOrZero(optionalMoney(fields, priceNames)),
    base: exactOrZero(optionalMoney(fields, ['baseFee', 'base', 'flatFee', 'monthlyFee', 'fee'])),
  }
  if (/pool|shared/i.test(model)) return [figuresOf(own, [inPool(own)], 1)]
  if (!/roll|carry/i.test(model)) return [figuresOf(own, inOnePeriod(own), 1)]
  const cap = optionalNumber(fields, capNames)
  const stated = saysNo(fields, ['rollover']) ? 0 : optionalCount(fields, lifeNames, longestLife)
  const lives = stated === null ? [1, longestLife] : [stated]
  return lives.map((life) =>
    figuresOf(own, inPeriods(own, life, cap === null ? null : scaledTo(cap, parts)), own.used.length),
  )
}

/** What a period, or an invoice, covers and leaves over, in base units. */
interface CoveredUnits {
  readonly used: bigint
  readonly covered: bigint
  /** Can still be used afterwards. */
  readonly left: bigint
}

function inPool({ included, used }: IncludedUnits): CoveredUnits {
  const members = used.map((_, index) => String(index))
  const { draws } = drawDown(
    lotsOf(included, { members, isPool: true }),
    new Map(used.map((quantity, index) => [String(index), quantity])),
  )
  const covered = sumOf(draws.map(({ quantity }) => quantity))
  return { used: sumOf(used), covered, left: included - covered }
}

/** Invoices of one period: each bills what all usage so far costs, less what was billed before. */
function inOnePeriod({ included, used }: IncludedUnits): readonly CoveredUnits[] {
  let [usedBefore, coveredBefore] = [0n, 0n]
  return used.map((quantity) => {
    const { draws } = drawDown(lotsOf(included), new Map([['0', usedBefore + quantity]]))
    const all = sumOf(draws.map((draw) => draw.quantity))
    const covered = all - coveredBefore
    ;[usedBefore, coveredBefore] = [usedBefore + quantity, all]
    return { used: quantity, covered, left: included - all }
  })
}

function inPeriods({ included, used }: IncludedUnits, life: number, cap: bigint | null): readonly CoveredUnits[] {
  let carried: readonly AllowanceLot[] = []
  return used.map((quantity, period) => {
    const fresh = lotsOf(included, { lastPeriod: period + life, cap })
    const { draws, left } = drawDown([...carried, ...fresh], new Map([['0', quantity]]))
    carried = carriedOver(left, period)
    return {
      used: quantity,
      covered: sumOf(draws.map((draw) => draw.quantity)),
      left: sumOf(carried.map((lot) => lot.quantity)),
    }
  })
}

function lotsOf(quantity: bigint, more: Partial<AllowanceLot> = {}): readonly AllowanceLot[] {
  const lot = {
    allowance: 'case',
    source: 'case',
    priority: 0,
    lastPeriod: 0,
    cap: null,
    members: ['0'],
    isPool: false,
  }
  return quantity === 0n ? [] : [{ ...lot, ...more, quantity }]
}

function figuresOf({ parts, price, base }: IncludedUnits, all: readonly CoveredUnits[], periods: number): BillFigures {
  const units = (quantity: bigint): Exact => ({ numerator: quantity, denominator: parts })
  const beyond = all.map(({ used, covered }) => units(used - covered))
  const overages = beyond.map((quantity) => times(quantity, price))
  const overage = overages.reduce(plus, nothing)
  const left = all.at(-1)?.left ?? 0n
  const fees = times(base, { numerator: BigInt(periods), denominator: 1n })
  return {
    numbers: named([
      [['total', 'due', 'invoicetotal', 'exactunrounded'], plus(overage, fees)],
      [['overage', 'overagecharge', 'overagecost', 'overageamount'], overage],
      [['overageunits', 'billedunits', 'units', 'overagequantity', 'billablequantity'], beyond.reduce(plus, nothing)],
      [['covered', 'includedused', 'coveredunits'], units(sumOf(all.map(({ covered }) => covered)))],
      [['remaining', 'remainingunits', 'left', 'rollover', 'carried', 'unused'], units(left)],
    ]),
    lists: new Map([
      ['overages', overages],
      ['totals', overages.map((amount) => plus(amount, base))],
      ['invoices', overages.map((amount) => plus(amount, base))],
      ['overageunits', beyond],
      ['quantities', beyond],
      ['billedunits', beyond],
      ['covered', all.map(({ covered }) => units(covered))],
      ...['remaining', 'balances', 'carried', 'rollovers', 'rollover'].map(
        (name) => [name, all.map((each) => units(each.left))] as const,
      ),
    ]),
  }
}

function times(left: Exact, right: Exact): Exact {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}

function sumOf(quantities: readonly bigint[]): bigint {
  return quantities.reduce((sum, quantity) => sum + quantity, 0n)
}
