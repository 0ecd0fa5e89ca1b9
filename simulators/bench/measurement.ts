/** One line of the bench: what was measured, and what it is compared with. */
export interface BenchRow {
  readonly name: string
  /** Null when it could not be measured on this machine; `note` says why. */
  readonly value: number | null
  readonly unit: string
  /** The raw limit measured in the same run (such as bare aedes), or the goal where there is none. */
  readonly limit: number | null
  /** value / limit */
  readonly ratio: number | null
}

/** A row with what only the printed table shows. */
export interface Finding extends BenchRow {
  readonly goal?: Goal
  readonly note?: string
}

/** What a row should come to, in its unit, or in shares of its limit. */
export interface Goal {
  readonly sense: 'at least' | 'at most'
  readonly value: number
  readonly of: 'value' | 'ratio'
}

/** How a measurement is to be run. */
export interface BenchRun {
  /** Shorter: shows that everything works, and little more. */
  readonly quick: boolean
  /** An empty folder of this measurement's own on the disk that is measured. */
  readonly folder: string
  /** Shows what is going on, with the time it takes, while `work` runs. */
  readonly during: <Value>(label: string, work: () => Promise<Value>) => Promise<Value>
}

/** Something that can be measured by itself. */
export interface Measurement {
  readonly name: string
  readonly about: string
  run(bench: BenchRun): Promise<readonly Finding[]>
}

/** A row compared with a raw limit of the same run. */
export function beside(
  name: string,
  unit: string,
  value: number,
  limit: number,
  more: { readonly goal?: Goal; readonly note?: string } = {},
): Finding {
  return { name, unit, value: rounded(value), limit: rounded(limit), ratio: rounded(value / limit), ...more }
}

/** A row compared with its goal. */
export function against(name: string, unit: string, value: number, goal: Omit<Goal, 'of'>, note?: string): Finding {
  const compared = beside(name, unit, value, goal.value, { goal: { ...goal, of: 'value' } })
  return note === undefined ? compared : { ...compared, note }
}

/** A row for information. */
export function alone(name: string, unit: string, value: number, note?: string): Finding {
  const row = { name, unit, value: rounded(value), limit: null, ratio: null }
  return note === undefined ? row : { ...row, note }
}

/** A row that this machine cannot give. */
export function notMeasurable(name: string, unit: string, note: string): Finding {
  return { name, unit, value: null, limit: null, ratio: null, note }
}

/** Whether a row reaches its goal; null when it has none or was not measured. */
export function reaches(finding: Finding): boolean | null {
  const { goal } = finding
  if (goal === undefined) return null
  const reached = goal.of === 'value' ? finding.value : finding.ratio
  if (reached === null) return null
  return goal.sense === 'at least' ? reached >= goal.value : reached <= goal.value
}

/** The median, of an odd number of figures best. */
export function median(values: readonly number[]): number {
  const ordered = values.toSorted((left, right) => left - right)
  return ordered[Math.floor(ordered.length / 2)] ?? 0
}

/** Four significant digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
