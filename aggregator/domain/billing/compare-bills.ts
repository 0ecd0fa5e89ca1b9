import type { Bill, BillLine } from './bill.ts'
import type { BilledLine, LineKind } from './due-line.ts'

/** What a line comes to on one side. */
export interface ComparedSide {
  readonly terms: string
  readonly quantity: bigint
  /** Exact. */
  readonly amountMicros: bigint
  /** Rounded to the minor unit, as a document would have it. */
  readonly invoicedMicros: bigint
}

/** One thing a buyer owes, under what is in force and under something else. */
export interface ComparedLine {
  readonly account: string
  readonly kind: LineKind
  readonly subscription: string
  readonly description: string
  readonly unit: string
  /** Null: it is not there. */
  readonly now: ComparedSide | null
  readonly tried: ComparedSide | null
  /** What documents say of it already, rounded; 0 when none does. */
  readonly billedMicros: bigint
}

/** Something that is on the side before: due now, on documents, or both. */
interface Before {
  readonly key: string
  readonly kind: LineKind
  readonly account: string
  readonly description: string
  readonly unit: string
  readonly line: BillLine | null
  readonly billedMicros: bigint
}

interface After {
  readonly account: string
  readonly line: BillLine
}

interface Pair {
  readonly before: Before | null
  readonly after: After | null
}

/**
 * Holds two bills of one relation and period against each other, line by line, and against what documents say of it. Lines
 * of the same key belong together; then those of one subscription with the same words, and then those of the same meter in
 * their order, since a price or fee of other terms makes other keys. The lines of the second bill come first, in its order.
 */
export function compareBills(
  now: Bill | null,
  tried: Bill | null,
  billed: ReadonlyMap<string, BilledLine>,
): readonly ComparedLine[] {
  const befores = beforesOf(now, billed)
  const afters = (tried?.sections ?? []).flatMap(({ account, lines }) =>
    lines.map((line) => ({ account: account.id, line })),
  )
  const pairs = pairsOf(befores, afters)
  return pairs.map(comparedLine).filter(({ now: is, tried: would, billedMicros }) => {
    return is !== null || would !== null || billedMicros !== 0n
  })
}

function beforesOf(now: Bill | null, billed: ReadonlyMap<string, BilledLine>): readonly Before[] {
  const found = new Map<string, Before>()
  for (const { account, lines } of now?.sections ?? []) {
    for (const line of lines) {
      const { segment: key, kind, description, unit } = line
      const billedMicros = billed.get(key)?.invoicedMicros ?? 0n
      found.set(key, { key, kind, account: account.id, description, unit, line, billedMicros })
    }
  }
  for (const { key, kind, account, description, unit, invoicedMicros } of billed.values()) {
    if (found.has(key)) continue
    found.set(key, { key, kind, account, description, unit, line: null, billedMicros: invoicedMicros })
  }
  return [...found.values()]
}

function pairsOf(befores: readonly Before[], afters: readonly After[]): readonly Pair[] {
  const partners = new Map<After, Before>()
  const left = new Set(befores)
  for (const identify of identities) {
    const waiting = Map.groupBy(left, ({ key, kind, description }) => identify(key, kind, description))
    for (const after of afters) {
      if (partners.has(after)) continue
      const { segment, kind, description } = after.line
      const before = waiting.get(identify(segment, kind, description))?.shift()
      if (before === undefined) continue
      partners.set(after, before)
      left.delete(before)
    }
  }
  return [
    ...afters.map((after) => ({ before: partners.get(after) ?? null, after })),
    ...[...left].map((before) => ({ before, after: null })),
  ]
}

/** What lines are told apart by, each time less strictly. Keys are `<period>/<owner>/<meter or kind>/<price or id> …`. */
const identities: readonly ((key: string, kind: LineKind, description: string) => string)[] = [
  (key) => key,
  (key, kind, description) => `${kind} ${partsOf(key).owner} ${description}`,
  (key, kind) => `${kind} ${partsOf(key).owner} ${partsOf(key).what}`,
]

function partsOf(key: string): { readonly owner: string; readonly what: string } {
  const [, owner = '', what = ''] = key.split('/')
  return { owner, what }
}

function comparedLine({ before, after }: Pair): ComparedLine {
  const line = after?.line ?? before?.line ?? null
  return {
    account: after?.account ?? before?.account ?? '',
    kind: line?.kind ?? before?.kind ?? 'usage',
    subscription: line?.subscription ?? '',
    description: line?.description ?? before?.description ?? '',
    unit: line?.unit ?? before?.unit ?? '',
    now: sideOf(before?.line ?? null),
    tried: sideOf(after?.line ?? null),
    billedMicros: before?.billedMicros ?? 0n,
  }
}

function sideOf(line: BillLine | null): ComparedSide | null {
  if (line === null) return null
  const { terms, quantity, amountMicros, invoicedMicros } = line
  return { terms, quantity, amountMicros, invoicedMicros }
}
