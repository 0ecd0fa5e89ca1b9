import { patternsOverlap } from '../completeness/source-pattern.ts'
import type { CorrelationDefinition } from '../correlation/correlation-rule.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'

/**
 * The meter of each correlation exists and sums what is reported, and no source is on both sides of one meter: a control record is never charged, so
 * usage that is to be charged must not come from a control source.
 */
export function checkCorrelations(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const meters = namesOf(draft.declared.meters)
  const kinds = new Map(draft.meters.map(({ value }) => [value.id, value.metering.kind]))
  const earlier: CorrelationDefinition[] = []
  for (const { value, index } of draft.correlations) {
    problems.push(...unknownName(value.meter, meters, 'meter', ['correlations', index, 'meter']))
    const kind = kinds.get(value.meter) ?? 'sum'
    if (kind !== 'sum') {
      const message = `is ${value.meter}, whose records are readings (kind: ${kind}) and no amounts to compare`
      problems.push(problem(['correlations', index, 'meter'], message, 'correlate meters of kind sum'))
    }
    problems.push(...checkSides(value, index, earlier))
    earlier.push(value)
  }
  return problems
}

function checkSides(
  rule: CorrelationDefinition,
  index: number,
  earlier: readonly CorrelationDefinition[],
): readonly Problem[] {
  const problems: Problem[] = []
  const ofMeter = earlier.filter((other) => other.meter === rule.meter)
  if (patternsOverlap(rule.charge, rule.control)) {
    const message = `is ${rule.control}, which shares sources with charge: ${rule.charge}`
    problems.push(
      problem(['correlations', index, 'control'], message, 'a record is either charged or compared: name others'),
    )
  }
  for (const other of ofMeter) {
    if (patternsOverlap(rule.control, other.control)) {
      const message = `is ${rule.control}, which shares sources with the control of ${other.id} for the same meter`
      problems.push(problem(['correlations', index, 'control'], message, 'compare each control record in one rule'))
    }
    if (patternsOverlap(rule.charge, other.control)) {
      const message = `is ${rule.charge}, which shares sources with the control of ${other.id}: those are never charged`
      problems.push(problem(['correlations', index, 'charge'], message))
    }
    if (patternsOverlap(rule.control, other.charge)) {
      const message = `is ${rule.control}, which shares sources with what ${other.id} charges`
      problems.push(problem(['correlations', index, 'control'], message))
    }
  }
  return problems
}
