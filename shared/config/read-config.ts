import type { z } from 'zod'
import { closestOf } from './closest.ts'
import { formatPath, type Mistake, type ValuePath } from './mistakes.ts'
import { checkAgainstSchema, type Checked, type Locate } from './schema-mistakes.ts'
import { shapeOf, type Shape } from './schema-shape.ts'
import { environmentPrefix, secretFileKey, settingsOf, type Setting } from './settings.ts'
import { parseYamlWithPositions, type PositionedYaml } from './yaml-positions.ts'

/** Where a configuration comes from; a flag wins over the environment, the environment over the file. */
export interface ConfigSources {
  /** The configuration file, when one is named. */
  readonly file?: { readonly name: string; readonly text: string }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Values of flags by their name (`--seal-linger-ms`), as typed. */
  readonly flags: Readonly<Record<string, string>>
  /** Reads a file that holds a secret; gives a text saying what is wrong when it cannot. */
  readonly readSecret: (fileName: string) => { readonly secret: string } | { readonly problem: string }
}

interface Origin {
  readonly name: string
  readonly path: ValuePath
}
type Tree = Record<string, unknown>

/**
 * Reads a configuration: one schema gives the type, the keys of the YAML file, the names of environment variables
 * (`METERLINE_<AREA>__SECTION__KEY`) and the flags (`--section-key`). All mistakes of all sources are reported at once.
 */
export function readConfig<Schema extends z.ZodType>(
  schema: Schema,
  area: string,
  sources: ConfigSources,
): Checked<z.output<Schema>> {
  const shape = shapeOf(schema)
  const settings = settingsOf(shape, area)
  const mistakes: Mistake[] = unknownVariables(settings, area, sources.environment)
  const parsed = parseYamlWithPositions(sources.file?.name ?? '', sources.file?.text ?? '')
  if (!parsed.ok) return { ok: false, mistakes: [...mistakes, ...parsed.mistakes] }

  const origins: Origin[] = []
  const locate = locateIn(sources.file?.name, parsed, origins)
  let value: unknown = parsed.value ?? {}
  for (const { setting, name, text } of overrides(settings, sources)) {
    const read = readText(setting, name, text)
    if ('mistakes' in read) mistakes.push(...read.mistakes)
    else {
      value = withValue(value, setting.path, read.value)
      origins.push({ name, path: setting.path })
    }
  }
  const secrets: SecretReading = { readSecret: sources.readSecret, locate, mistakes, refused: new Set() }
  value = withSecrets(withRequiredSections(value, shape), shape, [], secrets)

  const checked = checkAgainstSchema(schema, value, locate)
  if (!checked.ok) {
    // A secret whose file could not be used is not missing; its file's mistake says what to mend.
    const rest = checked.mistakes.filter((mistake) => !secrets.refused.has(mistake.path))
    mistakes.push(...rest.map((mistake) => withWaysToSet(mistake, settings)))
  }
  if (mistakes.length > 0 || !checked.ok) return { ok: false, mistakes }
  return checked
}

/** Settings given outside the file, the weaker source first. */
function overrides(
  settings: readonly Setting[],
  sources: ConfigSources,
): readonly { setting: Setting; name: string; text: string }[] {
  const fromEnvironment = settings.map((setting) => ({
    setting,
    name: setting.environmentName,
    text: sources.environment[setting.environmentName],
  }))
  const fromFlags = settings.map((setting) => ({
    setting,
    name: setting.flag ?? '',
    text: setting.flag === undefined ? undefined : sources.flags[setting.flag],
  }))
  return [...fromEnvironment, ...fromFlags].flatMap(({ setting, name, text }) =>
    text === undefined ? [] : [{ setting, name, text }],
  )
}

/** A text from the environment or a flag as the value it stands for; what does not fit is left for the schema to refuse. */
function readText(
  setting: Setting,
  name: string,
  text: string,
): { readonly value: unknown } | { readonly mistakes: readonly Mistake[] } {
  switch (setting.kind) {
    case 'text':
      return { value: text }
    case 'integer':
    case 'number':
      return { value: /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text }
    case 'boolean':
      return { value: text === 'true' ? true : text === 'false' ? false : text }
    default: {
      const parsed = parseYamlWithPositions(name, text)
      return parsed.ok ? { value: parsed.value } : { mistakes: parsed.mistakes }
    }
  }
}

