import type { z } from 'zod'
import { shapeOf, type Shape, type ShapeKind } from './schema-shape.ts'
import { secretFileKey, settingsOf, type Setting } from './settings.ts'

const kindNames: Readonly<Record<ShapeKind, string>> = {
  text: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  list: 'list',
  mapping: 'mapping',
  alternatives: 'one of several forms',
  any: 'any value',
}

/**
 * The reference of a configuration as plain text: every key with its kind, limits and default, what it is for, and its
 * environment variable and flag.
 */
export function configHelp(schema: z.ZodType, area: string): string {
  const shape = shapeOf(schema)
  const settings = new Map(settingsOf(shape, area).map((setting) => [setting.path.join('.'), setting]))
  return `${sectionLines(shape, '', settings).join('\n')}\n`
}

function sectionLines(shape: Shape, prefix: string, settings: ReadonlyMap<string, Setting>): readonly string[] {
  return [...shape.properties].flatMap(([key, property]) => {
    const name = `${prefix}${key}`
    const lines = [`${name}  (${traits(property, shape.required.has(key))})`]
    if (property.description !== undefined) lines.push(`    ${property.description}`)
    const setting = settings.get(name)
    if (setting !== undefined) {
      lines.push(`    ${[setting.environmentName, setting.flag].filter((way) => way !== undefined).join(', ')}`)
    }
    if (property.secret) lines.push(`    or ${prefix}${secretFileKey(key)}: the name of a file that holds it`)
    return [...lines, ...formsBelow(property, name, settings)]
  })
}

/** The keys inside a section, inside each entry of a list (`name[].key`), and inside each alternative. */
function formsBelow(shape: Shape, name: string, settings: ReadonlyMap<string, Setting>): readonly string[] {
  const inside = sectionLines(shape, `${name}.`, settings)
  const inEntries = shape.entries === undefined ? [] : formsBelow(shape.entries, `${name}[]`, settings)
  const inAlternatives = shape.alternatives.flatMap((alternative) => formsBelow(alternative, name, settings))
  return [...inside, ...inEntries, ...new Set(inAlternatives)]
}

function traits(shape: Shape, required: boolean): string {
  const kind = shape.choices === undefined ? kindNames[shape.kind] : shape.choices.map(String).join(' | ')
  const parts = [kind]
  if (shape.minimum !== undefined) parts.push(`at least ${shape.minimum}`)
  if (shape.maximum !== undefined) parts.push(`at most ${shape.maximum}`)
  if (shape.secret) parts.push('secret')
  if (shape.defaultValue !== undefined && shape.properties.size === 0)
    parts.push(`default ${JSON.stringify(shape.defaultValue)}`)
  else if (required) parts.push('required')
  return parts.join(', ')
}
