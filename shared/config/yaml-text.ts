import { stringify } from 'yaml'

/** Plain data as YAML that people can read and `parseYamlWithPositions` reads back; ends with a line break. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 120, aliasDuplicateObjects: false })
}
