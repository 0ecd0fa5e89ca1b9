const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const isInvalid = -1
const isTooDeep = -2
const literals = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const escapes = Buffer.from('"\\/bfnrt')

/**
 * Whether the bytes from `start` to `end` are one JSON text (RFC 8259) of at most `mostDepth` objects and arrays inside
 * each other. It says what `JSON.parse` would, but for the depth, and makes nothing of the text: bodies are large, and
 * values of theirs would fill the memory for nothing. Whether the bytes are UTF-8 is not looked at.
 */
export function checkJson(
  bytes: Uint8Array,
  start: number,
  end: number,
  mostDepth: number,
): 'valid' | 'invalid' | 'too_deep' {
  const behind = endOfValue(bytes, skipWhitespace(bytes, start, end), end, mostDepth)
  if (behind === isTooDeep) return 'too_deep'
  return behind >= 0 && skipWhitespace(bytes, behind, end) === end ? 'valid' : 'invalid'
}

/** The position behind the value that begins at `at`, or why there is none. It calls itself `depth` times at most. */
function endOfValue(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (at >= end) return isInvalid
  switch (bytes[at]) {
    case quote:
      return endOfString(bytes, at, end)
    case openBrace:
      return depth === 0 ? isTooDeep : endOfContainer(bytes, at, end, depth - 1, closeBrace)
    case openBracket:
      return depth === 0 ? isTooDeep : endOfContainer(bytes, at, end, depth - 1, closeBracket)
    default: {
      const literal = endOfLiteral(bytes, at, end)
      return literal === isInvalid ? endOfNumber(bytes, at, end) : literal
    }
  }
}

function endOfContainer(bytes: Uint8Array, open: number, end: number, depth: number, close: number): number {
  let at = skipWhitespace(bytes, open + 1, end)
  if (bytes[at] === close && at < end) return at + 1
  for (;;) {
    if (close === closeBrace) {
      if (at >= end || bytes[at] !== quote) return isInvalid
      at = endOfString(bytes, at, end)
      if (at < 0) return at
      at = skipWhitespace(bytes, at, end)
      if (at >= end || bytes[at] !== colon) return isInvalid
      at = skipWhitespace(bytes, at + 1, end)
    }
    at = endOfValue(bytes, at, end, depth)
    if (at < 0) return at
    at = skipWhitespace(bytes, at, end)
    if (at >= end) return isInvalid
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== comma) return isInvalid
    at = skipWhitespace(bytes, at + 1, end)
  }
}

function endOfString(bytes: Uint8Array, open: number, end: number): number {
  for (let at = open + 1; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte === quote) return at + 1
    if (byte < 0x20) return isInvalid
    if (byte !== backslash) continue
    at += 1
    if (at >= end) return isInvalid
    const escape = bytes[at] ?? 0
    if (escape === 0x75) {
      for (let digit = 1; digit <= 4; digit++) if (at + digit >= end || !isHex(bytes[at + digit])) return isInvalid
      at += 4
    } else if (!escapes.includes(escape)) return isInvalid
  }
  return isInvalid
}

function endOfLiteral(bytes: Uint8Array, at: number, end: number): number {
  const word = literals.find((literal) => literal[0] === bytes[at])
  if (word === undefined || at + word.length > end) return isInvalid
  return word.every((byte, index) => bytes[at + index] === byte) ? at + word.length : isInvalid
}

function endOfNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start
  const whole = endOfDigits(bytes, at, end)
  // A zero stands alone in front of the point.
  if (whole === at || (bytes[at] === 0x30 && whole > at + 1)) return isInvalid
  at = whole
  if (at < end && bytes[at] === 0x2e) {
    const fraction = endOfDigits(bytes, at + 1, end)
    if (fraction === at + 1) return isInvalid
    at = fraction
  }
  if (at < end && (bytes[at] === 0x65 || bytes[at] === 0x45)) {
    const signed = at + 1 < end && (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d) ? at + 2 : at + 1
    const exponent = endOfDigits(bytes, signed, end)
    if (exponent === signed) return isInvalid
    at = exponent
  }
  return at
}

function endOfDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39) at++
  return at
}

function skipWhitespace(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isWhitespace(bytes[at])) at++
  return at
}

/** The four whitespace characters of JSON (RFC 8259, section 2). */
export function isWhitespace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isHex(byte = 0): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}
