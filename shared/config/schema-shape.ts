import { z } from 'zod'
import type { ValuePath } from './mistakes.ts'

/** What kind of value a setting takes. `any` also stands for what a schema transforms beyond description. */
export type ShapeKind = 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'mapping' | 'alternatives' | 'any'

/** What a schema says about the values it takes, as far as help texts, suggestions and settings need it. */
export interface Shape {
  readonly kind: ShapeKind
  readonly description: string | undefined
  /** Set by the author with `.meta({ secret: true })`: never shown, never taken from a flag, may be read from a file. */
  readonly secret: boolean
  readonly defaultValue: unknown
  /** The only values allowed, when there is such a list. */
  readonly choices: readonly unknown[] | undefined
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  /** The known keys of a mapping. */
  readonly properties: ReadonlyMap<string, Shape>
  readonly required: ReadonlySet<string>
  /** The shape of each entry of a list, or of each value of a mapping with free keys. */
  readonly entries: Shape | undefined
  readonly alternatives: readonly Shape[]
}

/** Shapes that were read before: that of a price takes milliseconds, and a file may have hundreds of wrong ones. */
const knownShapes = new WeakMap<z.ZodType, Shape>()

/** Reads the shape of what goes into a schema, through zod's own JSON Schema of it. */
export function shapeOf(schema: z.ZodType): Shape {
  const known = knownShapes.get(schema)
  if (known !== undefined) return known
  const shape = shapeOfNode(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }))
  knownShapes.set(schema, shape)
  return shape
}

/**
 * The shapes the value at `path` of `whole` may have; several where alternatives meet, none where nothing is known. Of
 * alternatives that a key tells apart by its choices, such as `model`, only those count that the value has chosen.
 */
export function shapesAt(shape: Shape, path: ValuePath, whole?: unknown): readonly Shape[] {
  let value = whole
  let shapes = expand(shape, value)
  for (const step of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined
    shapes = shapes.flatMap((current) => {
      const next = typeof step === 'string' ? (current.properties.get(step) ?? current.entries) : current.entries
      return next === undefined ? [] : expand(next, value)
    })
  }
  return shapes
}

/** The keys known in the mapping at `path` of `whole`. */
export function keysAt(shape: Shape, path: ValuePath, whole: unknown): readonly string[] {
  return [...new Set(shapesAt(shape, path, whole).flatMap((current) => [...current.properties.keys()]))]
}

function expand(shape: Shape, value: unknown): readonly Shape[] {
  const chosen = shape.alternatives.filter((alternative) => isChosen(alternative, value))
  const possible = chosen.length === 0 ? shape.alternatives : chosen
  return [shape, ...possible.flatMap((alternative) => expand(alternative, value))]
}

/** Whether the value does not contradict the only text that the shape allows for a key. */
function isChosen({ properties }: Shape, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return [...properties].every(([key, { choices }]) => {
    const stated: unknown = Reflect.get(value, key)
    return choices?.length !== 1 || stated === undefined || choices.includes(stated)
  })
}

function shapeOfNode(node: unknown): Shape {
  const fields = record(node)
  const alternatives = [...array(fields['anyOf']), ...array(fields['oneOf'])]
  return {
    kind: alternatives.length > 0 ? 'alternatives' : kindOf(fields['type']),
    description: typeof fields['description'] === 'string' ? fields['description'] : undefined,
    secret: fields['secret'] === true,
    defaultValue: fields['default'],
    choices: choicesOf(fields),
    minimum: bound(fields['minimum'], Number.MIN_SAFE_INTEGER),
    maximum: bound(fields['maximum'], Number.MAX_SAFE_INTEGER),
    properties: new Map(Object.entries(record(fields['properties'])).map(([key, value]) => [key, shapeOfNode(value)])),
    required: new Set(array(fields['required']).filter((key) => typeof key === 'string')),
    entries: entriesOf(fields['items'] ?? fields['additionalProperties']),
    alternatives: alternatives.map(shapeOfNode),
  }
}

function kindOf(type: unknown): ShapeKind {
  switch (type) {
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
    case 'boolean':
      return type
    case 'array':
      return 'list'
    case 'object':
      return 'mapping'
    default:
      return 'any'
  }
}

function choicesOf(fields: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  if (Array.isArray(fields['enum'])) return array(fields['enum'])
  return 'const' in fields ? [fields['const']] : undefined
}

function entriesOf(node: unknown): Shape | undefined {
  return typeof node === 'object' && node !== null ? shapeOfNode(node) : undefined
}

/** A stated bound; zod writes the limits of safe integers where the author stated none. */
function bound(value: unknown, unstated: number): number | undefined {
  return typeof value === 'number' && value !== unstated ? value : undefined
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
