import { annotate, type Annotations } from '../annotations.ts'
import { isJsonObject, type JsonObject } from '../json-text.ts'

/** What is known of a member: it is counted; it only breaks a count down further; or what is known inside of it. */
type KnownField = 'counted' | 'breakdown' | KnownFields
/** The fields of a usage object that a dialect understands, by name. */
export interface KnownFields extends ReadonlyMap<string, KnownField> {}

/**
 * Declares what a dialect knows, as dotted paths. `breakdowns` only say more about a count: numbers without a class of
 * their own, kept as annotations when they are not zero, or lists, of which the modalities without a class are kept.
 */
export function knownFields(counts: readonly string[], breakdowns: readonly string[] = []): KnownFields {
  const known: Level = new Map()
  for (const path of counts) declare(known, path.split('.'), 'counted')
  for (const path of breakdowns) declare(known, path.split('.'), 'breakdown')
  return known
}

interface Level extends Map<string, 'counted' | 'breakdown' | Level> {}

function declare(known: Level, path: readonly string[], as: 'counted' | 'breakdown'): void {
  let level = known
  for (const name of path.slice(0, -1)) {
    const inside = level.get(name)
    const next: Level = typeof inside === 'object' ? inside : new Map()
    level.set(name, next)
    level = next
  }
  level.set(path.at(-1) ?? '', as)
}

/** Keeps what a usage object has beside the fields its dialect knows, as annotations `+usage.<path>`. */
export function keepUnknownUsage(usage: JsonObject, known: KnownFields, annotations: Annotations): void {
  keepUnknown(usage, known, '+usage', annotations)
}

function keepUnknown(value: object, known: KnownFields | null, prefix: string, annotations: Annotations): void {
  const members = value as JsonObject
  for (const name in members) {
    const field = known?.get(name)
    const member = members[name]
    if (field === 'counted' || (field === 'breakdown' && member === 0)) continue
    const path = `${prefix}.${name}`
    if (field === 'breakdown' && Array.isArray(member)) keepModalities(member, path, annotations)
    else if (typeof member !== 'object' || member === null || member instanceof Uint8Array)
      annotate(annotations, path, member)
    else keepUnknown(member, typeof field === 'object' ? field : null, path, annotations)
  }
}

/** Keeps the tokens of modalities without a class of their own (an image, a document) out of a list of them. */
function keepModalities(details: readonly unknown[], prefix: string, annotations: Annotations): void {
  for (const detail of details) {
    if (!isJsonObject(detail) || typeof detail['modality'] !== 'string') continue
    const { modality, tokenCount } = detail
    if (modality !== 'TEXT' && modality !== 'AUDIO') annotate(annotations, `${prefix}.${modality}`, tokenCount)
  }
}
