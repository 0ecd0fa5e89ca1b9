import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'

const longestShown = 100

/** A value in few words, cut where it gets long: texts as they are, lists in brackets, mappings by their keys and values. */
export function shownJson(value: JsonValue): string {
  const text = jsonWords(value)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/** The same uncut. */
export function jsonWords(value: JsonValue): string {
  if (typeof value === 'string') return value
  if (value === null) return 'none'
  if (Array.isArray(value)) return `[${value.map(jsonWords).join(', ')}]`
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${jsonWords(inner)}`)
    .join(' ')
}