function unknownVariables(
  settings: readonly Setting[],
  area: string,
  environment: Readonly<Record<string, string | undefined>>,
): Mistake[] {
  const prefix = environmentPrefix(area)
  // Compared without what all of them begin with, which would make any two look alike.
  const known = settings.map((setting) => setting.environmentName.slice(prefix.length))
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)))
    .map((name) => {
      const closest = closestOf(name.slice(prefix.length), known)
      const mistake = { file: name, line: 0, column: 0, path: '', message: 'no setting has this environment variable' }
      return closest === undefined ? mistake : { ...mistake, suggestion: `did you mean ${prefix}${closest}?` }
    })
}

/** The tree with one value put in, making the sections on the way; left as it is where something else stands there. */
function withValue(tree: unknown, path: ValuePath, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (!isTree(tree)) return tree
  const below = rest.length === 0 ? value : withValue(tree[step] ?? {}, rest, value)
  return { ...tree, [step]: below }
}

/** The tree with an empty section for each required one that is absent, so that what is missing inside is named. */
function withRequiredSections(value: unknown, shape: Shape): unknown {
  if (!isTree(value)) return value
  const result: Tree = { ...value }
  for (const [key, property] of shape.properties) {
    if (property.properties.size === 0) continue
    if (result[key] === undefined && shape.required.has(key)) result[key] = {}
    if (result[key] !== undefined) result[key] = withRequiredSections(result[key], property)
  }
  return result
}

interface SecretReading {
  readonly readSecret: ConfigSources['readSecret']
  readonly locate: Locate
  readonly mistakes: Mistake[]
  /** Paths of the secrets whose files could not be used. */
  readonly refused: Set<string>
}

/** The tree with every `xFile` of a secret `x` replaced by what that file holds. */
function withSecrets(value: unknown, shape: Shape, path: ValuePath, reading: SecretReading): unknown {
  if (Array.isArray(value)) {
    const { entries } = shape
    if (entries === undefined) return value
    return value.map((entry, index) => withSecrets(entry, entries, [...path, index], reading))
  }
  if (!isTree(value)) return value
  const result: Tree = { ...value }
  for (const [key, property] of shape.properties) {
    if (property.secret) takeSecretFile(result, key, path, reading)
    else if (key in result) result[key] = withSecrets(result[key], property, [...path, key], reading)
  }
  return result
}

function takeSecretFile(tree: Tree, key: string, path: ValuePath, reading: SecretReading): void {
  const fileKey = secretFileKey(key)
  const fileName = tree[fileKey]
  if (fileName === undefined) return
  delete tree[fileKey]
  const filePath = [...path, fileKey]
  const refuse = (message: string): void => {
    reading.mistakes.push({ ...reading.locate(filePath, 'value'), path: formatPath(filePath), message })
    reading.refused.add(formatPath([...path, key]))
  }
  if (typeof fileName !== 'string') return refuse('must be the name of a file')
  if (tree[key] !== undefined) return refuse(`is given beside ${key}: only one of them may be`)
  const read = reading.readSecret(fileName)
  if ('problem' in read) refuse(read.problem)
  // One line break at the end is how editors end a file, not part of the secret.
  else tree[key] = read.secret.replace(/\r?\n$/, '')
}

function locateIn(fileName: string | undefined, document: PositionedYaml, origins: readonly Origin[]): Locate {
  return (path, part) => {
    const origin = origins.findLast((candidate) => candidate.path.every((step, depth) => path[depth] === step))
    if (origin !== undefined) return { file: origin.name, line: 0, column: 0 }
    if (fileName === undefined) return { file: 'configuration', line: 0, column: 0 }
    return { file: fileName, ...document.positionOf(path, part) }
  }
}

/** Tells for a missing setting how else it can be given. */
function withWaysToSet(mistake: Mistake, settings: readonly Setting[]): Mistake {
  if (mistake.suggestion !== undefined || !mistake.message.startsWith('is missing')) return mistake
  const setting = settings.find((candidate) => formatPath(candidate.path) === mistake.path)
  if (setting === undefined) return mistake
  const ways = [setting.environmentName, setting.flag].filter((way) => way !== undefined).join(' or ')
  return { ...mistake, suggestion: `write it in the file or set ${ways}` }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
