import { checkMatrix } from '@meterline/shared/rating/check-matrix.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import type { MatrixTable } from './matrix-table.ts'
import { problem, type Problem } from './problem.ts'

/** The meters that matrices price exist, and for each of them no two rows contradict each other. */
export function checkMatrices(draft: Draft): readonly Problem[] {
  const meters = namesOf(draft.declared.meters)
  return draft.matrices.flatMap((matrix) => [...checkMeters(matrix, meters), ...checkRows(matrix)])
}

/** An unknown meter is reported where it stands first: a column that is wrong is wrong in every row. */
function checkMeters({ value, index }: Placed<MatrixTable>, meters: ReadonlySet<string>): readonly Problem[] {
  const seen = new Set<string>()
  return value.rows.flatMap(({ amounts }, row) =>
    [...amounts.keys()].flatMap((meter) => {
      if (seen.has(meter)) return []
      seen.add(meter)
      const found = unknownName(meter, meters, 'meter', ['matrices', index, 'rows', row, 'amounts', meter])
      return found.map((one) => ({ ...one, part: 'key' as const }))
    }),
  )
}

function checkRows({ value: matrix, index }: Placed<MatrixTable>): readonly Problem[] {
  const problems: Problem[] = []
  const reported = new Set<string>()
  for (const meter of new Set(matrix.rows.flatMap(({ amounts }) => [...amounts.keys()]))) {
    const rows = matrix.rows.map(({ when, amounts }, row) => ({
      // A row without the meter keeps its place, so that rows are numbered as written, and matches what no event says.
      when: amounts.has(meter) ? when : when.map(() => `\u0000${row}`),
    }))
    for (const { row, otherRow, message } of checkMatrix({ dimensions: matrix.dimensions, rows })) {
      const pair = `${row} ${otherRow}`
      if (reported.has(pair)) continue
      reported.add(pair)
      problems.push(problem(['matrices', index, 'rows', row], `${message} (for ${meter})`))
    }
  }
  return problems
}
