import type { z } from 'zod'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { formatPath, type Mistake } from '@meterline/shared/config/mistakes.ts'
import type { Draft, Placed } from '../domain/catalogue/draft.ts'
import { elementSchemas, topSchemas, type ListKey } from '../domain/catalogue/tenant-file.ts'
import { PartReader, type Place } from './part-reader.ts'

type Mapping = Readonly<Record<string, unknown>>
const listKeys = Object.keys(elementSchemas) as readonly ListKey[]
const topKeys = [...Object.keys(topSchemas), ...listKeys]

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
  const file = isMapping(value) ? value : {}
  const reader = new PartReader(place, mistakesOfForm(value, place))
  const part = <Schema extends z.ZodType>(schema: Schema, key: string): z.output<Schema> | null =>
    isMapping(value) ? reader.part(schema, [key], file[key]) : null
  const list = <Schema extends z.ZodType>(key: ListKey, schema: Schema): readonly Placed<z.output<Schema>>[] =>
    reader.elements(elementsOf(file, key), [key], (given, path) => reader.part(schema, path, given))
  const draft: Draft = {
    tenant: part(topSchemas.tenant, 'tenant'),
    currency: part(topSchemas.currency, 'currency'),
    operator: part(topSchemas.operator, 'operator'),
    test: part(topSchemas.test, 'test'),
    meters: list('meters', elementSchemas.meters),
    prices: reader.elements(elementsOf(file, 'prices'), ['prices'], (given, path) => reader.price(path, given)),
    offerings: list('offerings', elementSchemas.offerings),
    accounts: list('accounts', elementSchemas.accounts),
    partners: list('partners', elementSchemas.partners),
    subscriptions: list('subscriptions', elementSchemas.subscriptions),
    agents: list('agents', elementSchemas.agents),
    expectations: list('expectations', elementSchemas.expectations),
    correlations: list('correlations', elementSchemas.correlations),
    taxCodes: list('taxCodes', elementSchemas.taxCodes),
    matrices: list('matrices', elementSchemas.matrices),
    zones: list('zones', elementSchemas.zones),
    cycles: list('cycles', elementSchemas.cycles),
    billingProfiles: list('billingProfiles', elementSchemas.billingProfiles),
    contracts: list('contracts', elementSchemas.contracts),
    exchangeRates: list('exchangeRates', elementSchemas.exchangeRates),
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
      taxCodes: declaredIds(file, 'taxCodes'),
      matrices: declaredIds(file, 'matrices'),
      zones: declaredIds(file, 'zones'),
      cycles: declaredIds(file, 'cycles'),
      billingProfiles: declaredIds(file, 'billingProfiles'),
      contracts: declaredIds(file, 'contracts'),
      exchangeRates: declaredIds(file, 'exchangeRates'),
    },
  }
  return { draft, mistakes: reader.mistakes, complete: reader.complete }
}

/** What is wrong with the file as a whole: no mapping, unknown keys, lists that are none. */
function mistakesOfForm(value: unknown, place: Place): readonly Mistake[] {
  if (!isMapping(value)) {
    const message = 'is no tenant file: write a mapping with tenant:, currency: …'
    return [{ ...place([], 'value'), path: '', message }]
  }
  const unknown = Object.keys(value).filter((key) => !topKeys.includes(key))
  const noLists = listKeys.filter((key) => {
    const given = value[key]
    return given !== undefined && given !== null && !Array.isArray(given)
  })
  const suggestion = 'write one entry a line, each after a hyphen'
  return [
    ...unknown.map((key) => unknownKey(key, place)),
    ...noLists.map((key) => ({ ...place([key], 'value'), path: key, message: 'is no list', suggestion })),
  ]
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
