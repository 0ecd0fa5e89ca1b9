import { formatPath, sortMistakes, type Mistake } from '@meterline/shared/config/mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { checkDraft } from '../domain/catalogue/check-draft.ts'
import { fileOf } from '../domain/catalogue/draft.ts'
import { suggestionFor, type Problem } from '../domain/catalogue/problem.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { fillZones } from './fill-zones.ts'
import { malformedReferences } from './malformed-references.ts'
import { mostMistakes, type Place } from './part-reader.ts'
import { readDraft } from './read-draft.ts'

export type ParsedTenantFile =
  { readonly ok: true; readonly value: TenantFile } | { readonly ok: false; readonly mistakes: readonly Mistake[] }

/**
 * Reads a tenant file (YAML 1.2). All mistakes are reported at once, each with its place and what to write instead, in the
 * order of the file: of form, of reference, of the account tree, of bindings, and, given the version applied before, of
 * what may no longer change by `nowMs` (epoch milliseconds; left out, everything that has been applied is in force). An
 * accepted file compiles.
 */
export function parseTenantFile(
  fileName: string,
  text: string,
  before: TenantFile | null = null,
  nowMs = Infinity,
): ParsedTenantFile {
  return readTenantFile(fileName, parseYamlWithPositions(fileName, text), before, nowMs)
}

/** A file that is only tried out, and what would keep it from being applied. */
export type TrialTenantFile =
  | { readonly ok: true; readonly value: TenantFile; readonly obstacles: readonly Mistake[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }

/**
 * Reads a tenant file that nobody applies, such as one that says what the past would have cost at other prices: nothing may
 * be wrong in the file itself, but what has been applied before may change in it. What an apply would say against that is
 * answered beside it.
 */
export function readTrialFile(
  fileName: string,
  yaml: ReturnType<typeof parseYamlWithPositions>,
  before: TenantFile,
  nowMs: number,
): TrialTenantFile {
  const applied = readTenantFile(fileName, yaml, before, nowMs)
  if (applied.ok) return { ...applied, obstacles: [] }
  const tried = readChecked(fileName, yaml, { zonesOf: before, before: null, nowMs })
  return tried.ok ? { ...tried, obstacles: applied.mistakes } : tried
}

/** The same as `parseTenantFile` for a file whose YAML has been read. */
export function readTenantFile(
  fileName: string,
  yaml: ReturnType<typeof parseYamlWithPositions>,
  before: TenantFile | null,
  nowMs: number,
): ParsedTenantFile {
  return readChecked(fileName, yaml, { zonesOf: before, before, nowMs })
}

function readChecked(
  fileName: string,
  yaml: ReturnType<typeof parseYamlWithPositions>,
  {
    zonesOf,
    before,
    nowMs,
  }: { readonly zonesOf: TenantFile | null; readonly before: TenantFile | null; readonly nowMs: number },
): ParsedTenantFile {
  if (!yaml.ok) return { ok: false, mistakes: yaml.mistakes }
  const place: Place = (path, part) => ({ file: fileName, ...yaml.positionOf(path, part) })
  const read = readDraft(yaml.value, place)
  const { draft, mistakes: ofZones } = fillZones(read.draft, zonesOf, place)
  const mistakes = [...read.mistakes, ...ofZones]
  // What was not read any more, after too many mistakes, is not malformed.
  const ofMalformed = read.complete ? malformedReferences(yaml.value, draft) : []
  const problems = [...ofMalformed, ...checkDraft(draft, before, nowMs)]
  const file = fileOf(draft)
  if (file !== null && mistakes.length === 0 && problems.length === 0) return { ok: true, value: file }
  const all = [...mistakes, ...problems.slice(0, mostMistakes).map((problem) => mistakeOf(problem, place))]
  const shown = sortMistakes(all).slice(0, mostMistakes)
  const allShown = read.complete && mistakes.length + problems.length <= mostMistakes
  return { ok: false, mistakes: allShown ? shown : [...shown, moreMistakes(fileName, shown.at(-1))] }
}

function mistakeOf(problem: Problem, place: Place): Mistake {
  const suggestion = suggestionFor(problem)
  return {
    ...place(problem.path, problem.part),
    path: formatPath(problem.path),
    message: problem.message,
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

function moreMistakes(file: string, last: Mistake | undefined): Mistake {
  const at = { file, line: last?.line ?? 1, column: last?.column ?? 1, path: '' }
  return { ...at, message: `there are more mistakes than the ${mostMistakes} shown; mend these first` }
}
