import { yamlText } from '@meterline/shared/config/yaml-text.ts'
import { tenantFileJson } from '../domain/catalogue/tenant-file-json.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'

/** A tenant file as YAML that people can read; reading it back gives the same catalogue, with the same hash. */
export function tenantFileText(file: TenantFile): string {
  return yamlText(tenantFileJson(file))
}
