import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { TenantFile } from '../catalogue/tenant-file.ts'
import type { CorrelationDefinition } from '../correlation/correlation-rule.ts'
import type { ExpectationDefinition } from './expectation.ts'
import { matchesSource } from './source-pattern.ts'

/** An expectation with the time in which it holds for those it watches. */
export interface ActiveExpectation {
  readonly definition: ExpectationDefinition
  /** −Infinity: since each was first seen. */
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  /** Those watched by name; empty when sources are named by their beginnings only. */
  readonly named: readonly string[]
}

/** Everything a version of the catalogue wants to know about usage beside charging it. */
export interface UsageWatch {
  readonly expectations: readonly ActiveExpectation[]
  readonly bySubject: ReadonlyMap<string, readonly ActiveExpectation[]>
  readonly bySource: readonly ActiveExpectation[]
  readonly correlations: ReadonlyMap<string, readonly CorrelationDefinition[]>
  /** Found expectations by source, kept since most events come from few sources; emptied when it grows too large. */
  readonly knownSources: Map<string, readonly ActiveExpectation[]>
}

const mostKnownSources = 10_000
const none: readonly ActiveExpectation[] = []

/** Makes ready what the expectations and correlations of a tenant file watch. */
export function compileWatch(file: TenantFile): UsageWatch {
  const subscriptions = new Map(file.subscriptions.map((subscription) => [subscription.id, subscription]))
  const expectations = file.expectations.map((definition): ActiveExpectation => {
    const bought = subscriptions.get(definition.subscription ?? '')
    return {
      definition,
      fromMs: Math.max(definition.fromMs ?? -Infinity, bought?.fromMs ?? -Infinity),
      toMs: Math.min(definition.toMs ?? Infinity, bought?.toMs ?? Infinity),
      named:
        definition.subjects ?? bought?.subjects ?? definition.sources?.filter((source) => !source.endsWith('*')) ?? [],
    }
  })
  const bySubject = new Map<string, ActiveExpectation[]>()
  for (const expectation of expectations) {
    if (expectation.definition.sources !== null) continue
    for (const subject of expectation.named) {
      const known = bySubject.get(subject)
      if (known === undefined) bySubject.set(subject, [expectation])
      else known.push(expectation)
    }
  }
  return {
    expectations,
    bySubject,
    bySource: expectations.filter(({ definition }) => definition.sources !== null),
    correlations: correlationsByMeter(file),
    knownSources: new Map(),
  }
}

/** The correlations of a tenant file by the meter they compare. */
export function correlationsByMeter({
  correlations,
}: Pick<TenantFile, 'correlations'>): ReadonlyMap<string, readonly CorrelationDefinition[]> {
  return Map.groupBy(correlations, ({ meter }) => meter)
}

/** Calls `seen` for each expectation an event meets at a time, with the name it is watched by. */
export function expectationsMet(
  watch: UsageWatch,
  unit: RatingUnit,
  timeMs: number,
  seen: (expectation: ActiveExpectation, watched: string) => void,
): void {
  for (const expectation of watch.bySubject.get(unit.subject) ?? none) {
    if (isMet(expectation, unit, timeMs)) seen(expectation, unit.subject)
  }
  if (watch.bySource.length === 0) return
  for (const expectation of expectationsOfSource(watch, unit.source)) {
    if (isMet(expectation, unit, timeMs)) seen(expectation, unit.source)
  }
}

function isMet({ definition, fromMs, toMs }: ActiveExpectation, unit: RatingUnit, timeMs: number): boolean {
  if (timeMs < fromMs || timeMs >= toMs) return false
  const { meter } = definition
  return meter === null || unit.records.some((record) => record.meter === meter)
}

function expectationsOfSource(watch: UsageWatch, source: string): readonly ActiveExpectation[] {
  const known = watch.knownSources.get(source)
  if (known !== undefined) return known
  const found = watch.bySource.filter(({ definition }) =>
    (definition.sources ?? []).some((pattern) => matchesSource(pattern, source)),
  )
  if (watch.knownSources.size >= mostKnownSources) watch.knownSources.clear()
  watch.knownSources.set(source, found)
  return found
}
