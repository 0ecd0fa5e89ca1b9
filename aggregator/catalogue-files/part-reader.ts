import type { z } from 'zod'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { formatPath, type Mistake, type ValuePath } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import type { Placed } from '../domain/catalogue/draft.ts'
import {
  keysOfChange,
  keysOfPrice,
  readPriceDefinition,
  type PriceDefinition,
} from '../domain/catalogue/price-definition.ts'

/** Says where in the file a path's value stands, or the key that names it. */
export type Place = (path: ValuePath, part: 'key' | 'value') => Pick<Mistake, 'file' | 'line' | 'column'>

/** Far more than anybody mends in one go; beyond it, reading on costs time and helps nobody. */
export const mostMistakes = 200

/** Reads parts of a file, each by its own schema, and gathers what is wrong with them. */
export class PartReader {
  readonly #place: Place
  #mistakes: readonly Mistake[]
  #complete = true

  /** `mistakes` are those that are known already. */
  constructor(place: Place, mistakes: readonly Mistake[]) {
    this.#place = place
    this.#mistakes = mistakes
  }

  get mistakes(): readonly Mistake[] {
    return this.#mistakes
  }

  /** False when reading stopped at too many mistakes. */
  get complete(): boolean {
    return this.#complete
  }

  /** One part; null when something is wrong with it. */
  part<Schema extends z.ZodType>(schema: Schema, path: ValuePath, given: unknown): z.output<Schema> | null {
    const checked = checkAgainstSchema(schema, given, (inner, which) => this.#place([...path, ...inner], which))
    if (checked.ok) return checked.value
    const found = checked.mistakes.map((mistake) => ({ ...mistake, path: joined(path, mistake.path) }))
    this.#mistakes = [...this.#mistakes, ...found]
    return null
  }

  /** The elements of a list that are well-formed, with their places in it. */
  elements<Value>(
    given: readonly unknown[],
    path: ValuePath,
    read: (element: unknown, path: ValuePath) => Value | null,
  ): readonly Placed<Value>[] {
    const found: Placed<Value>[] = []
    for (const [index, element] of given.entries()) {
      if (this.#mistakes.length >= mostMistakes) {
        this.#complete = false
        break
      }
      const value = read(element, [...path, index])
      if (value !== null) found.push({ value, index })
    }
    return found
  }

  /** One entry of the prices. */
  price(path: ValuePath, given: unknown): PriceDefinition | null {
    const before = this.#mistakes
    this.#mistakes = []
    const read = readPriceDefinition(given, (schema, inner, value) => this.part(schema, [...path, ...inner], value))
    const found = this.#mistakes.map((mistake) => withKeysOfPrice(mistake, formatPath(path)))
    this.#mistakes = [...before, ...found]
    return read
  }
}

/** The terms of a price are read apart, so that the keys around them are missing where an unknown key is explained. */
function withKeysOfPrice(mistake: Mistake, price: string): Mistake {
  const place = mistake.path.startsWith(`${price}.`) ? mistake.path.slice(price.length + 1) : ''
  const [, change, key] = /^(changes\[[0-9]+\]\.)?([A-Za-z_][A-Za-z0-9_-]*)$/.exec(place) ?? []
  const known = mistake.suggestion ?? ''
  if (key === undefined || mistake.message !== 'is unknown' || known.startsWith('did you mean')) return mistake
  const keys = change === undefined ? keysOfPrice : keysOfChange
  const closest = closestOf(key, keys)
  const suggestion = closest === undefined ? [known, ...keys].join(', ') : `did you mean ${closest}?`
  return { ...mistake, suggestion }
}

function joined(path: ValuePath, inner: string): string {
  return `${formatPath(path)}${inner === '' || inner.startsWith('[') ? '' : '.'}${inner}`
}
