import { canonicalJson, type JsonValue } from '../integrity/canonical-json.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The value of bytes that are canonical JSON (RFC 8785, integers only); undefined, which no schema accepts, when they are
 * anything else, so that what is signed has one spelling.
 */
export function readCanonicalJson(bytes: Uint8Array): JsonValue | undefined {
  const parsed = parseJson(bytes)
  if (parsed === null) return undefined
  const { text, value } = parsed
  return hasCanonicalForm(value) && canonicalJson(value) === text ? value : undefined
}

function parseJson(bytes: Uint8Array): { readonly text: string; readonly value: JsonValue } | null {
  try {
    const text = strictUtf8.decode(bytes)
    return { text, value: JSON.parse(text) as JsonValue }
  } catch {
    // Both the decoder and the parser throw only for bytes that are not UTF-8 JSON.
    return null
  }
}

/** Numbers that are no safe integers and texts with lone surrogates have no canonical form. */
function hasCanonicalForm(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value === 'string') return value.isWellFormed()
  if (value === null || typeof value === 'boolean') return true
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && hasCanonicalForm(member))
}
