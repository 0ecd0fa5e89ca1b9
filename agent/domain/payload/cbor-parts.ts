/**
 * Whether bytes begin as CBOR payloads do: with a map or an array (0x80 to 0xBF), or with the tag 55799 in front of one
 * (D9 D9 F7; RFC 8949, section 3.4.6). No JSON text in UTF-8 begins with such a byte.
 */
export function isCbor(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0
  return (first >= 0x80 && first <= 0xbf) || first === 0xd9
}

// Keys come again and again. Kept by a hash of their bytes, a known one costs a comparison, and is already the kind of
// string that naming a member takes. A direct-mapped table of short ASCII keys: it never grows.
const keySlots = 1024
const longestKeptKey = 64
const keptKeys: string[] = Array.from({ length: keySlots }, () => '')
/** Where the key that was asked for last belongs. */
let slot = 0

/** The key whose bytes stand at `start`, when it is known; null otherwise. */
export function keptKey(bytes: Uint8Array, start: number, length: number): string | null {
  if (length > longestKeptKey) return null
  let hash = length
  for (let index = start; index < start + length; index++) hash = (Math.imul(hash, 31) + (bytes[index] ?? 0)) | 0
  slot = (hash ^ (hash >>> 10)) & (keySlots - 1)
  const kept = keptKeys[slot] ?? ''
  if (kept.length !== length) return null
  for (let index = 0; index < length; index++) if (kept.charCodeAt(index) !== bytes[start + index]) return null
  return kept
}

/** Keeps a key that `keptKey` was just asked for and did not know; `length` is that of its bytes. */
export function keepKey(key: string, length: number): void {
  // Fewer units than bytes: not ASCII.
  if (length <= longestKeptKey && key.length === length) keptKeys[slot] = key
}

/** The number that 16 bits stand for (IEEE 754 binary16; RFC 8949, appendix D). */
export function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (fraction + 1024) * 2 ** (exponent - 25)
}
