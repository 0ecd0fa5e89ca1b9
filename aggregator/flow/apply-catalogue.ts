import { fault } from '@meterline/shared/base/errors.ts'
import type { Clock } from '@meterline/shared/base/clock.ts'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { longestLogEntryBytes } from '@meterline/shared/model/log-entry.ts'
import { readTenantFile } from '../catalogue-files/parse-tenant-file.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { diffCatalogue, formatDiffLine } from '../domain/catalogue/diff-catalogue.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ApplyResult } from './commands.ts'
import { putInForce } from './catalogue-in-force.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import type { TenantRegistry } from './tenant-registry.ts'

/** What a log entry can hold, less what stands around the content. */
const longestCatalogueBytes = longestLogEntryBytes - 1024

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
  const before = inForceOf(registry, tenantNamedBy(yaml))
  const parsed = readTenantFile(file.name, yaml, before?.catalogue.file ?? null, clock.wallMs())
  if (!parsed.ok) {
    const count = parsed.mistakes.length
    const text = `${file.name} has ${count === 1 ? 'a mistake' : `${count} mistakes`}; nothing was applied.`
    return { ok: false, fault: fault('tenant_file_invalid', text), mistakes: parsed.mistakes }
  }
  const compiled = compileCatalogue(parsed.value)
  if (!compiled.ok) return refused(compiled.fault)
  const catalogue = compiled.value
  const { tenant } = catalogue.file
  const diff = diffCatalogue(before?.catalogue ?? null, catalogue).map(formatDiffLine)
  const version = before?.version ?? null
  if (options.dryRun || before?.catalogue.hash === catalogue.hash) {
    return { ok: true, value: { tenant, version, applied: false, diff } }
  }

  if (catalogue.bytes.length > longestCatalogueBytes) {
    const text = `The tenant file takes ${catalogue.bytes.length} bytes in the log, which holds at most ${longestCatalogueBytes}.`
    return refused(fault('catalogue_too_large', text))
  }
  const service = registry.findOrCreate(tenant)
  if (!service.ok) return refused(service.fault)
  const committed = service.value.attempt(() =>
    commitCatalogue(service.value.store, catalogue, file.name, clock.wallMs()),
  )
  if (!committed.ok) return refused(committed.fault)
  service.value.putInForce(committed.value)
  return { ok: true, value: { tenant, version: committed.value.version, applied: true, diff } }
}

function commitCatalogue(store: TenantStore, catalogue: Catalogue, fileName: string, nowMs: number): CatalogueInForce {
  const version = store.log.size
  const content = catalogue.bytes
  const contentHash = sha256(content)
  store.commitCatalogue(
    {
      entries: [encodeLogEntry({ kind: 'catalogue', contentHash, content })],
      catalogue: { logIndex: version, contentHash, content, fileName, appliedMs: nowMs },
    },
    { logSize: version },
  )
  return putInForce(catalogue, version)
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

function refused(given: Fault): ApplyResult {
  return { ok: false, fault: given, mistakes: [] }
}
