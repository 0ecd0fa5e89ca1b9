import { checkAccountMoves } from './check-account-moves.ts'
import { checkAccounts } from './check-accounts.ts'
import { checkAllowances } from './check-allowances.ts'
import { checkAmounts } from './check-amounts.ts'
import { checkBillingProfiles } from './check-billing-profiles.ts'
import { checkContractMoves } from './check-contract-moves.ts'
import { checkContracts } from './check-contracts.ts'
import { checkContractsKept } from './check-contracts-kept.ts'
import { checkCorrelations } from './check-correlations.ts'
import { checkCyclesKept } from './check-cycles-kept.ts'
import { checkExchangeRates, checkExchangeRatesKept } from './check-exchange-rates.ts'
import { checkExpectations } from './check-expectations.ts'
import { checkDatedKept } from './check-dated-kept.ts'
import { checkDatedTerms } from './check-dated-terms.ts'
import { checkMatrices } from './check-matrices.ts'
import { checkMovesKept } from './check-moves-kept.ts'
import { checkPrices } from './check-prices.ts'
import { checkReferences } from './check-references.ts'
import { checkResale } from './check-resale.ts'
import { checkSeries } from './check-series.ts'
import { checkSubscriptions } from './check-subscriptions.ts'
import { checkSuccession } from './check-succession.ts'
import { checkTaxes, checkTaxesKept } from './check-taxes.ts'
import { checkTermsKept } from './check-terms-kept.ts'
import { checkVersions } from './check-versions.ts'
import { checkVersionsKept } from './check-versions-kept.ts'
import type { Draft } from './draft.ts'
import type { Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Everything wrong with how the parts of a tenant file fit together and, given one, with how it follows the version before.
 * Terms of `before` that are in force by `nowMs` (epoch milliseconds) may not be changed in place.
 */
export function checkDraft(draft: Draft, before: TenantFile | null, nowMs: number): readonly Problem[] {
  return [
    ...checkReferences(draft),
    ...checkPrices(draft),
    ...checkMatrices(draft),
    ...checkVersions(draft),
    ...checkAllowances(draft),
    ...checkContracts(draft),
    ...checkAmounts(draft),
    ...checkAccounts(draft),
    ...checkSeries(draft),
    ...checkBillingProfiles(draft),
    ...checkTaxes(draft),
    ...checkExchangeRates(draft),
    ...checkAccountMoves(draft),
    ...checkContractMoves(draft),
    ...checkSubscriptions(draft),
    ...checkDatedTerms(draft),
    ...checkResale(draft),
    ...checkExpectations(draft),
    ...checkCorrelations(draft),
    ...(before === null
      ? []
      : [
          ...checkSuccession(before, draft, nowMs),
          ...checkMovesKept(before, draft, nowMs),
          ...checkCyclesKept(before, draft, nowMs),
          ...checkTaxesKept(before, draft, nowMs),
          ...checkExchangeRatesKept(before, draft, nowMs),
          ...checkTermsKept(before, draft, nowMs),
          ...checkVersionsKept(before, draft, nowMs),
          ...checkContractsKept(before, draft, nowMs),
          ...checkDatedKept(before, draft, nowMs),
        ]),
  ]
}
