/** One row of a table: its cells by the names of their columns, without emphasis. */
export type PageRow = ReadonlyMap<string, string>

/** The first table below a heading of a Markdown page. Throws when there is no such heading, or no table below it. */
export function tableBelow(page: string, heading: string): readonly PageRow[] {
  const sections = page.split(/^#+ /m)
  const section = sections.find((text) => text.split('\n', 1)[0] === heading)
  const [table] = section === undefined ? [] : pageTables(section)
  if (table === undefined) throw new Error(`the page has no table below a heading "${heading}"`)
  return table
}

/** All tables of a Markdown page, in their order. No cell holds a bar. */
export function pageTables(page: string): readonly (readonly PageRow[])[] {
  const tables = page.match(/(?:^\|.*\|\n)+/gm) ?? []
  return tables.map((table) => {
    const [names = [], , ...rows] = table.trimEnd().split('\n').map(cellsOf)
    return rows.map((cells) => new Map(names.map((name, index) => [name, cells[index] ?? ''])))
  })
}

/** A cell that has to be there. Throws when the table has no such column. */
export function cell(row: PageRow, column: string): string {
  const text = row.get(column)
  if (text === undefined) throw new Error(`the table has no column "${column}"`)
  return text
}

function cellsOf(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((text) => text.trim().replaceAll('**', ''))
}
