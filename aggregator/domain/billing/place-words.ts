import { assertThat } from '@meterline/shared/base/errors.ts'
import type { PlacedModel, RouteStep } from '@meterline/shared/rating/placed-models.ts'
import { writtenCount } from './written-amounts.ts'

/**
 * Which usage a model of a price is for, in words from the outside in: `model gpt-4o, region eu; peak, Europe/Berlin;
 * more than 200,000 ai.total_input_tokens`. Empty for a price that does not depend on the kind of usage.
 */
export function placeWords({ where }: PlacedModel): string {
  return where
    .map(stepWords)
    .filter((words) => words !== '')
    .join('; ')
}

function stepWords(step: RouteStep): string {
  switch (step.step) {
    case 'row':
      return rowWords(step.dimensions, step.when)
    case 'window':
      return `${step.name}, ${step.zone}`
    case 'band':
      return bandWords(step.fact, step.above, step.upTo)
    default:
      assertThat(false, `an unknown step to a model: ${String(step satisfies never)}`)
  }
}

/** Only the texts: what any value may be says nothing about the usage on the line. */
function rowWords(dimensions: readonly string[], when: readonly (string | null)[]): string {
  const said = dimensions.flatMap((dimension, index) => {
    const text = when[index] ?? null
    return text === null ? [] : [`${dimension} ${text}`]
  })
  return said.length > 0 ? said.join(', ') : `any other ${dimensions.join(', ')}`
}

function bandWords(fact: string, above: bigint | null, upTo: bigint | null): string {
  if (above !== null) {
    return upTo === null
      ? `more than ${writtenCount(above)} ${fact}`
      : `more than ${writtenCount(above)} to ${writtenCount(upTo)} ${fact}`
  }
  return upTo === null ? '' : `up to ${writtenCount(upTo)} ${fact}`
}
