import { formatInstant } from '@meterline/shared/units/instant.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import { namesMatrix, type PriceDefinition, type StatedPrice } from './price-definition.ts'
import { problem, type Problem } from './problem.ts'
import { zonesNamedBy } from './resolve-price.ts'

type Path = readonly (string | number)[]

/** Everything a price names exists, and its changes have dates of their own. */
export function checkPrices(draft: Draft): readonly Problem[] {
  const names = {
    meters: namesOf(draft.declared.meters),
    taxCodes: namesOf(draft.declared.taxCodes),
    matrices: namesOf(draft.declared.matrices),
    zones: namesOf(draft.declared.zones),
    metersOfMatrix: new Map(draft.matrices.map(({ value }) => [value.id, metersOf(value)])),
  }
  return draft.prices.flatMap((price) => checkPrice(price, names))
}

interface KnownNames {
  readonly meters: ReadonlySet<string>
  readonly taxCodes: ReadonlySet<string>
  readonly matrices: ReadonlySet<string>
  readonly zones: ReadonlySet<string>
  /** The meters that some row of a matrix has an amount for. */
  readonly metersOfMatrix: ReadonlyMap<string, ReadonlySet<string>>
}

function checkPrice({ value, index }: Placed<PriceDefinition>, names: KnownNames): readonly Problem[] {
  const path = ['prices', index]
  const problems = [
    ...(value.tax === null ? [] : unknownName(value.tax, names.taxCodes, 'tax code', [...path, 'tax'])),
    ...sameInstants(
      value.changes.map(({ fromMs }) => fromMs),
      (place) => [...path, 'changes', place, 'from'],
      'change',
    ),
  ]
  if (value.meter === null) return problems
  const { meter } = value
  problems.push(...unknownName(meter, names.meters, 'meter', [...path, 'meter']))
  problems.push(...checkTerms(value.terms, meter, path, names))
  value.changes.forEach(({ terms }, place) => {
    problems.push(...checkTerms(terms, meter, [...path, 'changes', place], names))
  })
  return problems
}

function checkTerms(terms: StatedPrice, meter: string, path: Path, names: KnownNames): readonly Problem[] {
  if (namesMatrix(terms)) {
    const at = [...path, 'matrix']
    const unknown = unknownName(terms.matrix, names.matrices, 'matrix', at)
    const priced = names.metersOfMatrix.get(terms.matrix)
    if (unknown.length > 0 || priced === undefined || priced.has(meter)) return unknown
    const message = `is ${terms.matrix}, no row of which has an amount for ${meter}`
    return [problem(at, message, `add ${meter} to the amounts of its rows, or name another matrix`)]
  }
  return zonesNamedBy(terms).flatMap((named) => {
    const unknown = unknownName(named.zone, names.zones, 'time zone', [...path, ...named.path])
    return unknown.map((found) => ({ ...found, suggestion: 'list its offsets under zones' }))
  })
}

function metersOf(matrix: Draft['matrices'][number]['value']): ReadonlySet<string> {
  return new Set(matrix.rows.flatMap(({ amounts }) => [...amounts.keys()]))
}

/** Instants that stand in a list twice, where each has to be there once. */
export function sameInstants(
  instants: readonly number[],
  pathOf: (place: number) => Path,
  what: string,
): readonly Problem[] {
  const seen = new Set<number>()
  return instants.flatMap((instantMs, place) => {
    if (!seen.has(instantMs)) {
      seen.add(instantMs)
      return []
    }
    const message = `is ${formatInstant(instantMs)}, when another ${what} of it begins`
    return [problem(pathOf(place), message, `give each ${what} a date of its own`)]
  })
}
