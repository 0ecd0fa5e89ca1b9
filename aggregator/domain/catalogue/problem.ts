import { closestOf } from '@meterline/shared/config/closest.ts'

/** One thing wrong in a tenant file, at its place in the tree; a reader of files turns the place into line and column. */
export interface Problem {
  readonly path: readonly (string | number)[]
  /** Whether the key or the value at the path is meant. */
  readonly part: 'key' | 'value'
  /** What is wrong, as a phrase that follows the path. */
  readonly message: string
  /** What to write or do instead. */
  readonly suggestion?: string
  /**
   * A word that should have been one of the candidates. Searching for what was meant takes time, so it is left to whoever
   * shows the problem, and files with thousands of mistakes are still checked quickly.
   */
  readonly unknown?: { readonly word: string; readonly candidates: ReadonlySet<string> }
}

/** A problem of the value at a path. */
export function problem(path: readonly (string | number)[], message: string, suggestion?: string): Problem {
  return { path, part: 'value', message, ...(suggestion === undefined ? {} : { suggestion }) }
}

/** What to write instead: as the problem says, or else the nearest of the candidates, or all of them when they are few. */
export function suggestionFor({ suggestion, unknown }: Problem): string | undefined {
  if (unknown === undefined) return suggestion
  const candidates = [...unknown.candidates]
  const closest = closestOf(unknown.word, candidates)
  if (closest !== undefined) return `did you mean ${closest}?`
  if (candidates.length === 0 || candidates.length > 12) return suggestion
  return `write ${candidates.length === 1 ? '' : 'one of '}${candidates.join(', ')}`
}
