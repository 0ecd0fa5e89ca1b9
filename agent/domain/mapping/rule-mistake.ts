/** Something in a rule that cannot work. `path` leads to it from the rule (or, of all rules, from their list). */
export interface RuleMistake {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Takes note of a mistake; compiling goes on, so that all of them are reported at once. */
export type Blame = (path: RuleMistake['path'], message: string) => void

/** The same, for what stands below `prefix`. */
export function below(blame: Blame, ...prefix: readonly (string | number)[]): Blame {
  return (path, message) => blame([...prefix, ...path], message)
}
