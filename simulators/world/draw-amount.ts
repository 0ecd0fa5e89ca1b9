import type { Random } from '@meterline/shared/base/random.ts'

/** A decimal text with an awkward number of digits, anything from nothing to a hundred times `about`. */
export function drawAmount(random: Random, about: number): string {
  const digits = 4 + random.below(9)
  const scaled = Math.floor(about * 100 * random.fraction() * 10 ** digits)
  const text = String(Math.min(scaled, Number.MAX_SAFE_INTEGER)).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** Draws something that is left out mostly: there once in `every` times. */
export function sometimes<Fields extends object>(random: Random, every: number, draw: () => Fields): Partial<Fields> {
  return random.below(every) === 0 ? draw() : {}
}
