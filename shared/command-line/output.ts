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

/**
 * Resolves when all that was printed has left the program: a pipe holds 64 KiB, and an exit would lose what waits behind it.
 * A reader that has closed its end, such as `head`, has read what it wants; that is no fault.
 */
export async function outputWritten(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map(streamWritten))
}

function streamWritten(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) return resolve()
    const done = (): void => {
      resolve()
    }
    stream.once('error', done)
    stream.write('', done)
  })
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
