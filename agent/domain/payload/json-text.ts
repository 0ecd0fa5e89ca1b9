/** An object of a payload, JSON or CBOR, as its reader sees it: nothing about its members is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a parsed value is an object (not null, not an array, not the byte string of a CBOR payload). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** How deeply payloads may nest. Our own shapes need four levels; the rest is for members nobody reads. */
export const deepestNesting = 16

const quote = 0x22
const colon = 0x3a
const backslash = 0x5c

/**
 * Counts what may be member names in a JSON text: colons behind a quote. Never less than there are, because a name is
 * always followed by a colon; sometimes more, because a text may begin with a colon (`":x"`) or hold an escaped quote
 * before one. Equal to `countMembers` of the parsed value means that no name was there twice.
 */
export function countPossibleMembers(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at > 0; at = text.indexOf(':', at + 1)) {
    let before = at - 1
    while (before > 0 && isWhitespace(text.charCodeAt(before))) before--
    if (text.charCodeAt(before) === quote) count++
  }
  return count
}

/** How many members all objects inside a parsed JSON value have; -1 when it nests deeper than `deepestNesting`. */
export function countMembers(value: unknown, depth = 1): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > deepestNesting) return -1
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value as readonly unknown[]) {
      const inside = countMembers(element, depth + 1)
      if (inside < 0) return -1
      count += inside
    }
    return count
  }
  const members = value as JsonObject
  for (const name in members) {
    count++
    const member = members[name]
    if (typeof member !== 'object' || member === null) continue
    const inside = countMembers(member, depth + 1)
    if (inside < 0) return -1
    count += inside
  }
  return count
}

/** Where one event stands in a payload, in bytes, and the first member name that one of its objects has twice. */
export interface EventSpan {
  readonly start: number
  readonly end: number
  readonly duplicate: string | null
}

/**
 * Finds the events of a payload that `JSON.parse` has accepted: the elements of the outermost array, or the whole
 * text. Slow and exact; only asked for when something is wrong, to say what and to keep exactly those bytes. (Which of
 * two members of the same name counts is left open by RFC 8259, section 4; for money both are refused.)
 */
export function findEventSpans(bytes: Uint8Array): EventSpan[] {
  const spans: EventSpan[] = []
  // One set of names for each open object, null for each open array.
  const open: (Set<string> | null)[] = []
  const isArray = bytes[skipWhitespace(bytes, 0)] === 0x5b
  const eventDepth = isArray ? 1 : 0
  let start = -1
  let end = 0
  let duplicate: string | null = null
  const finishEvent = (): void => {
    if (start >= 0) spans.push({ start, end, duplicate })
    start = -1
    duplicate = null
  }

  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (isWhitespace(byte)) continue
    if (isArray && open.length === 1 && (byte === 0x2c || byte === 0x5d)) finishEvent()
    else if (open.length >= eventDepth && start < 0) start = at
    if (byte === quote) {
      const close = endOfString(bytes, at)
      const names = open.at(-1)
      if (names !== undefined && names !== null && bytes[skipWhitespace(bytes, close)] === colon) {
        const name = nameOf(bytes, at, close)
        if (names.has(name)) duplicate ??= name
        names.add(name)
      }
      at = close - 1
    } else if (byte === 0x7b) open.push(new Set())
    else if (byte === 0x5b) open.push(null)
    else if (byte === 0x7d || byte === 0x5d) open.pop()
    end = at + 1
  }
  if (!isArray) finishEvent()
  return spans
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  const literal = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
  const name: unknown = JSON.parse(literal)
  return String(name)
}

/** The position behind the closing quote of the string that opens at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at + 1
}

function skipWhitespace(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && isWhitespace(bytes[at] ?? 0)) at++
  return at
}

/** The four whitespace characters of JSON (RFC 8259, section 2). */
function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
