import type { Filter } from './filter.ts'
import type { PointerReader } from './json-pointer.ts'
import type { Quantity } from './quantity.ts'
import type { RuleFormat, TimeUnit } from './rule-definition.ts'
import type { Source } from './source.ts'

/** What one meter counts of a record. */
export interface MeterParts {
  /** The meter's id where the rule names it; null when the payload does, at `from`. */
  readonly meter: string | null
  readonly from: Source | null
  /** What the payload's names are called here; null: they are the meters' ids. */
  readonly names: ReadonlyMap<string, string> | null
  readonly quantity: Quantity
  readonly when: readonly Filter[]
}

/** Where one label of an event comes from. */
export interface LabelParts {
  readonly name: string
  readonly at: Source
}

/** The name of the label that holds the reset id of a counter. */
export const resetLabel = '@reset'

/** A rule made ready: closures over its sources, compiled once. */
export interface RuleParts {
  readonly name: string
  readonly format: RuleFormat
  /** Records are CloudEvents: what is read is their data. */
  readonly cloudEvents: boolean
  /** Where the records are; null: the payload is one, or an array of them. */
  readonly records: { readonly text: string; readonly at: PointerReader } | null
  readonly when: readonly Filter[]
  /** Empty: events have no id and are counted at least once. */
  readonly id: readonly Source[]
  readonly subject: Source | null
  readonly source: Source | null
  readonly time: { readonly at: Source; readonly unit: TimeUnit | null } | null
  readonly sequence: Source | null
  readonly meters: readonly MeterParts[]
  /** The dimensions, and the reset id under the system's name for it, sorted by name. */
  readonly labels: readonly LabelParts[]
}
