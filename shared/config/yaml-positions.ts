import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLParseError,
  type YAMLWarning,
} from 'yaml'
import { formatPath, type Mistake, type ValuePath } from './mistakes.ts'

/** A place in a file, line and column counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML file's value, and where each part of it stands. */
export interface PositionedYaml {
  readonly ok: true
  /** Plain data: objects, arrays, strings, numbers, booleans and null; null for an empty file. */
  readonly value: unknown
  /**
   * Where the value at `path` starts, or with `part` 'key' where the key that names it starts. For a path that is not
   * there, its nearest ancestor that is.
   */
  positionOf(path: ValuePath, part?: 'key' | 'value'): Position
}

// Far above any catalogue, far below what would strain the parser.
const longestText = 32 * 1024 * 1024
// The parser turns most exhaustions of the stack into errors of its own and keeps the engine's words.
const stackExhausted = 'Maximum call stack size exceeded'

/**
 * Reads one YAML 1.2 document (core schema: dates stay text). Everything wrong with its syntax is reported at once, also
 * what YAML allows but would be read wrongly: duplicate keys, unknown tags, and integers beyond 2^53 − 1, which lose
 * digits.
 */
export function parseYamlWithPositions(
  fileName: string,
  text: string,
): PositionedYaml | { readonly ok: false; readonly mistakes: readonly Mistake[] } {
  const lineCounter = new LineCounter()
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return line === 0 ? { line: 1, column: 1 } : { line, column: col }
  }
  const mistakeAt = (offset: number, message: string, path = ''): Mistake => ({
    file: fileName,
    ...positionAt(offset),
    path,
    message,
  })
  if (text.length > longestText) {
    return { ok: false, mistakes: [mistakeAt(0, `the file is longer than ${longestText} characters`)] }
  }
  const tooDeep = mistakeAt(0, 'the file is nested too deeply to be read')
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true })
    if (document.errors.some((error) => error.message.startsWith(stackExhausted)))
      return { ok: false, mistakes: [tooDeep] }
    const mistakes = [
      ...firstAtEachPlace([...document.errors, ...document.warnings]).map((problem) =>
        mistakeAt(problem.pos[0], describe(problem, text)),
      ),
      ...misleadingNodes(document, mistakeAt),
    ]
    if (mistakes.length > 0) return { ok: false, mistakes }
    // At most 100 expansions of aliases, so that a small file cannot unfold into a huge value.
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return { ok: true, value, positionOf: (path, part = 'value') => positionAt(offsetOf(document, path, part)) }
  } catch (error) {
    // The parser throws for aliases that unfold too far and runs out of stack on absurd nesting.
    if (error instanceof RangeError) return { ok: false, mistakes: [tooDeep] }
    return { ok: false, mistakes: [mistakeAt(0, `the file cannot be read: ${plain(String(error))}`)] }
  }
}

/** What is sound syntax but cannot be read, or would be read wrongly. */
function misleadingNodes(
  document: Document,
  mistakeAt: (offset: number, message: string, path: string) => Mistake,
): readonly Mistake[] {
  const mistakes: Mistake[] = []
  visit(document, {
    Alias(_key, node, ancestors) {
      if (node.resolve(document) !== undefined) return
      const message = `no anchor before it is called ${node.source}`
      mistakes.push(mistakeAt(node.range?.[0] ?? 0, message, formatPath(pathOf([...ancestors, node]))))
    },
    Scalar(_key, node, ancestors) {
      if (typeof node.value !== 'number' || !Number.isInteger(node.value) || Number.isSafeInteger(node.value)) return
      const message = `the integer ${node.source ?? node.value} is too large to be read exactly; write it in quotes`
      mistakes.push(mistakeAt(node.range?.[0] ?? 0, message, formatPath(pathOf([...ancestors, node]))))
    },
  })
  return mistakes
}

/** The path of the last of a chain of nodes, each the child of the one before. */
function pathOf(chain: readonly unknown[]): ValuePath {
  const path: (string | number)[] = []
  chain.forEach((parent, depth) => {
    if (!isCollection(parent)) return
    const child = chain[depth + 1]
    // In a mapping the child is its pair, and the chain goes on below it with the pair's value.
    if (isPair(child)) path.push(keyText(child.key))
    else path.push(parent.items.findIndex((item) => item === child))
  })
  return path
}

function offsetOf(document: Document, path: ValuePath, part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const [depth, step] of path.entries()) {
    const parent: unknown = isAlias(node) ? node.resolve(document) : node
    if (!isCollection(parent)) return offset
    let key: unknown
    if (isMap(parent)) {
      const pair = parent.items.find((item) => keyText(item.key) === String(step))
      if (pair === undefined) return offset
      key = pair.key
      node = pair.value
    } else {
      node = typeof step === 'number' ? parent.items[step] : undefined
      if (node === undefined) return offset
    }
    const keyOffset = isNode(key) ? key.range?.[0] : undefined
    const valueOffset = isNode(node) ? node.range?.[0] : undefined
    const wanted = part === 'key' && depth === path.length - 1 ? keyOffset : valueOffset
    offset = wanted ?? keyOffset ?? valueOffset ?? offset
  }
  return offset
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

/** One slip makes the parser complain again and again at the same place; only the first complaint says anything. */
function firstAtEachPlace(
  problems: readonly (YAMLParseError | YAMLWarning)[],
): readonly (YAMLParseError | YAMLWarning)[] {
  const first = new Map<number, YAMLParseError | YAMLWarning>()
  for (const problem of problems) if (!first.has(problem.pos[0])) first.set(problem.pos[0], problem)
  return [...first.values()]
}

function describe(problem: YAMLParseError | YAMLWarning, text: string): string {
  if (problem.code === 'DUPLICATE_KEY') {
    const key = /^[^:\s]{1,64}/.exec(text.slice(problem.pos[0], problem.pos[0] + 64))?.[0] ?? ''
    return `the key ${key} is there twice`
  }
  if (problem.code === 'MULTIPLE_DOCS') return 'the file holds more than one document'
  if (problem.code === 'NON_STRING_KEY') return 'the key of a mapping is itself a list or mapping'
  return plain(problem.message)
}

/** The parser's messages without class names and line breaks. */
function plain(message: string): string {
  return message
    .replace(/^[A-Za-z]*Error: /, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
