import { assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { parseTenantFile } from '../catalogue-files/parse-tenant-file.ts'
import { tenantFileText } from '../catalogue-files/write-tenant-file.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes, compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { describeCatalogue } from '../domain/catalogue/describe-catalogue.ts'
import { diffCatalogue, formatDiffLine } from '../domain/catalogue/diff-catalogue.ts'
import type { CatalogueRow } from '../store/catalogue-table.ts'
import type {
  CatalogueAnswer,
  CatalogueDifference,
  CatalogueExport,
  CatalogueSide,
  CatalogueVersionItem,
} from './catalogue-answers.ts'
import type { TenantService } from './tenant-service.ts'

export type ShowCatalogueFault = Fault<
  'catalogue_version_unknown' | 'catalogue_invalid' | 'catalogue_too_large' | 'tenant_file_invalid'
>

/** What a command can answer with, less what stands around the text. */
const longestExportBytes = 12 * 1024 * 1024

/** What a version of the catalogue (null: the one in force) says at an instant. */
export function showCatalogue(
  service: TenantService,
  version: number | null,
  atMs: number,
): Result<CatalogueAnswer, ShowCatalogueFault> {
  const row = rowOf(service, version)
  if (!row.ok) return row
  const catalogue = compiledRow(service, row.value)
  if (!catalogue.ok) return catalogue
  const { logIndex, fileName, appliedMs } = row.value
  return ok({ version: logIndex, fileName, appliedMs, atMs, ...describeCatalogue(catalogue.value, atMs) })
}

/** The versions of the catalogue, newest first. */
export function catalogueHistory(service: TenantService, limit: number): readonly CatalogueVersionItem[] {
  return service.store.catalogues
    .list(limit)
    .map(({ contentHash, logIndex, ...item }) => ({ version: logIndex, hash: toHex(contentHash), ...item }))
}

/** What is different between two versions, or a version and a file. */
export function diffCatalogues(
  service: TenantService,
  before: CatalogueSide,
  after: CatalogueSide,
): Result<CatalogueDifference, ShowCatalogueFault> {
  const earlier = sideOf(service, before)
  if (!earlier.ok) return earlier
  const later = sideOf(service, after)
  if (!later.ok) return later
  const diff = diffCatalogue(earlier.value.catalogue, later.value.catalogue).map(formatDiffLine)
  return ok({ before: earlier.value.name, after: later.value.name, diff })
}

/** A version of the catalogue (null: the one in force) as a tenant file. */
export function exportCatalogue(
  service: TenantService,
  version: number | null,
): Result<CatalogueExport, ShowCatalogueFault> {
  const row = rowOf(service, version)
  if (!row.ok) return row
  const catalogue = compiledRow(service, row.value)
  if (!catalogue.ok) return catalogue
  const yaml = tenantFileText(catalogue.value.file)
  const bytes = Buffer.byteLength(yaml, 'utf8')
  if (bytes > longestExportBytes) {
    const text = `Version ${row.value.logIndex} takes ${bytes} bytes as YAML, and a command answers with at most ${longestExportBytes}.`
    return failed(fault('catalogue_too_large', text))
  }
  return ok({ version: row.value.logIndex, hash: catalogue.value.hash, yaml })
}

function rowOf(service: TenantService, version: number | null): Result<CatalogueRow, ShowCatalogueFault> {
  const { catalogues } = service.store
  const row = version === null ? catalogues.latest() : catalogues.inForceAt(version)
  if (row !== undefined && (version === null || row.logIndex === version)) return ok(row)
  const text = `There is no version ${version ?? ''} of the catalogue; "catalogue history" lists those there are.`
  return failed(fault('catalogue_version_unknown', text.replace('  ', ' ')))
}

function compiledRow(service: TenantService, row: CatalogueRow): Result<Catalogue, ShowCatalogueFault> {
  const { inForce } = service
  return inForce?.version === row.logIndex ? ok(inForce.catalogue) : catalogueFromBytes(row.content)
}

function sideOf(
  service: TenantService,
  side: CatalogueSide,
): Result<{ readonly name: string; readonly catalogue: Catalogue }, ShowCatalogueFault> {
  if ('version' in side) {
    const row = rowOf(service, side.version)
    if (!row.ok) return row
    const compiled = compiledRow(service, row.value)
    return compiled.ok ? ok({ name: `version ${row.value.logIndex}`, catalogue: compiled.value }) : compiled
  }
  const parsed = parseTenantFile(side.fileName, side.text)
  if (!parsed.ok) return failed(fault('tenant_file_invalid', formatMistakes(parsed.mistakes)))
  const compiled = compileCatalogue(parsed.value)
  assertThat(compiled.ok, 'a tenant file that was read without mistakes compiles')
  return ok({ name: side.fileName, catalogue: compiled.value })
}
