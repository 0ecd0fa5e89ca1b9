import { isUtf8 } from 'node:buffer'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { deepestNesting } from '../domain/payload/json-text.ts'
import { checkJson, isWhitespace } from './http-json.ts'
import { problem, type HttpProblem } from './http-problem.ts'

/** How a body is cut: a JSON document (an array between its elements), lines of JSON, lines as they are, or not at all. */
export type BodyForm = 'json' | 'json-lines' | 'raw-lines' | 'whole'

/** A part of a body that is delivered by itself. */
export interface BodyPiece {
  readonly payload: Uint8Array
  /** Position of its first event in the body. */
  readonly firstPosition: number
  /** Null where nobody had to count. */
  readonly events: number | null
}

/** A cut body, or why it cannot be cut. */
export type CutBody = readonly BodyPiece[] | HttpProblem

/** From where to where a part reaches, in bytes of the body. */
interface Span {
  readonly start: number
  readonly end: number
}

const { payloadBytes, eventsPerPayload } = usageEventLimits
/** So short a body is one delivery unseen: with more events than one may hold, none of them could say anything. */
const uncountedBytes = 20 * eventsPerPayload

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const openBrace = 0x7b
const closeBracket = 0x5d
const newline = 0x0a

/**
 * Cuts a body into deliveries of at most 64 KiB and 1,000 events each. What is not an array, and a single event that is
 * too large, goes as it is: the journal keeps its beginning with the reason. `mostEvents` bounds a body that is cut.
 */
export function cutBody(body: Buffer, form: BodyForm, mostEvents: number): CutBody {
  if (body.length === 0) return problem(400, 'body_empty', 'the body is empty: post an event or an array of events')
  if (form === 'json-lines') return cutJsonLines(body, mostEvents)
  if (form === 'raw-lines') return cutRawLines(body, mostEvents)
  if (form === 'whole' || body.length <= uncountedBytes || !isArray(body)) return [whole(body, null)]
  // Events are objects: with no more braces than one delivery may have events, there is nothing to cut.
  if (body.length <= payloadBytes && countOpenBraces(body) <= eventsPerPayload) return [whole(body, null)]
  const elements = elementsOf(body, mostEvents)
  if (elements === 'too_many') return tooMany(mostEvents)
  if (elements !== 'malformed' && elements.length <= eventsPerPayload && body.length <= payloadBytes) {
    return [whole(body, elements.length)]
  }
  return elements === 'malformed' ? notJson('it has no end') : cutElements(body, elements)
}

/** Only a document that is whole may be taken apart, and what nests too deep must not spoil its neighbours. */
function cutElements(body: Buffer, elements: readonly Span[]): CutBody {
  if (elements.length === 0) return problem(400, 'body_empty', 'the body is an empty array')
  if (!isUtf8(body)) return notJson('it is not valid UTF-8')
  const loners = new Set<Span>()
  for (const [index, element] of elements.entries()) {
    const checked = checkJson(body, element.start, element.end, deepestNesting - 1)
    if (checked === 'invalid') return notJson(`its element ${index} is none`)
    if (checked === 'too_deep') loners.add(element)
  }
  const bytesOf = (first: Span, last: Span): number => last.end - first.start + 2
  return packed(elements, bytesOf, loners).map(({ from, to }) => ({
    payload: arrayOf([body.subarray(elements[from]?.start, elements[to - 1]?.end)]),
    firstPosition: from,
    events: to - from,
  }))
}

function notJson(what: string): HttpProblem {
  return problem(400, 'body_not_json', `the body is not JSON: ${what}`)
}

function whole(body: Buffer, events: number | null): BodyPiece {
  return { payload: body, firstPosition: 0, events }
}

function tooMany(mostEvents: number): HttpProblem {
  return problem(413, 'body_too_many_events', `the body has more than ${mostEvents} events: post fewer at a time`)
}

/**
 * Gathers neighbours, but no loners, as long as they fit into one delivery together. `bytesOf` says what two ends take
 * with all between.
 */
function packed(
  spans: readonly Span[],
  bytesOf: (first: Span, last: Span) => number,
  loners: ReadonlySet<Span>,
): { readonly from: number; readonly to: number }[] {
  const groups: { from: number; to: number }[] = []
  for (const [index, span] of spans.entries()) {
    const group = groups.at(-1)
    const first = group === undefined ? undefined : spans[group.from]
    const fits =
      group !== undefined &&
      first !== undefined &&
      !loners.has(first) &&
      !loners.has(span) &&
      group.to - group.from < eventsPerPayload &&
      bytesOf(first, span) <= payloadBytes
    if (fits) group.to = index + 1
    else groups.push({ from: index, to: index + 1 })
  }
  return groups
}

