import type { MatrixTable, MatrixTableRow } from '../../domain/catalogue/matrix-table.ts'

/**
 * The parts of a tenant file (YAML) that sell what a matrix prices: its meters, the matrix with one line for each row, and
 * a price for each meter. `source` says in a comment where the prices come from.
 */
export function tenantFragment(matrix: MatrixTable, currency: string, source: string): string {
  const meters = [...new Set(matrix.rows.flatMap(({ amounts }) => [...amounts.keys()]))]
  const lines = [
    `# ${source}`,
    '# Put these entries into your tenant file, and the ids of the prices into the offerings that sell them.',
    '# Meters that the file has already are to be left out.',
    'meters:',
    ...meters.map((meter) => `  - { id: ${meter}, unit: token }`),
    'matrices:',
    `  - id: ${matrix.id}`,
    `    dimensions: [${matrix.dimensions.map((name) => quoted(name)).join(', ')}]`,
    ...(matrix.fact === null ? [] : [`    fact: ${matrix.fact}`]),
    `    per: ${matrix.per}`,
    '    rows:',
    ...matrix.rows.map((row) => `      - ${rowText(matrix.dimensions, row)}`),
    'prices:',
    ...meters.map((meter) => {
      const id = priceIdOf(matrix.id, meter)
      return `  - { id: ${id}, meter: ${meter}, currency: ${currency}, model: matrix, matrix: ${matrix.id} }`
    }),
  ]
  return `${lines.join('\n')}\n`
}

/** What the price of a meter is called: `ai-models.input_tokens` for `ai.input_tokens`. */
export function priceIdOf(matrixId: string, meter: string): string {
  return `${matrixId}.${meter.replace(/^ai\./, '')}`
}

function rowText(dimensions: readonly string[], { when, amounts, above }: MatrixTableRow): string {
  const texts = dimensions.flatMap((name, place) => {
    const text = when[place] ?? null
    return text === null ? [] : [`${quoted(name)}: ${quoted(text)}`]
  })
  const steps = above.map((step) => `{ above: ${step.above}, amounts: ${amountsText(step.amounts)} }`)
  const thresholds = steps.length === 0 ? '' : `, above: [${steps.join(', ')}]`
  return `{ when: { ${texts.join(', ')} }, amounts: ${amountsText(amounts)}${thresholds} }`
}

function amountsText(amounts: MatrixTableRow['amounts']): string {
  return `{ ${[...amounts].map(([meter, amount]) => `${meter}: ${quoted(amount)}`).join(', ')} }`
}

/** A JSON text is a YAML text as well, whatever it holds. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
