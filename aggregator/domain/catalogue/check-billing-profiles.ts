import { namesOf, unknownName } from './check-references.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'

/** Profiles are of somebody there is, and only who gets documents has periods of his own. */
export function checkBillingProfiles(draft: Draft): readonly Problem[] {
  return [...checkCycleZones(draft), ...checkProfiles(draft)]
}

function checkCycleZones(draft: Draft): readonly Problem[] {
  const zones = namesOf(draft.declared.zones)
  return draft.cycles.flatMap(({ value: { zone }, index }) =>
    zone === 'UTC'
      ? []
      : unknownName(zone, zones, 'time zone', ['cycles', index, 'zone']).map((found) => ({
          ...found,
          suggestion: 'list its offsets under zones',
        })),
  )
}

function checkProfiles(draft: Draft): readonly Problem[] {
  // An operator that cannot be read may be who is meant.
  if (draft.operator === null) return []
  const operatorId = draft.operator.id
  const partners = namesOf(draft.declared.partners)
  const parties = new Set([operatorId, ...namesOf(draft.declared.accounts), ...partners])
  const cycles = namesOf(draft.declared.cycles)
  const payers = new Map(draft.accounts.map(({ value }) => [value.id, value.payer]))
  return draft.billingProfiles.flatMap(({ value: { id, cycle }, index }) => {
    const path = ['billingProfiles', index]
    const unknown = unknownName(id, parties, 'account, operator or partner', [...path, 'id'])
    if (unknown.length > 0 || cycle === null) return unknown
    const problems = [...unknownName(cycle, cycles, 'cycle', [...path, 'cycle'])]
    if (partners.has(id)) {
      const message = `is ${cycle}, but ${id} is a partner, who gets no documents`
      problems.push(problem([...path, 'cycle'], message, `give the cycle to ${operatorId}, whose costs are meant`))
    } else if (payers.get(id) === 'parent') {
      const message = `is ${cycle}, but ${id} is billed with its parent`
      problems.push(problem([...path, 'cycle'], message, 'give it to the account that pays, or write payer: self'))
    }
    return problems
  })
}
