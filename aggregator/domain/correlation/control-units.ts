import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { matchesSource } from '../completeness/source-pattern.ts'
import type { UsageWatch } from '../completeness/watch.ts'
import type { CorrelationDefinition } from './correlation-rule.ts'

/**
 * How correlations see a unit: `charged` like any other, `control` (only compared, never charged), or `mixed`: some of its
 * meters are for control and others are not, so it can be neither charged nor compared whole.
 */
export type ControlView =
  | { readonly kind: 'charged' }
  | { readonly kind: 'control'; readonly rule: string }
  | { readonly kind: 'mixed'; readonly rule: string; readonly meter: string }

const charged: ControlView = { kind: 'charged' }

/** What the correlations in force make of a unit. Asked for every unit of a tenant that has any. */
export function controlView(
  { correlations }: Pick<UsageWatch, 'correlations'>,
  { source, records }: RatingUnit,
): ControlView {
  let rule: string | null = null
  let other: string | null = null
  for (const { meter } of records) {
    const found = correlations.get(meter)?.find(({ control }) => matchesSource(control, source))
    if (found === undefined) other ??= meter
    else rule ??= found.id
  }
  if (rule === null) return charged
  return other === null ? { kind: 'control', rule } : { kind: 'mixed', rule, meter: other }
}

/** Calls `found` for each record of a unit that a correlation compares, and the side it is on. */
export function comparedRecords(
  { correlations }: UsageWatch,
  { source, records }: RatingUnit,
  found: (rule: CorrelationDefinition, side: 'charge' | 'control', record: number) => void,
): void {
  for (const [index, { meter }] of records.entries()) {
    for (const rule of correlations.get(meter) ?? []) {
      if (matchesSource(rule.control, source)) found(rule, 'control', index)
      else if (matchesSource(rule.charge, source)) found(rule, 'charge', index)
    }
  }
}
