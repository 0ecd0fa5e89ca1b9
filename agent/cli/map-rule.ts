import { existsSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Command } from 'commander'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { formatMistakes, type Mistake } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { compileRule } from '../domain/mapping/compile-rule.ts'
import { profiles } from '../domain/mapping/profiles/profiles.ts'
import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import type { RuleParts } from '../domain/mapping/rule-parts.ts'
import { mappingsSchema } from '../domain/mapping/rule-schema.ts'
import { loadAgentConfig } from './load-agent-config.ts'

/** A rule to try, and the topics an agent would read by it. */
export interface FoundRule {
  readonly parts: RuleParts
  /** Topic filters; empty where the rule is told by name. */
  readonly topics: readonly string[]
}

/**
 * Finds the rule that a command line names: one of the configuration's when there is one with that name, else one of a
 * YAML file (`file.yaml`, or `file.yaml#name` where it holds several), else a shipped profile.
 */
export function findRule(wanted: string, command: Command): Result<FoundRule, Fault> {
  const hasConfig = command.optsWithGlobals<{ config?: string }>().config !== undefined
  const known: string[] = [...profiles.keys()]
  if (hasConfig) {
    const config = loadAgentConfig(command)
    if (!config.ok) return config
    const configured = config.value.mappings.find(({ name }) => name === wanted)
    if (configured !== undefined) return ok(ready(configured))
    known.push(...config.value.mappings.map(({ name }) => name))
  }
  const [file = '', name] = wanted.split('#', 2)
  if (existsSync(file)) return ruleOfFile(file, name)
  if (profiles.has(wanted))
    return ruleOf([{ name: wanted, profile: wanted }], () => ({ file: wanted, line: 0, column: 0 }))
  const closest = closestOf(wanted, known)
  const hint = closest === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${closest}?`
  const places = hasConfig ? 'a rule of the configuration, a file, or a shipped profile' : 'a file or a shipped profile'
  return failed(fault('rule_unknown', `${wanted} is neither ${places}. ${hint}`))
}

/** A file holds one rule, a list of them, or (as a configuration does) a list under "mappings". */
function ruleOfFile(file: string, name: string | undefined): Result<FoundRule, Fault> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('rule_unreadable', `The rule cannot be read: ${reason}`))
  }
  const parsed = parseYamlWithPositions(file, text)
  if (!parsed.ok) return failed(invalid(parsed.mistakes))
  const { value } = parsed
  const below = isMapping(value) && 'mappings' in value ? value['mappings'] : value
  const isList = Array.isArray(below)
  const prefix = below === value ? [] : ['mappings']
  const defaultName = basename(file, extname(file)).replaceAll(/[^A-Za-z0-9._-]/g, '-')
  const single = isMapping(below) ? [{ name: defaultName, ...below }] : [below]
  return ruleOf(
    isList ? (below as readonly unknown[]) : single,
    (path, part) => ({ file, ...parsed.positionOf([...prefix, ...(isList ? path : path.slice(1))], part) }),
    name,
  )
}

function ruleOf(
  written: readonly unknown[],
  locate: Parameters<typeof checkAgainstSchema>[2],
  name?: string,
): Result<FoundRule, Fault> {
  const checked = checkAgainstSchema(mappingsSchema, written, locate)
  if (!checked.ok) {
    // Whoever wrote a single rule knows of no list.
    const mistakes = checked.mistakes.map((mistake) => ({ ...mistake, path: mistake.path.replace(/^\[0\]\.?/, '') }))
    return failed(invalid(written.length === 1 ? mistakes : checked.mistakes))
  }
  const rules = name === undefined ? checked.value : checked.value.filter((rule) => rule.name === name)
  const [rule] = rules
  if (rule !== undefined && rules.length === 1) return ok(ready(rule))
  const names = checked.value.map((one) => one.name).join(', ')
  const message =
    name === undefined ? `The file holds ${rules.length} rules` : `The file holds ${rules.length} rules named ${name}`
  return failed(fault('rule_unknown', `${message}. Name one of them behind "#": ${names}`))
}

function ready(rule: RuleDefinition): FoundRule {
  const parts = compileRule(rule, () => undefined)
  if (parts === null) throw new TypeError(`the schema let the rule ${rule.name} through, and it cannot be compiled`)
  return { parts, topics: rule.topics ?? [] }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(mistakes: readonly Mistake[]): Fault {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  return fault('rule_invalid', `The rule has ${count}:\n${formatMistakes(mistakes)}`, {
    mistakes: JSON.stringify(mistakes),
  })
}
