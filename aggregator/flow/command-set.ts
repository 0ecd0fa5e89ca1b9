import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { decodeInvoice } from '../documents/invoice.ts'
import { invoiceText } from '../documents/invoice-text.ts'
import type { StoredEvidence } from '../store/evidence-table.ts'
import { tenantFile } from '../store/tenant-files.ts'
import { applyCatalogue } from './apply-catalogue.ts'
import { Backups } from './backup-tenant.ts'
import { billCommands } from './bill-commands.ts'
import { clockCommands } from './clock-commands.ts'
import type { BackupParts } from './backup-tenant.ts'
import type { Commands, EvidenceItem } from './commands.ts'
import { documentSummary } from './document-summary.ts'
import { discardSuspended } from './discard-suspense.ts'
import { findDispositions } from './find-dispositions.ts'
import { receivableCommands } from './receivable-commands.ts'
import { replaySuspense } from './replay-suspense.ts'
import { catalogueHistory, diffCatalogues, exportCatalogue, showCatalogue } from './show-catalogue.ts'
import { showSuspended } from './show-suspended.ts'
import { listCorrelations } from './list-correlations.ts'
import { listDrift } from './list-drift.ts'
import { listGaps } from './list-gaps.ts'
import type { TenantRegistry } from './tenant-registry.ts'
import { failedTenantStatus, tenantStatus } from './tenant-status.ts'
import { subscriptionCommands } from './subscription-commands.ts'
import { usageCommands } from './usage-commands.ts'
import { verifyBooks } from './verify-books.ts'
import { whatIfCommands } from './what-if-commands.ts'

/** More events than this are not looked up in one command. */
const maxEvents = 10_000
/** More items than this are not listed in one command. */
const maxPage = 10_000

/** Every command of a running aggregator, over its tenants. */
export function commandSet(parts: BackupParts & { readonly registry: TenantRegistry }): Commands {
  const { registry, clock, dataDirectory, signingKey } = parts
  const { publicKeyBase64 } = signingKey
  const backups = new Backups(parts)
  return {
    apply: (name, text, options) => Promise.resolve(applyCatalogue(registry, clock, { name, text }, options)),
    catalogueShow: (tenant, { version, atMs }) => {
      const service = registry.demand(tenant)
      return service.ok ? showCatalogue(service.value, version, atMs ?? service.value.clock.wallMs()) : service
    },
    catalogueHistory: (tenant, { limit }) => {
      const service = registry.demand(tenant)
      return service.ok ? ok(catalogueHistory(service.value, Math.min(limit, maxPage))) : service
    },
    catalogueDiff: (tenant, before, after) => {
      const service = registry.demand(tenant)
      return service.ok ? diffCatalogues(service.value, before, after) : service
    },
    catalogueExport: (tenant, version) => {
      const service = registry.demand(tenant)
      return service.ok ? exportCatalogue(service.value, version) : service
    },
    ...billCommands(registry),
    invoiceList: (tenant, period) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return ok(service.value.store.documents.list(period ?? null).map(documentSummary))
    },
    invoiceShow: (tenant, number) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const row = service.value.store.documents.find(number)
      if (row === undefined) {
        return failed(
          fault('document_unknown', `There is no document ${number}; "invoice list" shows those there are.`),
        )
      }
      const invoice = decodeInvoice(row.bytes)
      if (!invoice.ok) return invoice
      return ok({ json: new TextDecoder().decode(row.bytes), text: invoiceText(invoice.value) })
    },
    status: () => [...registry.services().map(tenantStatus), ...registry.failures().map(failedTenantStatus)],
    tenantStatus: (tenant) => {
      const failure = registry.failures().find((each) => each.tenant === tenant)
      if (failure !== undefined) return ok(failedTenantStatus(failure))
      const service = registry.demand(tenant)
      return service.ok ? ok(tenantStatus(service.value)) : service
    },
    dispositions: (tenant, events) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      if (events.length > maxEvents) {
        return failed(fault('too_many_events', `At most ${maxEvents} events are looked up at once; ask in parts.`))
      }
      return ok(findDispositions(service.value, events))
    },
    suspenseList: (tenant, { limit, after = { logIndex: -1, unit: -1 }, code = null, source = null }) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return ok(service.value.store.suspense.list(after, Math.min(limit, maxPage), { code, source }))
    },
    suspenseShow: (tenant, place) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const shown = showSuspended(service.value.store, place)
      const name = `${place.logIndex}:${place.unit}`
      return shown === null
        ? failed(fault('suspense_unknown', `Unit ${name} is not in suspense and never was; see "suspense list".`))
        : ok(shown)
    },
    suspenseReplay: async (tenant, order, progress) => {
      const service = registry.demand(tenant)
      return service.ok ? await replaySuspense(service.value, service.value.clock, order, progress) : service
    },
    suspenseDiscard: (tenant, order) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const { value } = service
      const discarded = value.attempt(() => discardSuspended(value.store, order, value.clock.wallMs()))
      value.scheduleCheckpoint()
      return discarded
    },
    ...subscriptionCommands(registry),
    ...usageCommands(registry),
    ...receivableCommands(registry),
    ...whatIfCommands(registry),
    ...clockCommands(registry),
    drift: (tenant, { period = null, limit }) => {
      const service = registry.demand(tenant)
      return service.ok ? ok(listDrift(service.value.store, period, Math.min(limit, maxPage))) : service
    },
    evidenceList: (tenant, { limit }) => {
      const service = registry.demand(tenant)
      return service.ok ? ok(service.value.store.evidence.list(Math.min(limit, maxPage)).map(evidenceItem)) : service
    },
    gaps: async (tenant, request) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return await listGaps(service.value, service.value.clock, { ...request, limit: Math.min(request.limit, maxPage) })
    },
    correlations: async (tenant, request) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return await listCorrelations(service.value, service.value.clock, {
        ...request,
        limit: Math.min(request.limit, maxPage),
      })
    },
    verifyBooks: (tenant) => {
      const service = registry.demand(tenant)
      return service.ok ? verifyBooks(tenantFile(dataDirectory, tenant), tenant, publicKeyBase64) : service
    },
    backup: async (order, progress = () => undefined) => {
      const service = registry.demand(order.tenant)
      return service.ok ? await backups.make(service.value, order, progress) : service
    },
  }
}

function evidenceItem(stored: StoredEvidence): EvidenceItem {
  const { header, signature, ...rest } = stored
  return { ...rest, headerHex: toHex(header), signatureHex: toHex(signature) }
}
