import type { Command } from 'commander'
import type { z } from 'zod'
import { shapeOf, type ShapeKind } from './schema-shape.ts'
import { settingsOf, type Setting } from './settings.ts'

const placeholders: Readonly<Record<ShapeKind, string>> = {
  text: '<text>',
  integer: '<integer>',
  number: '<number>',
  boolean: '<true|false>',
  list: '<yaml>',
  mapping: '<yaml>',
  alternatives: '<yaml>',
  any: '<yaml>',
}

/** Gives a command one option for every setting of a configuration that may stand in arguments. */
export function addConfigFlags(command: Command, schema: z.ZodType, area: string): Command {
  for (const setting of settingsOf(shapeOf(schema), area)) {
    if (setting.flag === undefined) continue
    command.option(`${setting.flag} ${placeholderOf(setting)}`, setting.shape.description ?? '')
  }
  return command
}

/** The values of those options as `loadConfig` takes them, from what the command parsed (`command.opts()`). */
export function configFlagValues(
  options: Readonly<Record<string, unknown>>,
  schema: z.ZodType,
  area: string,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const { flag } of settingsOf(shapeOf(schema), area)) {
    if (flag === undefined) continue
    const value = options[optionName(flag)]
    if (typeof value === 'string') values[flag] = value
  }
  return values
}

/** What the value of a setting looks like, for help texts. */
export function placeholderOf(setting: Setting): string {
  if (setting.namesSecretFile) return '<file>'
  if (setting.shape.choices !== undefined) return `<${setting.shape.choices.map(String).join('|')}>`
  return placeholders[setting.kind]
}

/** The name commander keeps an option's value under: `--seal-linger-ms` is `sealLingerMs`. */
function optionName(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
