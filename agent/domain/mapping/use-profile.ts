import { profiles } from './profiles/profiles.ts'
import type { RuleDefinition } from './rule-definition.ts'
import type { Blame } from './rule-mistake.ts'

/**
 * A rule with what it takes over from its profile: its own keys replace the profile's, but filters and dimensions come on
 * top of them. Null after a mistake was noted.
 */
export function useProfile(rule: RuleDefinition, blame: Blame): RuleDefinition | null {
  if (rule.profile === undefined) return rule
  const profile = profiles.get(rule.profile)
  if (profile === undefined) {
    blame(
      ['profile'],
      `is ${JSON.stringify(rule.profile)}, which is not shipped: use ${[...profiles.keys()].join(', ')}`,
    )
    return null
  }
  const own = Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined))
  return {
    ...profile,
    ...own,
    name: rule.name,
    // The unit belongs to the place that the time is read from.
    timeUnit: rule.timeUnit ?? (rule.time === undefined ? profile.timeUnit : undefined),
    id: rule.atLeastOnce === true ? rule.id : (rule.id ?? profile.id),
    when: [...(profile.when ?? []), ...(rule.when ?? [])],
    dimensions: { ...profile.dimensions, ...rule.dimensions },
  }
}
