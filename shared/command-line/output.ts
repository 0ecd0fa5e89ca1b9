import type { Fault } from '../base/errors.ts'

/** Writes a result to standard output: as one JSON value, or as text for people. */
export function printResult(json: boolean, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`)
}

/** Writes what went wrong to standard error, in the name of the program. */
export function printFault(program: string, json: boolean, problem: Fault): void {
  const { code, message } = problem
  process.stderr.write(json ? `${JSON.stringify({ fault: problem })}\n` : `${program}: ${message} (${code})\n`)
}

/** Rows as a table with aligned columns; the last column is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join('  '),
    )
    .join('\n')
}

/** Texts that came from outside, on one line and without control characters, which could move a terminal's cursor. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ')
}
