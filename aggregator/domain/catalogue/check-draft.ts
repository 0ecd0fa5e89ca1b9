import { checkAccounts } from './check-accounts.ts'
import { checkAmounts } from './check-amounts.ts'
import { checkCorrelations } from './check-correlations.ts'
import { checkExpectations } from './check-expectations.ts'
import { checkFeesKept } from './check-fees-kept.ts'
import { checkMatrices } from './check-matrices.ts'
import { checkPrices } from './check-prices.ts'
import { checkReferences } from './check-references.ts'
import { checkResale } from './check-resale.ts'
import { checkSubscriptions } from './check-subscriptions.ts'
import { checkSuccession } from './check-succession.ts'
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
    ...checkAmounts(draft),
    ...checkAccounts(draft),
    ...checkSubscriptions(draft),
    ...checkResale(draft),
    ...checkExpectations(draft),
    ...checkCorrelations(draft),
    ...(before === null
      ? []
      : [
          ...checkSuccession(before, draft, nowMs),
          ...checkTermsKept(before, draft, nowMs),
          ...checkVersionsKept(before, draft, nowMs),
          ...checkFeesKept(before, draft, nowMs),
        ]),
  ]
}
