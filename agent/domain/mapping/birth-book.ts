import type { SparkplugMetric } from './sparkplug-payload.ts'

/** What a birth said of one metric. */
export interface BornMetric {
  readonly name: string
  readonly alias: bigint | null
  readonly datatype: number | null
}

/** Who was born: an edge node, or a device of one, as one publisher reports it. */
export interface BirthScope {
  readonly publisher: string
  readonly group: string
  readonly node: string
  /** Null for the node itself. */
  readonly device: string | null
}

/** One birth as it is kept. */
export interface Birth {
  readonly scope: BirthScope
  readonly timestampMs: number
  readonly metrics: readonly BornMetric[]
}

interface Known {
  readonly birth: Birth
  readonly byAlias: ReadonlyMap<bigint, BornMetric>
  readonly byName: ReadonlyMap<string, BornMetric>
}

/** The most births that are kept in memory, and about how much all of them may take there. */
export const birthLimits = { births: 10_000, bytes: 32 * 1024 * 1024 } as const

// What a birth and each of its metrics take beside their names: maps, objects and their keys.
const bytesPerBirth = 512
const bytesPerMetric = 200

/**
 * What the births of Sparkplug edge nodes and devices said: later messages name their metrics by alias only, and leave
 * their data types out. Bounded: a birth that finds no room is refused. What changed is handed to whoever stores it, once.
 */
export class BirthBook {
  readonly #known = new Map<string, Known>()
  #changed = new Set<string>()
  #bytes = 0

  /** Forgets everything and takes what was stored. */
  load(births: readonly Birth[]): void {
    this.#known.clear()
    this.#changed.clear()
    this.#bytes = 0
    for (const birth of births) this.#keep(birth)
  }

  /** Takes a birth in, unless a later one is known. False: there is no room for it. */
  learn(birth: Birth): boolean {
    const key = keyOf(birth.scope)
    const before = this.#known.get(key)?.birth
    if (before !== undefined && before.timestampMs > birth.timestampMs) return true
    if (before !== undefined && sameMetrics(before.metrics, birth.metrics)) return true
    if (this.#bytes - bytesOf(before) + bytesOf(birth) > birthLimits.bytes) return false
    if (before === undefined && this.#known.size >= birthLimits.births) return false
    this.#keep(birth)
    this.#changed.add(key)
    return true
  }

  /** What a birth said of a metric of a message; a device's own metrics go before those of its node. Null: nothing. */
  find(scope: BirthScope, { name, alias }: SparkplugMetric): BornMetric | null {
    const own = lookUp(this.#known.get(keyOf(scope)), name, alias)
    if (own !== null || scope.device === null) return own
    return lookUp(this.#known.get(keyOf({ ...scope, device: null })), name, alias)
  }

  /** The births that are to be stored since this was asked before. */
  takeChanges(): readonly Birth[] {
    if (this.#changed.size === 0) return []
    const changed = [...this.#changed].flatMap((key) => this.#known.get(key)?.birth ?? [])
    this.#changed = new Set()
    return changed
  }

  #keep(birth: Birth): void {
    const key = keyOf(birth.scope)
    this.#bytes += bytesOf(birth) - bytesOf(this.#known.get(key)?.birth)
    const byAlias = new Map<bigint, BornMetric>()
    const byName = new Map<string, BornMetric>()
    for (const metric of birth.metrics) {
      if (metric.alias !== null) byAlias.set(metric.alias, metric)
      byName.set(metric.name, metric)
    }
    this.#known.set(key, { birth, byAlias, byName })
  }
}

function lookUp(known: Known | undefined, name: string | null, alias: bigint | null): BornMetric | null {
  if (known === undefined) return null
  if (name !== null && name !== '') return known.byName.get(name) ?? null
  return alias === null ? null : (known.byAlias.get(alias) ?? null)
}

/** About what a birth takes in memory; texts have up to two bytes a character. */
function bytesOf(birth: Birth | undefined): number {
  if (birth === undefined) return 0
  const names = birth.metrics.reduce((sum, { name }) => sum + name.length, keyOf(birth.scope).length)
  return bytesPerBirth + birth.metrics.length * bytesPerMetric + names * 2
}

function keyOf({ publisher, group, node, device }: BirthScope): string {
  return [publisher, group, node, device ?? ''].join('\0')
}

function sameMetrics(left: readonly BornMetric[], right: readonly BornMetric[]): boolean {
  return (
    left.length === right.length &&
    left.every((metric, index) => {
      const other = right[index]
      return other?.name === metric.name && other.alias === metric.alias && other.datatype === metric.datatype
    })
  )
}
