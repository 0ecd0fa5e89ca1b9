import type { z } from 'zod'
import { closestOf } from './closest.ts'
import { formatPath, type Mistake, type ValuePath } from './mistakes.ts'
import { keysAt, shapeOf, shapesAt, type Shape } from './schema-shape.ts'

/** Says where the value at a path was written (or, for 'key', the key naming it). */
export type Locate = (path: ValuePath, part: 'key' | 'value') => Pick<Mistake, 'file' | 'line' | 'column'>

/** A value that fits its schema, or everything that does not. */
export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly mistakes: readonly Mistake[] }

type Issue = z.core.$ZodIssue
interface Finding {
  readonly path: ValuePath
  readonly part: 'key' | 'value'
  readonly message: string
  readonly suggestion?: string
}

// Stands for "no words of the schema's author", so that his messages can be told from the library's.
const noOwnWords = 'no own words'

/**
 * Checks a value against a schema and reports all mistakes in plain words, each at its place. Messages the schema's
 * author wrote are kept; values of fields marked `secret` are not repeated.
 */
export function checkAgainstSchema<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  locate: Locate,
): Checked<z.output<Schema>> {
  const parsed = schema.safeParse(value, { reportInput: true, error: () => noOwnWords })
  if (parsed.success) return { ok: true, value: parsed.data }
  const shape = shapeOf(schema)
  const mistakes = parsed.error.issues
    .flatMap((issue) => findingsOf(issue, [], { shape, value }))
    .map(({ path, part, ...rest }) => ({ ...locate(path, part), path: formatPath(path), ...rest }))
  return { ok: false, mistakes }
}

/** What the schema allows, and what was written. */
interface Written {
  readonly shape: Shape
  readonly value: unknown
}

function findingsOf(issue: Issue, base: ValuePath, written: Written): readonly Finding[] {
  const path: ValuePath = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, written))
  if (issue.message !== noOwnWords) return [{ path, part: 'value', message: issue.message }]
  switch (issue.code) {
    case 'invalid_key':
      return issue.issues
        .flatMap((inner) => findingsOf(inner, [], written))
        .map((inner) => ({ ...inner, path, part: 'key' }))
    case 'invalid_element':
      return issue.issues.flatMap((inner) => findingsOf(inner, path, written))
    case 'invalid_union':
      return unionFindings(issue, path, written)
    default: {
      const shapes = shapesAt(written.shape, path, written.value)
      const shown = shapes.some((current) => current.secret) ? 'a hidden value' : show(issue.input)
      const whole = shapes.length > 0 && shapes.every((current) => current.kind === 'integer')
      return [{ path, part: 'value', ...describe(issue, shown, whole) }]
    }
  }
}

function unknownKey(path: ValuePath, key: string, { shape, value }: Written): Finding {
  const known = keysAt(shape, path, value)
  const closest = closestOf(key, known)
  const at = { path: [...path, key], part: 'key', message: 'is unknown' } as const
  if (closest !== undefined) return { ...at, suggestion: `did you mean ${closest}?` }
  return known.length === 0 ? at : { ...at, suggestion: `known here: ${known.join(', ')}` }
}

function unionFindings(issue: z.core.$ZodIssueInvalidUnion, path: ValuePath, written: Written): readonly Finding[] {
  if (issue.discriminator !== undefined) {
    const input: unknown = issue.input
    const chosen: unknown =
      typeof input === 'object' && input !== null ? Reflect.get(input, issue.discriminator) : undefined
    const options = shapesAt(written.shape, path).flatMap((current) => current.choices ?? [])
    return [{ path, part: 'value', ...wrongChoice(chosen, show(chosen), options) }]
  }
  // The branch that came nearest is the one that was meant: the one that objects least to the value as a whole.
  const branches = issue.errors.map((errors) => errors.flatMap((inner) => findingsOf(inner, path, written)))
  const wholes = branches.map((findings) => findings.filter((found) => found.path.length === path.length).length)
  const least = Math.min(...wholes)
  const nearest = branches.filter((_, index) => wholes[index] === least)
  const [only] = nearest
  if (only !== undefined && nearest.length === 1) return only
  const expected = [...new Set(nearest.flat().map((found) => found.message))].join('; or ')
  return [{ path, part: 'value', message: expected === '' ? 'fits none of the allowed forms' : expected }]
}

function describe(issue: Issue, shown: string, whole: boolean): { message: string; suggestion?: string } {
  switch (issue.code) {
    case 'invalid_type':
      return {
        message: `is ${issue.input === undefined ? 'missing:' : `${shown}, but`} ${nameOfType(whole ? 'int' : issue.expected)} is needed`,
      }
    case 'invalid_value':
      return wrongChoice(issue.input, shown, issue.values)
    case 'too_small':
      return { message: `is ${shown}, but ${limit(issue.origin, `at least ${issue.minimum}`)}` }
    case 'too_big':
      return { message: `is ${shown}, but ${limit(issue.origin, `at most ${issue.maximum}`)}` }
    case 'not_multiple_of':
      return { message: `is ${shown}, but must be a multiple of ${issue.divisor}` }
    case 'invalid_format':
      if (issue.format === 'regex') return { message: `is ${shown}, which does not match ${issue.pattern}` }
      return { message: `is ${shown}, which is no valid ${issue.format}` }
    default:
      return { message: `is ${shown}, which is not allowed` }
  }
}

function wrongChoice(
  input: unknown,
  shown: string,
  choices: readonly unknown[],
): { message: string; suggestion?: string } {
  const list = choices.map(String).join(', ')
  if (input === undefined) return { message: `is missing: one of ${list} is needed` }
  const closest = typeof input === 'string' ? closestOf(input, choices.map(String)) : undefined
  const message = choices.length === 1 ? `is ${shown}, but must be ${list}` : `is ${shown}, but must be one of ${list}`
  return closest === undefined ? { message } : { message, suggestion: `did you mean ${closest}?` }
}

function limit(origin: string, bound: string): string {
  if (origin === 'string') return `must have ${bound} characters`
  if (origin === 'array' || origin === 'set' || origin === 'map') return `must have ${bound} entries`
  return `must be ${bound}`
}

function nameOfType(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    int: 'a whole number',
    number: 'a number',
    bigint: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  }
  return names[type] ?? `a value of type ${type}`
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return value === null ? 'empty' : `a value of type ${typeof value}`
}
