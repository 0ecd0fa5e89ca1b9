import { checkAccounts } from './check-accounts.ts'
import { checkCorrelations } from './check-correlations.ts'
import { checkExpectations } from './check-expectations.ts'
import { checkReferences } from './check-references.ts'
import { checkResale } from './check-resale.ts'
import { checkSubscriptions } from './check-subscriptions.ts'
import { checkSuccession } from './check-succession.ts'
import type { Draft } from './draft.ts'
import type { Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/** Everything wrong with how the parts of a tenant file fit together and, given one, with how it follows the version before. */
export function checkDraft(draft: Draft, before: TenantFile | null): readonly Problem[] {
  return [
    ...checkReferences(draft),
    ...checkAccounts(draft),
    ...checkSubscriptions(draft),
    ...checkResale(draft),
    ...checkExpectations(draft),
    ...checkCorrelations(draft),
    ...(before === null ? [] : checkSuccession(before, draft)),
  ]
}
