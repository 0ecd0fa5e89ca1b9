import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { Catalogue } from './catalogue.ts'
import { jsonWords, shownJson } from './json-words.ts'
import { listDifferences } from './list-differences.ts'
import { tenantFileJson } from './tenant-file-json.ts'

/** One difference between two versions of a catalogue. */
export interface DiffLine {
  readonly sign: '+' | '-' | '~'
  /** Such as `price` or `subscription`; `tenant` for what stands beside the lists. */
  readonly kind: string
  readonly id: string
  /** What is new, gone or different, in words. */
  readonly text: string
}

const kindOfList: Readonly<Record<string, string>> = {
  meters: 'meter',
  prices: 'price',
  offerings: 'offering',
  accounts: 'account',
  partners: 'partner',
  subscriptions: 'subscription',
  agents: 'agent',
  expectations: 'expectation',
  correlations: 'correlation',
  taxCodes: 'tax code',
  matrices: 'matrix',
  zones: 'zone',
  cycles: 'billing cycle',
  billingProfiles: 'billing profile',
  contracts: 'contract',
  exchangeRates: 'exchange rate',
}

type Element = { readonly [key: string]: JsonValue }

/** What applying `after` would change, list by list in the order of ids; nothing when both say the same. */
export function diffCatalogue(before: Catalogue | null, after: Catalogue): readonly DiffLine[] {
  if (before?.hash === after.hash) return []
  const earlier = before === null ? {} : mapping(tenantFileJson(before.file))
  const later = mapping(tenantFileJson(after.file))
  const lines: DiffLine[] = []
  const topBefore = topOf(earlier)
  const top = changesOf(topBefore, topOf(later))
  if (top !== '') lines.push({ sign: before === null ? '+' : '~', kind: 'tenant', id: after.file.tenant, text: top })
  for (const [list, kind] of Object.entries(kindOfList)) {
    lines.push(...diffList(kind, elementsOf(earlier[list]), elementsOf(later[list])))
  }
  return lines
}

/** A difference as one line of text, such as `~ subscription north-trackers: +120 subjects`. */
export function formatDiffLine({ sign, kind, id, text }: DiffLine): string {
  return `${sign} ${kind} ${id}${text === '' ? '' : `: ${text}`}`
}

function diffList(
  kind: string,
  before: ReadonlyMap<string, Element>,
  after: ReadonlyMap<string, Element>,
): readonly DiffLine[] {
  const lines: DiffLine[] = []
  for (const id of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    const earlier = before.get(id)
    const later = after.get(id)
    if (earlier === undefined) lines.push({ sign: '+', kind, id, text: changesOf({}, later ?? {}) })
    else if (later === undefined) lines.push({ sign: '-', kind, id, text: '' })
    else {
      const text = changesOf(earlier, later)
      if (text !== '') lines.push({ sign: '~', kind, id, text })
    }
  }
  return lines
}

function changesOf(before: Element, after: Element): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys]
    .filter((key) => key !== 'id')
    .map((key) => changeOf(key, before[key], after[key]))
    .filter((text) => text !== '')
    .join(', ')
}

function changeOf(key: string, before: JsonValue | undefined, after: JsonValue | undefined): string {
  if (key === 'subjects') return subjectsChange(before, after)
  const inList = listDifferences(key, before, after)
  if (inList !== null) return inList
  const earlier = before === undefined ? undefined : shownJson(before)
  const later = after === undefined ? undefined : shownJson(after)
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return ''
  if (earlier === undefined) return `${key} ${later ?? ''}`
  return later === undefined ? `no ${key} (was ${earlier})` : `${key} ${earlier} → ${later}`
}

/** Lists of subjects may be very long, so they are counted. */
function subjectsChange(before: JsonValue | undefined, after: JsonValue | undefined): string {
  const earlier = new Set(Array.isArray(before) ? before : [])
  const later = new Set(Array.isArray(after) ? after : [])
  const added = [...later].filter((subject) => !earlier.has(subject)).length
  const removed = [...earlier].filter((subject) => !later.has(subject)).length
  const parts = [added === 0 ? '' : `+${added}`, removed === 0 ? '' : `-${removed}`].filter((part) => part !== '')
  return parts.length === 0 ? '' : `${parts.join(' ')} subject${added + removed === 1 ? '' : 's'}`
}

function topOf({ currency, operator, test }: Element): Element {
  return {
    ...(currency === undefined ? {} : { currency }),
    ...(operator === undefined ? {} : { operator }),
    ...(test === undefined ? {} : { test }),
  }
}

function elementsOf(list: JsonValue | undefined): ReadonlyMap<string, Element> {
  const elements = Array.isArray(list) ? list.map(mapping) : []
  return new Map(elements.map((element) => [jsonWords(element['id'] ?? ''), element]))
}

function mapping(value: JsonValue): Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Element) : {}
}
