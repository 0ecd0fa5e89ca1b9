import { FaultError, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { readSigningKey } from '../compose.ts'
import type { AggregatorConfig } from '../config.ts'
import type { BooksReport } from '../flow/commands.ts'
import { verifyBooks } from '../flow/verify-books.ts'
import { listTenants, tenantFile } from '../store/tenant-files.ts'

/**
 * Checks the books of one tenant or of all, by opening their files read-only: it needs no running aggregator, and does
 * not take its word for anything. Checkpoints are checked with `publicKey`, or that of the signing key when it is null.
 */
export function verifyFiles(
  config: AggregatorConfig,
  tenant: string | null,
  publicKey: string | null,
): Result<readonly BooksReport[]> {
  const key = publicKey === null ? ownPublicKey(config) : ok(publicKey)
  if (!key.ok) return key
  const tenants = tenantsOf(config.dataDirectory)
  if (!tenants.ok) return tenants
  if (tenant !== null && !tenants.value.includes(tenant)) {
    return failed(fault('tenant_unknown', `There is no tenant ${tenant} in ${config.dataDirectory}.`))
  }
  const reports: BooksReport[] = []
  for (const each of tenant === null ? tenants.value : [tenant]) {
    const report = verifyBooks(tenantFile(config.dataDirectory, each), each, key.value)
    if (!report.ok) return report
    reports.push(report.value)
  }
  return ok(reports)
}

function ownPublicKey(config: AggregatorConfig): Result<string> {
  try {
    return ok(readSigningKey(config).publicKeyBase64)
  } catch (error) {
    if (error instanceof FaultError) return failed(error.fault)
    throw error
  }
}

function tenantsOf(dataDirectory: string): Result<readonly string[]> {
  try {
    return ok(listTenants(dataDirectory))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('data_unreadable', `The data directory ${dataDirectory} cannot be read: ${reason}`))
  }
}
