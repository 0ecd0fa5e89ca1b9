import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { byAge, collectableMicros, openMicros, type Claim } from './claim.ts'
import type { Settlement } from './moves.ts'

/** A document that somebody names to be settled, and with how much; null: with as much as is open and left. */
export interface AskedSettlement {
  readonly document: string
  readonly micros: bigint | null
}

export type AllocationFault = Fault<
  'document_not_owed' | 'document_settled' | 'allocation_too_large' | 'allocation_twice'
>

/**
 * Documents that are settled at once where nobody names them: a decision holds so many with the longest names. What is left
 * of the amount is credit, which settles the others when documents are issued next.
 */
export const mostSettlements = 250

/**
 * Gives an amount to the oldest claims first, each as much as is open and not disputed, up to `mostSettlements` of
 * them. What is left over is in none. `claims` are those of one pair of parties and one currency.
 */
export function allocateOldestFirst(claims: readonly Claim[], amountMicros: bigint): readonly Settlement[] {
  const settlements: Settlement[] = []
  let left = amountMicros
  for (const claim of claims.toSorted(byAge)) {
    if (left <= 0n || settlements.length === mostSettlements) break
    const collectable = collectableMicros(claim)
    if (collectable === 0n) continue
    const micros = collectable < left ? collectable : left
    settlements.push({ document: claim.document, micros })
    left -= micros
  }
  return settlements
}

/**
 * Gives an amount to named claims in the order they are named, also what is disputed of them: who names a document means it.
 * Each is named once, owes something, and gets no more than that; together they get no more than the amount.
 */
export function allocateNamed(
  claims: readonly Claim[],
  asked: readonly AskedSettlement[],
  amountMicros: bigint,
): Result<readonly Settlement[], AllocationFault> {
  const settlements: Settlement[] = []
  let left = amountMicros
  for (const { document, micros } of asked) {
    const claim = claims.find((each) => each.document === document)
    if (claim === undefined) return failed(notOwed(document))
    if (settlements.some((each) => each.document === document)) {
      return failed(fault('allocation_twice', `${document} is named twice: name it once with the whole amount.`))
    }
    const open = openMicros(claim)
    if (open <= 0n) return failed(fault('document_settled', `Nothing is open of ${document}.`))
    const given = micros ?? (open < left ? open : left)
    if (given > open || given > left || given <= 0n) {
      return failed(fault('allocation_too_large', tooLargeText(document, given, open, left)))
    }
    settlements.push({ document, micros: given })
    left -= given
  }
  return ok(settlements)
}

function notOwed(document: string): AllocationFault {
  const text = `${document} is no document of this seller to this buyer in this currency; "receivable list" shows them.`
  return fault('document_not_owed', text)
}

function tooLargeText(document: string, given: bigint, open: bigint, left: bigint): string {
  if (given <= 0n) return `Nothing is left for ${document}: the documents before it take the whole amount.`
  return (
    `${document} is to be given ${formatMicros(given)}: ${formatMicros(open)} of it is open, and ` +
    `${formatMicros(left)} of the amount is left.`
  )
}
