const longestWord = 64

/**
 * The candidate a mistyped word most likely meant, or undefined when none is near. Near means that at most a third of
 * the letters differ (at least one may); letter case counts for nothing unless two candidates are equally near.
 */
export function closestOf(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined
  let closest: string | undefined
  let closestDistance = Infinity
  for (const candidate of candidates) {
    if (candidate.length > longestWord) continue
    const length = Math.max(word.length, candidate.length)
    const allowed = Math.min(Math.max(1, Math.floor(length / 3)), length - 1)
    const inLetters = editDistance(word.toLowerCase(), candidate.toLowerCase())
    // Half a point at most for case, so that it only ever decides between equals.
    const distance = inLetters + (editDistance(word, candidate) - inLetters) / (4 * longestWord)
    if (inLetters <= allowed && distance < closestDistance) {
      closest = candidate
      closestDistance = distance
    }
  }
  return closest
}

/**
 * How many insertions, deletions, substitutions and swaps of neighbours turn one word into the other, no part being
 * edited twice (optimal string alignment distance). Takes time proportional to the product of the lengths.
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let distance = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) distance = Math.min(distance, at(beforeLast, column - 2) + 1)
      current.push(distance)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
