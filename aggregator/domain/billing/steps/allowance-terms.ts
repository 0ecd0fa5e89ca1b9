import type { AllowanceDefinition } from '../../contract/allowance-definition.ts'
import { writtenCount } from '../written-amounts.ts'

/**
 * An allowance in words for people: `1,000,000 byte included per sims, shared, what is left over for 2 more periods`. Null:
 * units that were left over from an allowance that is sold no more.
 */
export function allowanceTerms(allowance: AllowanceDefinition | null, unit: string): string {
  if (allowance === null) return 'left over from earlier periods'
  const { quantity, each, prorate, rollover, pool } = allowance
  return [
    `${writtenCount(quantity)} ${unit} included${each === 'subscription' ? '' : ` per ${each.quantity}`}`,
    ...(pool === 'subtree' ? ['shared'] : []),
    ...(prorate === 'none' ? [] : [`by ${prorate}`]),
    ...(rollover === null ? [] : [rolloverWords(rollover, unit)]),
  ].join(', ')
}

function rolloverWords({ periods, cap }: NonNullable<AllowanceDefinition['rollover']>, unit: string): string {
  const atMost = cap === null ? 'what is left over' : `up to ${writtenCount(cap)} ${unit} left over`
  return `${atMost} for ${periods} more period${periods === 1 ? '' : 's'}`
}