/** Elements as a JSON array; a single one that would not fit with its brackets stays as it is. */
function arrayOf(parts: readonly Uint8Array[]): Uint8Array {
  const [single] = parts
  if (parts.length === 1 && single !== undefined && single.length + 2 > payloadBytes) return single
  const array = Buffer.allocUnsafe(parts.reduce((bytes, part) => bytes + part.length + 1, 1))
  let at = 0
  for (const part of parts) {
    array[at] = at === 0 ? openBracket : comma
    array.set(part, at + 1)
    at += part.length + 1
  }
  array[at] = closeBracket
  return array
}

function cutJsonLines(body: Buffer, mostEvents: number): CutBody {
  const lines = linesOf(body, mostEvents)
  if (lines === 'too_many') return tooMany(mostEvents)
  if (lines.length === 0) return problem(400, 'body_empty', 'the body holds no line')
  const pieces: BodyPiece[] = []
  let gathered: Uint8Array[] = []
  let gatheredBytes = 1
  let gatheredFrom = 0
  const finish = (next: number): void => {
    const events = gathered.length
    if (events > 0) pieces.push({ payload: arrayOf(gathered), firstPosition: gatheredFrom, events })
    gathered = []
    gatheredBytes = 1
    gatheredFrom = next
  }
  const isAllUtf8 = isUtf8(body)
  for (const [position, span] of lines.entries()) {
    const line = body.subarray(span.start, span.end)
    // A line that is no JSON by itself must not stand in an array: it would spoil its neighbours.
    if (!standsAlone(body, span, isAllUtf8)) {
      finish(position + 1)
      pieces.push({ payload: line, firstPosition: position, events: 1 })
      continue
    }
    if (gathered.length >= eventsPerPayload || gatheredBytes + line.length + 1 > payloadBytes) finish(position)
    gathered.push(line)
    gatheredBytes += line.length + 1
  }
  finish(lines.length)
  return pieces
}

function cutRawLines(body: Buffer, mostEvents: number): CutBody {
  const lines = linesOf(body, mostEvents)
  if (lines === 'too_many') return tooMany(mostEvents)
  if (lines.length === 0) return problem(400, 'body_empty', 'the body holds no line')
  const noLoners = new Set<Span>()
  return packed(lines, (first, last) => last.end - first.start, noLoners).map(({ from, to }) => ({
    payload: body.subarray(lines[from]?.start, lines[to - 1]?.end),
    firstPosition: from,
    events: to - from,
  }))
}

/** The lines that hold something, without the white space around them. */
function linesOf(body: Buffer, most: number): readonly Span[] | 'too_many' {
  const lines: Span[] = []
  for (let at = 0; at < body.length;) {
    const found = body.indexOf(newline, at)
    const lineEnd = found < 0 ? body.length : found
    let start = at
    let end = lineEnd
    while (start < end && isWhitespace(body[start])) start++
    while (end > start && isWhitespace(body[end - 1])) end--
    if (end > start) {
      if (lines.length >= most) return 'too_many'
      lines.push({ start, end })
    }
    at = lineEnd + 1
  }
  return lines
}

/** Whether a line is a JSON text that is valid wherever it stands. Its depth counts from inside an array. */
function standsAlone(body: Buffer, { start, end }: Span, isAllUtf8: boolean): boolean {
  return (isAllUtf8 || isUtf8(body.subarray(start, end))) && checkJson(body, start, end, deepestNesting - 1) === 'valid'
}

function countOpenBraces(body: Buffer): number {
  let count = 0
  for (let at = 0; at < body.length; at++) if (body[at] === openBrace) count++
  return count
}

function isArray(body: Buffer): boolean {
  let at = 0
  while (at < body.length && isWhitespace(body[at])) at++
  return body[at] === openBracket
}

/** The elements of an array by its commas, unchecked; malformed is what ends too early, too late, or between two commas. */
function elementsOf(body: Buffer, most: number): readonly Span[] | 'malformed' | 'too_many' {
  const elements: Span[] = []
  let depth = 0
  let start = -1
  let end = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (isWhitespace(byte)) continue
    if (depth === 1 && (byte === comma || byte === closeBracket)) {
      // Nothing may stand in front of a bracket only where the array is empty.
      if (start < 0 && (byte === comma || elements.length > 0)) return 'malformed'
      if (start >= 0) elements.push({ start, end })
      if (elements.length > most) return 'too_many'
      start = -1
    } else if (depth >= 1 && start < 0) start = at
    if (byte === quote) at = endOfString(body, at)
    else if (byte === openBracket || byte === openBrace) depth++
    else if (byte === closeBracket || byte === 0x7d) depth--
    end = at + 1
    if (depth === 0) return byte === closeBracket && onlyWhitespaceFrom(body, end) ? elements : 'malformed'
  }
  return 'malformed'
}

function onlyWhitespaceFrom(body: Buffer, start: number): boolean {
  for (let at = start; at < body.length; at++) if (!isWhitespace(body[at])) return false
  return true
}

/** Where the closing quote of the string that opens at `start` stands. */
function endOfString(body: Buffer, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at
}
