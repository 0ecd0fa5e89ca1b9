import { fault } from '@meterline/shared/base/errors.ts'
import type { Clock } from '@meterline/shared/base/clock.ts'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { readTenantFile } from '../catalogue-files/parse-tenant-file.ts'
import { touchedRelations } from '../domain/billing/touched-relations.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { diffCatalogue, formatDiffLine } from '../domain/catalogue/diff-catalogue.ts'
import type { LateMark } from '../store/late-table.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { chargedAheadFault } from './charged-places.ts'
import type { ApplyResult } from './commands.ts'
import { barredPeriods, commitCatalogue, tooLargeForLog, touchedWords } from './commit-catalogue.ts'
import type { TenantRegistry } from './tenant-registry.ts'

/**
 * Applies a tenant file: read with all its mistakes, compared with what is in force, stored as a new version and an entry
 * of the log, sent to the agents that are connected. Applying what is in force already changes nothing. The first apply
 * creates the tenant.
 */
export function applyCatalogue(
  registry: TenantRegistry,
  clock: Clock,
  file: { readonly name: string; readonly text: string },
  options: { readonly dryRun: boolean },
): ApplyResult {
  const yaml = parseYamlWithPositions(file.name, file.text)
  const named = tenantNamedBy(yaml)
  const before = inForceOf(registry, named)
  const nowMs = clockOf(registry, named, clock).wallMs()
  const parsed = readTenantFile(file.name, yaml, before?.catalogue.file ?? null, nowMs)
  if (!parsed.ok) {
    const count = parsed.mistakes.length
    const text = `${file.name} has ${count === 1 ? 'a mistake' : `${count} mistakes`}; nothing was applied.`
    return { ok: false, fault: fault('tenant_file_invalid', text), mistakes: parsed.mistakes }
  }
  const compiled = compileCatalogue(parsed.value)
  if (!compiled.ok) return refused(compiled.fault)
  const catalogue = compiled.value
  const { tenant } = catalogue.file
  const ahead = before === null ? null : chargedAhead(registry, tenant, before.catalogue, catalogue, nowMs)
  if (ahead !== null) return refused(ahead)
  const touched = before === null ? [] : billedRelationsTouched(registry, tenant, before.catalogue, catalogue)
  const differences = diffCatalogue(before?.catalogue ?? null, catalogue).map(formatDiffLine)
  const diff = [...differences, ...touched.map(touchedWords)]
  const version = before?.version ?? null
  if (options.dryRun || before?.catalogue.hash === catalogue.hash) {
    return { ok: true, value: { tenant, version, applied: false, diff } }
  }

  const tooLarge = tooLargeForLog(catalogue)
  if (tooLarge !== null) return refused(tooLarge)
  const service = registry.findOrCreate(tenant)
  if (!service.ok) return refused(service.fault)
  const committed = service.value.attempt(() =>
    commitCatalogue(service.value.store, { catalogue, source: file.name, touched, decision: null }, nowMs),
  )
  if (!committed.ok) return refused(committed.fault)
  service.value.putInForce(committed.value)
  return { ok: true, value: { tenant, version: committed.value.version, applied: true, diff } }
}

/** Who is billed already for what the new version says otherwise. */
function billedRelationsTouched(
  registry: TenantRegistry,
  tenant: string,
  before: Catalogue,
  after: Catalogue,
): readonly LateMark[] {
  const service = registry.find(tenant)
  return typeof service === 'string' ? [] : touchedRelations(before, after, barredPeriods(service.store))
}

/** Why what is charged already does not let the new version say where accounts will be. */
function chargedAhead(
  registry: TenantRegistry,
  tenant: string,
  before: Catalogue,
  after: Catalogue,
  nowMs: number,
): Fault | null {
  const service = registry.find(tenant)
  return typeof service === 'string' ? null : chargedAheadFault(service.store, before, after, nowMs)
}

/** The tenant a file says it is of, as far as that can be read; mistakes in it are found by the real reading. */
function tenantNamedBy(yaml: ReturnType<typeof parseYamlWithPositions>): string | null {
  if (!yaml.ok || typeof yaml.value !== 'object' || yaml.value === null || !('tenant' in yaml.value)) return null
  return typeof yaml.value.tenant === 'string' ? yaml.value.tenant : null
}

function inForceOf(registry: TenantRegistry, tenant: string | null): CatalogueInForce | null {
  const service = tenant === null ? 'unknown' : registry.find(tenant)
  return typeof service === 'string' ? null : service.inForce
}

/** A test tenant has a clock of its own. */
function clockOf(registry: TenantRegistry, tenant: string | null, machine: Clock): Clock {
  const service = tenant === null ? 'unknown' : registry.find(tenant)
  return typeof service === 'string' ? machine : service.clock
}

function refused(given: Fault): ApplyResult {
  return { ok: false, fault: given, mistakes: [] }
}
