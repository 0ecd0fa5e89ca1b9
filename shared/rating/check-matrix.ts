import type { MatrixRow } from './matrix.ts'

/** Something wrong with a matrix: what it is, and the places of the rows it is about (the later one is to be changed). */
export interface MatrixProblem {
  readonly row: number
  readonly otherRow: number
  readonly message: string
}

/** Enough for one reading; a matrix with a wrong column has as many problems as rows. */
const mostProblems = 50

type When = readonly (string | null)[]

/**
 * Rows that contradict each other: two that are for the same labels, and two that tie. Rows tie when they have the same
 * number of texts, both match some labels, and no row with more texts decides for those labels. Rows with the same
 * dimensions never overlap unless they are equal, so only rows of different dimensions are compared, by what they share.
 */
export function checkMatrix(price: {
  readonly dimensions: readonly string[]
  readonly rows: readonly Pick<MatrixRow, 'when'>[]
}): readonly MatrixProblem[] {
  const rows = price.rows.map(({ when }) => when)
  const problems: MatrixProblem[] = []
  const known = new Map<string, number>()
  rows.forEach((when, row) => {
    const name = JSON.stringify(when)
    const otherRow = known.get(name)
    if (otherRow === undefined) known.set(name, row)
    else if (problems.length < mostProblems) {
      problems.push({ row, otherRow, message: `is for ${labelsText(price.dimensions, when)}, as rows[${otherRow}] is` })
    }
  })
  const groups = rowGroups(rows)
  for (const [index, group] of groups.entries()) {
    for (const other of groups.slice(index + 1)) {
      if (group.places.length !== other.places.length) continue
      for (const [left, right] of overlaps(rows, group, other)) {
        if (problems.length >= mostProblems) return problems
        const both = mergedLabels(rows[left] ?? [], rows[right] ?? [])
        if (isDecided(groups, both, group.places.length)) continue
        problems.push(tie(price.dimensions, Math.min(left, right), Math.max(left, right), both))
      }
    }
  }
  return problems
}

interface RowGroup {
  readonly places: readonly number[]
  readonly rowByTexts: ReadonlyMap<string, number>
}

/** Rows by the dimensions they look at, each once. */
function rowGroups(rows: readonly When[]): readonly RowGroup[] {
  const groups = new Map<string, { places: readonly number[]; rowByTexts: Map<string, number> }>()
  rows.forEach((when, row) => {
    const places = when.flatMap((text, place) => (text === null ? [] : [place]))
    let group = groups.get(places.join())
    if (group === undefined) groups.set(places.join(), (group = { places, rowByTexts: new Map() }))
    const texts = textsAt(when, places)
    if (!group.rowByTexts.has(texts)) group.rowByTexts.set(texts, row)
  })
  return [...groups.values()]
}

/** Pairs of rows of two groups that both match some labels: their texts agree wherever both have one. */
function* overlaps(rows: readonly When[], group: RowGroup, other: RowGroup): Generator<readonly [number, number]> {
  const shared = group.places.filter((place) => other.places.includes(place))
  const byShared = new Map<string, number[]>()
  for (const row of other.rowByTexts.values()) {
    const texts = textsAt(rows[row] ?? [], shared)
    const found = byShared.get(texts)
    if (found === undefined) byShared.set(texts, [row])
    else found.push(row)
  }
  for (const row of group.rowByTexts.values()) {
    for (const match of byShared.get(textsAt(rows[row] ?? [], shared)) ?? []) yield [row, match]
  }
}

/** Whether a row with more texts than the two that meet matches all labels that both of them match. */
function isDecided(groups: readonly RowGroup[], both: When, texts: number): boolean {
  return groups.some(({ places, rowByTexts }) => places.length > texts && rowByTexts.has(textsAt(both, places)))
}

function mergedLabels(left: When, right: When): When {
  return left.map((text, place) => text ?? right[place] ?? null)
}

function textsAt(when: When, places: readonly number[]): string {
  return JSON.stringify(places.map((place) => when[place] ?? null))
}

function tie(dimensions: readonly string[], otherRow: number, row: number, both: When): MatrixProblem {
  const labels = labelsText(dimensions, both)
  const message = `ties with rows[${otherRow}]: both match ${labels}, and neither is more specific; write a row for ${labels}`
  return { row, otherRow, message }
}

/** What a row looks at in words, such as `model gpt-4o, region eu`; `anything` when it has no texts. */
export function labelsText(dimensions: readonly string[], when: When): string {
  const texts = dimensions.flatMap((dimension, place) => {
    const text = when[place] ?? null
    return text === null ? [] : [`${dimension} ${text}`]
  })
  return texts.length === 0 ? 'anything' : texts.join(', ')
}
