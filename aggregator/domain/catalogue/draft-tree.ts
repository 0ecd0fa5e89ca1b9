import { buildAccountTree, type AccountTree } from '../accounts/account-tree.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import { compiledCycle, type CycleDefinition } from '../periods/cycle-definition.ts'
import { checkAccounts } from './check-accounts.ts'
import type { Draft } from './draft.ts'
import type { TenantFile } from './tenant-file.ts'

/** The parts of a tenant file that say where accounts are and when their periods begin. */
export type AccountParts = Pick<TenantFile, 'operator' | 'accounts' | 'billingProfiles' | 'cycles' | 'zones'>

/** Those of a draft; null where the accounts cannot be read or form no tree, or a cycle has no offsets. */
export function accountPartsOf(draft: Draft): AccountParts | null {
  const { operator } = draft
  const { accounts, billingProfiles, cycles } = draft.declared
  const isRead =
    accounts.length === draft.accounts.length &&
    billingProfiles.length === draft.billingProfiles.length &&
    cycles.length === draft.cycles.length &&
    new Set(accounts.map(({ value }) => value)).size === accounts.length
  if (operator === null || !isRead || checkAccounts(draft).length > 0) return null
  const parts = {
    operator,
    accounts: draft.accounts.map(({ value }) => value),
    billingProfiles: draft.billingProfiles.map(({ value }) => value),
    cycles: draft.cycles.map(({ value }) => value),
    zones: draft.zones.map(({ value }) => value),
  }
  const zones = new Set(parts.zones.map(({ id }) => id))
  return parts.cycles.every(({ zone }) => zone === 'UTC' || zones.has(zone)) ? parts : null
}

/** The tree of such parts, with the cycles that profiles name and that there are. */
export function treeOfParts({ operator, accounts, billingProfiles, cycles, zones }: AccountParts): AccountTree {
  const offsets = new Map(zones.map(({ id, offsets: own }) => [id, own]))
  const compiled = new Map(cycles.map((cycle: CycleDefinition) => [cycle.id, compiledCycle(cycle, offsets)]))
  const named = billingProfiles.flatMap(({ id, cycle }): readonly (readonly [string, BillingCycle])[] => {
    const found = cycle === null ? undefined : compiled.get(cycle)
    return found === undefined ? [] : [[id, found]]
  })
  return buildAccountTree(operator, accounts, new Map(named))
}
