/** Where a value stands inside a file's tree: keys of mappings and indexes (from 0) of lists. */
export type ValuePath = readonly (string | number)[]

/** One thing wrong in what somebody wrote, with everything needed to find and mend it. */
export interface Mistake {
  /** The file as its reader named it; for a setting from elsewhere, the environment variable or the flag. */
  readonly file: string
  /** Counted from 1; 0 when `file` has no lines because it is no file. */
  readonly line: number
  /** Counted from 1 in UTF-16 units; 0 when `file` has no lines. */
  readonly column: number
  /** The value's place in the tree, as `formatPath` writes it; empty for the whole. */
  readonly path: string
  /** What is wrong, as a phrase that follows the path. */
  readonly message: string
  /** What to write or do instead. */
  readonly suggestion?: string
}

/** A path as people write it: `accounts[2].payer`. Keys that are no plain words are quoted: `labels["a b"]`. */
export function formatPath(path: ValuePath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** One mistake as one line of plain text: `acme.yaml:12:5: accounts[2].payer: is unknown; did you mean "payer"?`. */
export function formatMistake(mistake: Mistake): string {
  const place = mistake.line > 0 ? `${mistake.file}:${mistake.line}:${mistake.column}` : mistake.file
  const parts = [place, mistake.path, mistake.message].filter((part) => part !== '').join(': ')
  return mistake.suggestion === undefined ? parts : `${parts}; ${mistake.suggestion}`
}

/** All mistakes, one a line, in the order of their places in each file. */
export function formatMistakes(mistakes: readonly Mistake[]): string {
  return sortMistakes(mistakes).map(formatMistake).join('\n')
}

/** The same mistakes by file (in the order files first appear), line and column. */
export function sortMistakes(mistakes: readonly Mistake[]): readonly Mistake[] {
  const files = [...new Set(mistakes.map((mistake) => mistake.file))]
  return mistakes.toSorted(
    (left, right) =>
      files.indexOf(left.file) - files.indexOf(right.file) || left.line - right.line || left.column - right.column,
  )
}
