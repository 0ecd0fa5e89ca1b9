import { dialects, type Dialect } from './dialects/dialect.ts'
import type { FleetPlan } from './fleet-timeline.ts'

/**
 * The mapping rules that agents need for the dialects of a fleet that are not the product's own: one for each dialect,
 * with the topics of its groups. Empty where there are none.
 */
export function fleetMappings({ file }: FleetPlan): readonly object[] {
  const topics = new Map<string, { readonly dialect: Dialect; readonly filters: Set<string> }>()
  for (const group of file.groups) {
    const dialect: Dialect = dialects[group.dialect]
    if (dialect.rule === null) continue
    const filter = (group.topic ?? dialect.rule.topic).replaceAll('{device}', '+')
    const known = topics.get(group.dialect)
    const filters = [filter, ...(dialect.rule.birth === null ? [] : [dialect.rule.birth.topic(filter)])]
    if (known === undefined) topics.set(group.dialect, { dialect, filters: new Set(filters) })
    else for (const each of filters) known.filters.add(each)
  }
  return [...topics].map(([name, { dialect, filters }]) => ({
    name,
    profile: dialect.rule?.profile,
    topics: [...filters],
    ...dialect.rule?.adds,
  }))
}
