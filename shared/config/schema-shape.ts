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

/** Reads the shape of what goes into a schema, through zod's own JSON Schema of it. */
export function shapeOf(schema: z.ZodType): Shape {
  return shapeOfNode(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }))
}

/** The shapes a value at `path` may have; several where alternatives meet, none where nothing is known. */
export function shapesAt(shape: Shape, path: ValuePath): readonly Shape[] {
  let shapes = expand(shape)
  for (const step of path) {
    shapes = shapes.flatMap((current) => {
      const next = typeof step === 'string' ? (current.properties.get(step) ?? current.entries) : current.entries
      return next === undefined ? [] : expand(next)
    })
  }
  return shapes
}

/** The keys known in the mapping at `path`. */
export function keysAt(shape: Shape, path: ValuePath): readonly string[] {
  return [...new Set(shapesAt(shape, path).flatMap((current) => [...current.properties.keys()]))]
}

function expand(shape: Shape): readonly Shape[] {
  return [shape, ...shape.alternatives.flatMap(expand)]
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
