import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { mappingCodes } from './mapping-codes.ts'
import { profiles } from './profiles/profiles.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { mappingsSchema } from './rule-schema.ts'
import { mapped } from './testing/sample-rules.ts'

const page = readFileSync(new URL('../../../docs/mapping.md', import.meta.url), 'utf8')

/** The code blocks of a language, without the indentation of the list they may stand in. */
function blocks(language: string): readonly string[] {
  const found = [...page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^ *\`\`\``, 'gm'))]
  return found.map(([, indentation = '', text = '']) => text.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''))
}

/** The first column of the table below a heading. */
function firstColumn(heading: string): readonly string[] {
  const section = page.slice(page.indexOf(`## ${heading}`)).split(/\n##+ /)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

function rulesOf(block: string): readonly RuleDefinition[] {
  const parsed = parseYamlWithPositions('mapping.md', block)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes))
  const { value } = parsed
  const listed = typeof value === 'object' && value !== null && 'mappings' in value ? value.mappings : [value]
  return mappingsSchema.parse(listed)
}

describe('the page about mapping', () => {
  test('names every reason of a rule, and none that does not exist', () => {
    const named = firstColumn('Why something was refused')
    expect(named.toSorted()).toEqual([...mappingCodes].toSorted())
  })

  test('names every key of a rule and every profile', () => {
    const [rule] = rulesOf('{ name: r, atLeastOnce: true, meters: [{ meter: m, quantity: 1 }] }')
    expect(rule?.name).toBe('r')
    const entry = mappingsSchema.unwrap().element
    expect(firstColumn('The keys of a rule')).toEqual(Object.keys(entry.shape))
    expect(firstColumn('Shipped profiles')).toEqual([...profiles.keys()])
  })

  test('has rules that work', () => {
    const rules = blocks('yaml').flatMap(rulesOf)
    expect(rules.map(({ name }) => name)).toEqual([
      'boxes',
      'boxes',
      'counters',
      'calls',
      'chirpstack',
      'helium',
      'pumps',
    ])
  })

  test('meters the odd payload as it says', () => {
    const [sample = ''] = blocks('json')
    const [boxes] = rulesOf(blocks('yaml')[0] ?? '')
    const { events, rejected } = mapped(boxes ?? {}, sample, { device: 'sample-device', topic: 'boxes/b-17/readings' })
    expect(rejected).toEqual([])
    expect(events.map(({ id, measured }) => [id, measured[0]?.quantity])).toEqual([
      ['b-17/3/4711', 1250n],
      ['b-17/3/4712', 4n],
    ])
    const [shown = ''] = blocks('text')
    expect(shown).toContain(events[0]?.id)
    expect(shown).toContain(String(events[0]?.measured[0]?.quantity))
  })
})
