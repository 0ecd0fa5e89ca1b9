import { formatPath, type Mistake, type ValuePath } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema, type Checked, type Locate } from '@meterline/shared/config/schema-mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { checkGroups, type PlacedGroup } from './check-groups.ts'
import { fleetLimits, fleetSchema, groupSchema, type FleetFile, type FleetGroup } from './fleet-file.ts'

/**
 * Reads a fleet from YAML text. All mistakes come at once, each with its line and column: of the form of every part, and
 * of what does not fit together.
 */
export function readFleetFile(fileName: string, text: string): Checked<FleetFile> {
  const yaml = parseYamlWithPositions(fileName, text)
  if (!yaml.ok) return yaml
  const locate: Locate = (path, part) => ({ file: fileName, ...yaml.positionOf(path, part) })
  const top = checkAgainstSchema(fleetSchema, yaml.value, locate)
  const mistakes: Mistake[] = top.ok ? [] : [...top.mistakes]
  const groups: PlacedGroup[] = []
  for (const [index, given] of groupsOf(yaml.value).entries()) {
    const checked = checkAgainstSchema(groupSchema, given, (path, part) => locate(['groups', index, ...path], part))
    if (checked.ok) groups.push({ group: checked.value, index })
    else mistakes.push(...checked.mistakes.map((mistake) => below(['groups', index], mistake)))
  }
  for (const { path, part, message } of checkGroups(groups)) {
    mistakes.push({ ...locate(path, part), path: formatPath(path), message })
  }
  if (!top.ok || mistakes.length > 0) return { ok: false, mistakes }
  return { ok: true, value: { ...top.value, groups: groups.map((placed): FleetGroup => placed.group) } }
}

/** The groups that are worth a look, whatever else is wrong with the file. */
function groupsOf(value: unknown): readonly unknown[] {
  const groups: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'groups') : undefined
  return Array.isArray(groups) ? groups.slice(0, fleetLimits.groups) : []
}

function below(path: ValuePath, mistake: Mistake): Mistake {
  const inner = mistake.path
  return { ...mistake, path: `${formatPath(path)}${inner === '' || inner.startsWith('[') ? '' : '.'}${inner}` }
}
