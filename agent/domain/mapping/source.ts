import { compilePointer } from './json-pointer.ts'
import { ruleLimits, type SourceText } from './rule-definition.ts'
import type { Blame } from './rule-mistake.ts'

/** The record at hand and what came with it. One object, filled anew for each record: sources read it at once. */
export interface MappingContext {
  record: unknown
  /** The whole payload; of NDJSON the line, of a CloudEvent its envelope. */
  root: unknown
  /** The record's name in the object that holds it; null in an array. */
  memberName: string | null
  /** The record's position, from 0. */
  position: number
  device: string
  topic: string | null
  /** The levels of the topic, once somebody asked for one. */
  levels: readonly string[] | null
  receivedWallMs: number
}

/** What the source `received` gives: the time of arrival, whatever unit the payload's own times are in. */
export const arrival = Symbol('arrival')

/** A compiled source: where one value of an event comes from. */
export interface Source {
  /** As it was written; alternatives are joined with `|`. */
  readonly text: string
  /** What it depends on: nothing, the delivery or payload as a whole, or the single record. */
  readonly reach: 'constant' | 'payload' | 'record'
  /** Null when nothing is there; so are JSON's null and the empty text. */
  read(context: MappingContext): unknown
}

const forms =
  'a JSON pointer such as /a/b (in the record) or $/a/b (in the whole payload), topic, topic/2, device, key, record, received, or "= text"'

/** Compiles where a value comes from; null after the mistake was noted. */
export function compileSource(text: SourceText, blame: Blame): Source | null {
  if (typeof text === 'string') return compileOne(text, blame)
  if (text.length === 0) {
    blame([], `is an empty list: name at least one source`)
    return null
  }
  const alternatives: Source[] = []
  for (const [index, one] of text.entries()) {
    const source = compileOne(one, (path, message) => blame([index, ...path], message))
    if (source !== null) alternatives.push(source)
  }
  const [first] = alternatives
  if (first === undefined || alternatives.length < text.length) return null
  if (alternatives.length === 1) return first
  const constant = alternatives.findIndex((source) => source.reach === 'constant')
  if (constant >= 0 && constant < alternatives.length - 1) {
    blame([constant + 1], 'is never reached: the text before it is always there')
    return null
  }
  return firstThatIsThere(alternatives)
}

function firstThatIsThere(alternatives: readonly Source[]): Source {
  const reaches = new Set(alternatives.map((source) => source.reach))
  return {
    text: alternatives.map((source) => source.text).join(' | '),
    reach: reaches.has('record') ? 'record' : 'payload',
    read(context) {
      for (const source of alternatives) {
        const value = source.read(context)
        if (value !== null) return value
      }
      return null
    },
  }
}

function compileOne(text: string, blame: Blame): Source | null {
  if (text.startsWith('=')) {
    const constant = text.slice(1).trim()
    if (constant !== '') return { text, reach: 'constant', read: () => constant }
    blame([], 'is an empty text: write it after the "="')
    return null
  }
  if (text.startsWith('/')) return compileAt(text, text, 'record', blame)
  if (text.startsWith('$')) return compileAt(text, text.slice(1), 'payload', blame)
  if (text.startsWith('topic/')) return compileLevel(text, blame)
  const known = keywords.get(text)
  if (known !== undefined) return known
  const shown = JSON.stringify(text.slice(0, ruleLimits.pointerCharacters))
  blame([], `is ${shown}, which names no source: write ${forms}`)
  return null
}

const keywords: ReadonlyMap<string, Source> = new Map(
  [
    keyword('device', 'payload', ({ device }) => device),
    keyword('topic', 'payload', ({ topic }) => topic),
    keyword('received', 'payload', () => arrival),
    keyword('record', 'record', ({ record }) => there(record)),
    keyword('key', 'record', ({ memberName, position }) => memberName ?? String(position)),
  ].map((source) => [source.text, source]),
)

function keyword(text: string, reach: Source['reach'], read: Source['read']): Source {
  return { text, reach, read }
}

function compileAt(text: string, pointer: string, reach: 'record' | 'payload', blame: Blame): Source | null {
  const compiled = compilePointer(pointer)
  if (!compiled.ok) {
    blame([], `${compiled.fault.message}`)
    return null
  }
  const at = compiled.value
  if (reach === 'record') return { text, reach, read: ({ record }) => there(at(record)) }
  return { text, reach, read: ({ root }) => there(at(root)) }
}

/** `topic/2` is the third level, counted from 0; `topic/-1` the last one. */
function compileLevel(text: string, blame: Blame): Source | null {
  const number = /^topic\/(-?[0-9]{1,2})$/.exec(text)?.[1]
  if (number === undefined) {
    blame([], `is ${JSON.stringify(text)}: write the level as a number from 0, or from -1 backwards, such as topic/2`)
    return null
  }
  const level = Number(number)
  return {
    text,
    reach: 'payload',
    read(context) {
      if (context.topic === null) return null
      context.levels ??= context.topic.split('/')
      return there(context.levels.at(level))
    },
  }
}

function there(value: unknown): unknown {
  return value === undefined || value === '' ? null : value
}
