import type { z } from 'zod'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { formatPath, type Mistake, type ValuePath } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import type { Draft, Placed } from '../domain/catalogue/draft.ts'
import { elementSchemas, topSchemas, type ListKey } from '../domain/catalogue/tenant-file.ts'

/** Says where in the file a path's value stands, or the key that names it. */
export type Place = (path: ValuePath, part: 'key' | 'value') => Pick<Mistake, 'file' | 'line' | 'column'>

type Mapping = Readonly<Record<string, unknown>>
const listKeys = Object.keys(elementSchemas) as readonly ListKey[]
const topKeys = [...Object.keys(topSchemas), ...listKeys]

/** Far more than anybody mends in one go; beyond it, reading on costs time and helps nobody. */
export const mostMistakes = 200

/** What could be read of a tenant file, and everything wrong with the form of its parts. */
export interface ReadDraft {
  readonly draft: Draft
  readonly mistakes: readonly Mistake[]
  /** False when reading stopped at too many mistakes. */
  readonly complete: boolean
}

/**
 * Reads the parts of a tenant file one by one, so that a mistake in one part neither hides nor causes one in another. The
 * draft holds every part that is well-formed by itself.
 */
export function readDraft(value: unknown, place: Place): ReadDraft {
  const mistakes: Mistake[] = []
  let complete = true
  const file = isMapping(value) ? value : {}
  if (!isMapping(value)) {
    mistakes.push({
      ...place([], 'value'),
      path: '',
      message: 'is no tenant file: write a mapping with tenant:, currency: …',
    })
  }
  for (const key of Object.keys(file)) if (!topKeys.includes(key)) mistakes.push(unknownKey(key, place))

  const part = <Schema extends z.ZodType>(schema: Schema, path: ValuePath, given: unknown): z.output<Schema> | null => {
    const checked = checkAgainstSchema(schema, given, (inner, which) => place([...path, ...inner], which))
    if (checked.ok) return checked.value
    mistakes.push(...checked.mistakes.map((mistake) => ({ ...mistake, path: joined(path, mistake.path) })))
    return null
  }
  const list = <Schema extends z.ZodType>(schema: Schema, key: ListKey): readonly Placed<z.output<Schema>>[] => {
    const found: Placed<z.output<Schema>>[] = []
    for (const [index, given] of elementsOf(file, key).entries()) {
      if (mistakes.length >= mostMistakes) {
        complete = false
        break
      }
      const element = part(schema, [key, index], given)
      if (element !== null) found.push({ value: element, index })
    }
    return found
  }

  for (const key of listKeys) {
    const given = file[key]
    if (given === undefined || given === null || Array.isArray(given)) continue
    mistakes.push({
      ...place([key], 'value'),
      path: key,
      message: 'is no list',
      suggestion: 'write one entry a line, each after a hyphen',
    })
  }
  const draft: Draft = {
    tenant: isMapping(value) ? part(topSchemas.tenant, ['tenant'], file['tenant']) : null,
    currency: isMapping(value) ? part(topSchemas.currency, ['currency'], file['currency']) : null,
    operator: isMapping(value) ? part(topSchemas.operator, ['operator'], file['operator']) : null,
    meters: list(elementSchemas.meters, 'meters'),
    prices: list(elementSchemas.prices, 'prices'),
    offerings: list(elementSchemas.offerings, 'offerings'),
    accounts: list(elementSchemas.accounts, 'accounts'),
    partners: list(elementSchemas.partners, 'partners'),
    subscriptions: list(elementSchemas.subscriptions, 'subscriptions'),
    agents: list(elementSchemas.agents, 'agents'),
    expectations: list(elementSchemas.expectations, 'expectations'),
    correlations: list(elementSchemas.correlations, 'correlations'),
    declared: {
      meters: declaredIds(file, 'meters'),
      prices: declaredIds(file, 'prices'),
      offerings: declaredIds(file, 'offerings'),
      accounts: declaredIds(file, 'accounts'),
      partners: declaredIds(file, 'partners'),
      subscriptions: declaredIds(file, 'subscriptions'),
      agents: declaredIds(file, 'agents'),
      expectations: declaredIds(file, 'expectations'),
      correlations: declaredIds(file, 'correlations'),
    },
  }
  return { draft, mistakes, complete }
}

function unknownKey(key: string, place: Place): Mistake {
  const closest = closestOf(key, topKeys)
  const suggestion = closest === undefined ? `known here: ${topKeys.join(', ')}` : `did you mean ${closest}?`
  return { ...place([key], 'key'), path: formatPath([key]), message: 'is unknown', suggestion }
}

/** Ids of all elements that state one, whether or not the rest of the element is right. */
function declaredIds(file: Mapping, key: ListKey): readonly Placed<string>[] {
  return elementsOf(file, key).flatMap((element, index) => {
    const id = isMapping(element) ? element['id'] : undefined
    return typeof id === 'string' ? [{ value: id, index }] : []
  })
}

function elementsOf(file: Mapping, key: ListKey): readonly unknown[] {
  const given = file[key]
  return Array.isArray(given) ? (given as readonly unknown[]) : []
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function joined(path: ValuePath, inner: string): string {
  return `${formatPath(path)}${inner === '' || inner.startsWith('[') ? '' : '.'}${inner}`
}
