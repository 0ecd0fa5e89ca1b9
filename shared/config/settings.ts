import type { ValuePath } from './mistakes.ts'
import { type Shape, type ShapeKind } from './schema-shape.ts'

/** One value of a configuration that can also be set from the environment and by a flag. */
export interface Setting {
  readonly path: ValuePath
  /** `METERLINE_AGENT__SEAL__LINGER_MS` */
  readonly environmentName: string
  /** `--seal-linger-ms`; none for what is or holds a secret, since everybody on a machine can read arguments. */
  readonly flag: string | undefined
  readonly kind: ShapeKind
  readonly shape: Shape
  /** True for the companion `xFile` of a secret `x`: the name of a file that holds the secret. */
  readonly namesSecretFile: boolean
  /** Must be set: the key and every section above it are required and there is no default. */
  readonly required: boolean
}

/** What a secret's companion key is called: `token` may be given as `tokenFile`. */
export function secretFileKey(key: string): string {
  return `${key}File`
}

/**
 * Every setting of a configuration in the order of its schema. Sections (mappings with known keys) are walked into;
 * lists and free mappings are one setting each, whose text is YAML.
 */
export function settingsOf(shape: Shape, area: string): readonly Setting[] {
  return settingsBelow(shape, [], area, true)
}

function settingsBelow(shape: Shape, path: readonly string[], area: string, needed: boolean): readonly Setting[] {
  return [...shape.properties].flatMap(([key, property]): readonly Setting[] => {
    const here = [...path, key]
    const required = needed && shape.required.has(key)
    if (property.properties.size > 0) return settingsBelow(property, here, area, required)
    const setting = {
      path: here,
      environmentName: environmentName(area, here),
      flag: holdsSecret(property) ? undefined : flagName(here),
      kind: property.kind,
      shape: property,
      namesSecretFile: false,
      required,
    }
    if (!property.secret) return [setting]
    const filePath = [...path, secretFileKey(key)]
    const companion: Setting = {
      ...setting,
      path: filePath,
      environmentName: environmentName(area, filePath),
      flag: flagName(filePath),
      kind: 'text',
      namesSecretFile: true,
      required: false,
    }
    return [setting, companion]
  })
}

function holdsSecret(shape: Shape): boolean {
  if (shape.secret) return true
  const below = [...shape.properties.values(), ...shape.alternatives]
  return [...below, ...(shape.entries === undefined ? [] : [shape.entries])].some(holdsSecret)
}

/** What all environment variables of an area begin with; `area` is `agent` or `aggregator`. */
export function environmentPrefix(area: string): string {
  return `METERLINE_${area.toUpperCase()}__`
}

/** The words of a camel-case key: `lingerMs` has `linger` and `ms`. */
function words(key: string): readonly string[] {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(' ')
}

function environmentName(area: string, path: readonly string[]): string {
  return environmentPrefix(area) + path.map((key) => words(key).join('_').toUpperCase()).join('__')
}

function flagName(path: readonly string[]): string {
  return `--${path.flatMap(words).join('-')}`
}
