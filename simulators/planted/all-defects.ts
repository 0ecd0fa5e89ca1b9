import { assertThat } from '@meterline/shared/base/errors.ts'
import { agentDefects } from './agent-defects.ts'
import { billingDefects } from './billing-defects.ts'
import { booksDefects } from './books-defects.ts'
import { contractDefects } from './contract-defects.ts'
import { moneyDefects } from './money-defects.ts'
import { priceDefects } from './price-defects.ts'
import { proofDefects } from './proof-defects.ts'
import { ratingDefects } from './rating-defects.ts'
import { receiveDefects } from './receive-defects.ts'
import { recoveryDefects } from './recovery-defects.ts'
import { snapshotDefects } from './snapshot-defects.ts'
import type { SourceDefect } from './source-defect.ts'
import { uplinkDefects } from './uplink-defects.ts'

/** Every planted defect, in the order in which usage walks through the code. */
export const allDefects: readonly SourceDefect[] = [
  ...agentDefects,
  ...uplinkDefects,
  ...snapshotDefects,
  ...receiveDefects,
  ...priceDefects,
  ...ratingDefects,
  ...billingDefects,
  ...contractDefects,
  ...moneyDefects,
  ...booksDefects,
  ...proofDefects,
  ...recoveryDefects,
]

/** The defect of that name; an unknown name is a bug of the caller, which was given a list. */
export function defectNamed(name: string): SourceDefect {
  const found = allDefects.find((defect) => defect.name === name)
  assertThat(found !== undefined, `there is a planted defect called ${name}`)
  return found
}
