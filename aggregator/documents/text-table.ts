/** One column of a table: its heading and on which side its cells stand. */
export interface Column {
  readonly heading: string
  readonly align: 'left' | 'right'
}

/** One row: cells in the order of the columns, or a note under the row before, or a rule above a sum. */
export type Row = readonly string[] | { readonly note: string } | 'rule'

const gap = '  '
const noteIndent = '    '

/**
 * Lays rows out under their headings in columns wide enough for every cell, the first one widened until the table has
 * `leastWidth` characters; notes are wrapped to the table's width.
 */
export function textTable(columns: readonly Column[], rows: readonly Row[], leastWidth = 0): readonly string[] {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((widest, row) => Math.max(widest, isCells(row) ? (row[index] ?? '').length : 0), heading.length),
  )
  const needed = widths.reduce((sum, column) => sum + column, gap.length * (columns.length - 1))
  const width = Math.max(needed, leastWidth)
  widths[0] = (widths[0] ?? 0) + width - needed
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? ''
        return align === 'left' ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)
      })
      .join(gap)
      .trimEnd()
  const rule = '-'.repeat(width)
  const body = rows.flatMap((row) => {
    if (row === 'rule') return [rule]
    return isCells(row) ? [line(row)] : wrapped(row.note, width - noteIndent.length).map((text) => noteIndent + text)
  })
  return [line(columns.map(({ heading }) => heading)), rule, ...body]
}

/** Breaks a text between words; a word that is wider stands alone and sticks out. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current)
      current = word
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, current]
}

function isCells(row: Row): row is readonly string[] {
  return Array.isArray(row)
}
