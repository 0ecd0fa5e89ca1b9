import type { ContractDefinition } from '../../contract/contract-definition.ts'
import { discountMicros } from '../../contract/discount-amount.ts'
import type { Discount, DiscountTerms } from '../../contract/discount-definition.ts'
import { proportionalShares } from '../../contract/proportional-shares.ts'
import type { BillSoFar, DueLine } from '../due-line.ts'
import { writtenMoney } from '../written-amounts.ts'
import { cycleOfBuyer } from './bill-cycle.ts'
import { contractsOfBill } from './contract-index.ts'
import { contractLine } from './contract-line.ts'
import { filteredLines } from './filtered-lines.ts'

/** Lines of one account, tax code, offering and meter, or its fees: no discount can tell them apart. */
interface DiscountedCell {
  readonly account: string
  readonly taxCode: string | null
  readonly lines: readonly DueLine[]
  /** Micros that discounts have left; below zero only where something was paid in advance for other periods. */
  left: bigint
}

/**
 * What the discounts of the contracts of a bill take off it: contracts by id, the discounts of each in the order they are
 * written, each of what those before it left. A discount takes no more off than is left of what it is for, and no more than
 * is left of the whole period, so that nothing falls below zero. It is shared over the accounts and tax codes of what it is
 * for, in proportion to what is left of each (by largest remainder, ties in the order of the lines), with a line for each.
 */
export function discountLines(soFar: BillSoFar): readonly DueLine[] {
  const contracts = contractsOfBill(soFar).filter(({ discounts }) => discounts.length > 0)
  if (contracts.length === 0) return []
  const cells = cellsOf(soFar)
  return contracts.flatMap((contract) =>
    contract.discounts.flatMap((discount) => linesOfDiscount(soFar, cells, contract, discount)),
  )
}

function cellsOf({ lines, period }: BillSoFar): readonly DiscountedCell[] {
  const cells = new Map<string, { first: DueLine; lines: DueLine[]; left: bigint }>()
  for (const line of lines) {
    if (line.periodKey !== period.key) continue
    const { account, taxCode, offering, kind, meter } = line
    const key = `${account} ${taxCode ?? ''} ${offering} ${kind === 'allowance' ? 'usage' : kind} ${meter}`
    const cell = cells.get(key) ?? { first: line, lines: [], left: 0n }
    cells.set(key, cell)
    cell.lines.push(line)
    cell.left += line.amountMicros
  }
  return [...cells.values()].map(({ first: { account, taxCode }, lines: own, left }) => {
    return { account, taxCode, lines: own, left }
  })
}

function linesOfDiscount(
  soFar: BillSoFar,
  cells: readonly DiscountedCell[],
  contract: ContractDefinition,
  discount: Discount,
): readonly DueLine[] {
  const { period, catalogue, relation } = soFar
  const eligible = cells.filter(({ lines }) => filteredLines(discount.filter, lines, period.key).length > 0)
  const [base, all] = [leftOf(eligible), leftOf(cells)]
  const wanted = discountMicros(discount, contract, base, period, cycleOfBuyer(catalogue, relation))
  const taken = wanted < all ? wanted : all
  if (taken === 0n) return []
  const groups = [...Map.groupBy(eligible, ({ account, taxCode }) => `${account} ${taxCode ?? ''}`).values()]
  const shares = proportionalShares(taken, groups.map(leftOf))
  return groups.flatMap((group, index) => {
    const [first, share = 0n] = [group[0], shares[index]]
    if (first === undefined || share === 0n) return []
    takeOff(group, share)
    const line = contractLine({
      kind: 'discount',
      periodKey: period.key,
      contract: contract.id,
      rule: discount.id,
      account: first.account,
      taxCode: first.taxCode,
      isByTaxCode: true,
      description: `Discount ${discount.id}`,
      terms: discountTerms(discount, relation.currency),
      amountMicros: -share,
    })
    return [line]
  })
}

/** Takes a share off the cells of one account and tax code in proportion to what is left of each. */
function takeOff(group: readonly DiscountedCell[], share: bigint): void {
  const shares = proportionalShares(
    share,
    group.map(({ left }) => (left > 0n ? left : 0n)),
  )
  group.forEach((cell, index) => {
    cell.left -= shares[index] ?? 0n
  })
}

/** What is left of cells together; never below zero. */
function leftOf(cells: readonly DiscountedCell[]): bigint {
  const sum = cells.reduce((total, { left }) => total + left, 0n)
  return sum > 0n ? sum : 0n
}

/** A discount in words for people: `10 % off, at most 50.00 EUR`. */
function discountTerms({ terms, atMost, prorate }: Discount, currency: string): string {
  return [
    termsWords(terms, currency),
    ...(atMost === null ? [] : [`at most ${writtenMoney(atMost)} ${currency}`]),
    ...(prorate === 'none' ? [] : [`by ${prorate}`]),
  ].join(', ')
}

function termsWords(terms: DiscountTerms, currency: string): string {
  if (terms.kind === 'percent') return `${terms.percent} % off`
  if (terms.kind === 'amount') return `${writtenMoney(terms.amount)} ${currency} off`
  const words = terms.tiers.map(({ upTo, percent }, index) =>
    upTo === null
      ? `${index === 0 ? '' : 'then '}${percent} %`
      : `${percent} % up to ${writtenMoney(upTo)} ${currency}`,
  )
  return `${words.join(', ')} off${terms.tiered === 'volume' ? ' all' : ''}`
}
