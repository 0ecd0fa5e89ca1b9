import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { usageEventLimits, textFits } from '@meterline/shared/model/usage-event.ts'
import type { MatrixTable, MatrixTableRow } from '../../domain/catalogue/matrix-table.ts'
import { JsonNumber, parseExactJson } from './exact-json.ts'
import { readModel, tokensPerAmount, type ReadModel } from './read-model.ts'

/** The labels that rows look at; service tiers are an annotation of the answers (docs/payloads.md). */
export const dimensions = { model: 'model', tier: '+service_tier' } as const
/** The fact that thresholds compare. */
export const inputTokensFact = 'ai.total_input_tokens'

/** Models of the table that have the same thing to say about them. */
export interface ModelsByNote {
  readonly note: string
  /** In the order of the table. */
  readonly models: readonly string[]
}

/** What became of a price table. */
export interface ImportedTable {
  readonly matrix: MatrixTable
  /** Models that were asked for. */
  readonly modelsRead: number
  readonly modelsPriced: number
  /** Why models are not in the matrix, the most frequent reason first. */
  readonly refused: readonly ModelsByNote[]
  /** Charges that come on top of the tokens of models that are in the matrix, and are not in it. */
  readonly leftOut: readonly ModelsByNote[]
  /** Prices of a tier for large requests that the table does not state: the standard ones are taken. */
  readonly assumed: readonly ModelsByNote[]
}

/** Entries that are no models: what the fields mean, and how names are guessed. */
const notModels: ReadonlySet<string> = new Set(['sample_spec', 'fallback_generalizations'])

/**
 * Reads a price table of LiteLLM (`model_prices_and_context_window.json`, amounts per token) as a matrix of the meters of
 * docs/ai-usage.md by model and service tier. Every figure is taken from its text, digit by digit. `patterns` choose models
 * by name, `*` standing for anything; with none all models are taken.
 */
export function importAiPrices(
  text: string,
  matrixId: string,
  patterns: readonly string[],
): Result<ImportedTable, Fault<'price_table_invalid' | 'model_unknown' | 'nothing_priced'>> {
  const parsed = parseExactJson(text)
  if (!parsed.ok) return failed(fault('price_table_invalid', parsed.fault.message))
  if (!isMapping(parsed.value)) {
    return failed(fault('price_table_invalid', 'the table is no JSON object of models by their names'))
  }
  const names = Object.keys(parsed.value).filter((name) => !notModels.has(name))
  const chosen = chooseModels(names, patterns)
  if (!chosen.ok) return chosen
  const rows: MatrixTableRow[] = []
  const refused = new Map<string, string[]>()
  const leftOut = new Map<string, string[]>()
  const assumed = new Map<string, string[]>()
  let modelsPriced = 0
  for (const name of chosen.value) {
    const read = readNamed(name, parsed.value[name])
    if (!read.priced) {
      note(refused, read.reason, name)
      continue
    }
    modelsPriced++
    rows.push(...read.tiers.map(({ tier, ...priced }): MatrixTableRow => ({ when: [name, tier], ...priced })))
    for (const { field } of read.leftOut) note(leftOut, field, name)
    for (const what of read.assumed) note(assumed, what, name)
  }
  if (rows.length === 0) {
    const reasons = notes(refused).map((one) => `${one.models.length} ${one.note}`)
    return failed(fault('nothing_priced', `none of the models is priced by tokens: ${reasons.join('; ')}`))
  }
  const matrix = { id: matrixId, ...dimensionsOf(rows), per: tokensPerAmount.count }
  return ok({
    matrix,
    modelsRead: chosen.value.length,
    modelsPriced,
    refused: notes(refused),
    leftOut: notes(leftOut),
    assumed: notes(assumed),
  })
}

function readNamed(name: string, entry: unknown): ReadModel {
  if (!isMapping(entry)) return { priced: false, reason: 'is no JSON object' }
  if (!textFits(name, usageEventLimits.labelValueBytes) || /\p{Cc}/u.test(name)) {
    return {
      priced: false,
      reason: `has a name that no label can have (1 to ${usageEventLimits.labelValueBytes} bytes)`,
    }
  }
  return readModel(entry)
}

/** A table without rows of tiers does not look at them, and one without thresholds compares no fact. */
function dimensionsOf(rows: readonly MatrixTableRow[]): Pick<MatrixTable, 'dimensions' | 'fact' | 'rows'> {
  const fact = rows.some(({ above }) => above.length > 0) ? inputTokensFact : null
  const hasTiers = rows.some(({ when }) => when[1] !== null)
  if (hasTiers) return { dimensions: [dimensions.model, dimensions.tier], fact, rows }
  return { dimensions: [dimensions.model], fact, rows: rows.map((row) => ({ ...row, when: row.when.slice(0, 1) })) }
}

function chooseModels(
  names: readonly string[],
  patterns: readonly string[],
): Result<readonly string[], Fault<'model_unknown'>> {
  if (patterns.length === 0) return ok(names)
  const chosen = new Set<string>()
  for (const pattern of patterns) {
    const matcher = matcherOf(pattern)
    const found = names.filter((name) => matcher.test(name))
    for (const name of found) chosen.add(name)
    if (found.length > 0) continue
    const closest = closestOf(pattern, names)
    const hint =
      closest === undefined ? 'names stand in the table as its keys; * stands for anything' : `did you mean ${closest}?`
    return failed(fault('model_unknown', `the table has no model ${pattern}: ${hint}`))
  }
  return ok(names.filter((name) => chosen.has(name)))
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}

function note(notesByText: Map<string, string[]>, text: string, model: string): void {
  const models = notesByText.get(text)
  if (models === undefined) notesByText.set(text, [model])
  else models.push(model)
}

function notes(notesByText: ReadonlyMap<string, readonly string[]>): readonly ModelsByNote[] {
  return [...notesByText]
    .map(([text, models]) => ({ note: text, models }))
    .sort((left, right) => right.models.length - left.models.length)
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}
