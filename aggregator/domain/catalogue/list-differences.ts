import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { jsonWords, shownJson } from './json-words.ts'

type Mapping = { readonly [key: string]: JsonValue }

interface KeyedList {
  readonly key: string
  /** The key of those that lack the first. */
  readonly orKey?: string
  readonly name: string
  readonly many: string
}

/** Lists whose elements are told apart by one of their keys, what an element is called, and how it is named. */
const keyedLists: Readonly<Record<string, KeyedList>> = {
  // Those of prices have from, those of subscriptions at.
  changes: { key: 'from', orKey: 'at', name: 'change from', many: 'changes' },
  versions: { key: 'from', name: 'version from', many: 'versions' },
  migrations: { key: 'at', name: 'migration at', many: 'migrations' },
  pauses: { key: 'from', name: 'pause from', many: 'pauses' },
  moves: { key: 'at', name: 'move at', many: 'moves' },
  rows: { key: 'when', name: 'row', many: 'rows' },
}
/** More differences of one kind than this are counted instead of shown. */
const mostShown = 3

/** What is new (+), gone (-) and different (~) in a list of dated or named parts; null for any other value. */
export function listDifferences(
  key: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): string | null {
  const list = keyedLists[key]
  if (list === undefined) return null
  const [earlier, later] = [elementsBy(list, before), elementsBy(list, after)]
  const added = [...later.keys()].filter((name) => !earlier.has(name))
  const removed = [...earlier.keys()].filter((name) => !later.has(name))
  const changed = [...later].filter(([name, element]) => {
    const known = earlier.get(name)
    return known !== undefined && canonicalJson(known) !== canonicalJson(element)
  })
  const shown = (sign: string, names: readonly string[], tell: (name: string) => string): readonly string[] => {
    if (names.length > mostShown) return [`${sign}${names.length} ${list.many}`]
    return names.map((name) => `${sign}${list.name} ${tell(name)}`)
  }
  const told = (name: string): string => {
    const rest = without([list.key, list.orKey ?? list.key], later.get(name) ?? {})
    return Object.keys(rest).length === 0 ? name : `${name}: ${shownJson(rest)}`
  }
  return [
    ...shown('+', added, told),
    ...shown('-', removed, (name) => name),
    ...shown(
      '~',
      changed.map(([name]) => name),
      told,
    ),
  ].join(', ')
}

function elementsBy({ key, orKey }: KeyedList, list: JsonValue | undefined): ReadonlyMap<string, Mapping> {
  const elements: Mapping[] = Array.isArray(list) ? list.filter(isMapping) : []
  return new Map(
    elements.map((element) => {
      const name = jsonWords(element[key] ?? element[orKey ?? key] ?? '')
      return [name === '' ? 'for anything' : name, element]
    }),
  )
}

function without(keys: readonly string[], element: Mapping): Mapping {
  return Object.fromEntries(Object.entries(element).filter(([name]) => !keys.includes(name)))
}

function isMapping(value: JsonValue): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
