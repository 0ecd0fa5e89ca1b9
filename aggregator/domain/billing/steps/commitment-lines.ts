import type { BillSoFar, DueLine } from '../due-line.ts'
import { committedLines, inOrderOfUse, type CommittedRule } from './committed-lines.ts'
import { contractsOfBill } from './contract-index.ts'

/** What the commitments of the contracts of a bill add to it, in their order; what that is, is said at `committedLines`. */
export function commitmentLines(soFar: BillSoFar): readonly DueLine[] {
  return committedLines(soFar, commitmentsOf(soFar))
}

/** The commitments of the contracts of a bill, in their order. */
export function commitmentsOf(soFar: BillSoFar): readonly CommittedRule[] {
  const commitments = contractsOfBill(soFar).flatMap((contract) =>
    contract.commitments.map((rule): CommittedRule => ({ kind: 'commitment', contract, rule })),
  )
  return inOrderOfUse(commitments)
}
