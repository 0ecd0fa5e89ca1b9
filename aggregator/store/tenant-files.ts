import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseTenantId } from '@meterline/shared/units/ids.ts'

const ending = '.db'

/** The file that holds one tenant's books. */
export function tenantFile(dataDirectory: string, tenant: string): string {
  return join(dataDirectory, tenant + ending)
}

/** Every tenant that has a file, sorted. */
export function listTenants(dataDirectory: string): readonly string[] {
  return readdirSync(dataDirectory)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .filter((tenant) => parseTenantId(tenant).ok)
    .toSorted()
}
