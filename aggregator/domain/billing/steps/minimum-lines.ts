import type { BillSoFar, DueLine } from '../due-line.ts'
import { commitmentsOf } from './commitment-lines.ts'
import { committedLines, inOrderOfUse, type CommittedRule } from './committed-lines.ts'
import { contractsOfBill } from './contract-index.ts'

/** What the minimums of the contracts of a bill add to it, in their order; what that is, is said at `committedLines`. */
export function minimumLines(soFar: BillSoFar): readonly DueLine[] {
  const minimums = contractsOfBill(soFar).flatMap((contract) =>
    contract.minimums.map((rule): CommittedRule => ({ kind: 'minimum', contract, rule })),
  )
  return minimums.length === 0 ? [] : committedLines(soFar, inOrderOfUse(minimums), commitmentsOf(soFar))
}
