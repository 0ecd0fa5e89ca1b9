import { backoffDelayMs } from '@meterline/shared/base/backoff.ts'
import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { FaultError, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import { listTenants, tenantFile } from '../store/tenant-files.ts'
import { TenantStore } from '../store/tenant-store.ts'
import { putInForce } from './catalogue-in-force.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { keysPerGroup } from './receive-queue.ts'
import { TenantService } from './tenant-service.ts'

/** How often a store that failed is opened again: at first soon, then every minute at most, for as long as it takes. */
const reopening = { baseMs: 1_000, capMs: 60_000 }
/** A failure this long after the one before is a new one, tried again soon. */
const forgottenAfterMs = 600_000

/** What the services of all tenants share. */
export interface RegistryParts {
  readonly dataDirectory: string
  readonly disk: SimulatedDisk | undefined
  readonly keyMemtableKeys: number
  readonly checkpointEveryMs: number
  /** More tenants than this are not created. */
  readonly maxTenants: number
  readonly signingKey: SigningKey
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** A tenant whose store does not work, and why. */
export interface FailedTenant {
  readonly tenant: string
  readonly reason: string
}

interface Failure extends FailedTenant {
  readonly timer: Timer | null
}

/** How often in a row a tenant has failed, and when it did last. */
interface FailureRecord {
  readonly times: number
  readonly atMs: number
}

export type TenantFault = Fault<'tenant_unknown' | 'tenant_failed'>

/** All tenants of this aggregator. One whose file fails keeps none of the others from working. */
export class TenantRegistry {
  readonly #parts: RegistryParts
  readonly #services = new Map<string, TenantService>()
  readonly #failures = new Map<string, Failure>()
  readonly #records = new Map<string, FailureRecord>()
  #stopped = false

  constructor(parts: RegistryParts) {
    this.#parts = parts
    for (const tenant of listTenants(parts.dataDirectory)) this.#open(tenant)
  }

  /** The running service of a tenant, or why there is none. */
  find(tenant: string): TenantService | 'unknown' | 'failed' {
    return this.#services.get(tenant) ?? (this.#failures.has(tenant) ? 'failed' : 'unknown')
  }

  /** The same for commands, in words. */
  demand(tenant: string): Result<TenantService, TenantFault> {
    const service = this.#services.get(tenant)
    if (service !== undefined) return ok(service)
    const failure = this.#failures.get(tenant)
    if (failure !== undefined) return failed(failureFault(failure))
    const text = `There is no tenant ${tenant}. Tenants are created by applying their file; "status" lists those there are.`
    return failed(fault('tenant_unknown', text))
  }

  /** The service of a tenant that may be new; its file is created then. */
  findOrCreate(tenant: string): Result<TenantService> {
    const known = this.demand(tenant)
    if (known.ok || known.fault.code === 'tenant_failed') return known
    const { maxTenants } = this.#parts
    if (this.#services.size + this.#failures.size >= maxTenants) {
      return failed(
        fault('too_many_tenants', `There are ${maxTenants} tenants already; raise limits.tenants for more.`),
      )
    }
    this.#open(tenant)
    return this.demand(tenant)
  }

  services(): readonly TenantService[] {
    return [...this.#services.values()].toSorted((left, right) => (left.tenant < right.tenant ? -1 : 1))
  }

  failures(): readonly FailedTenant[] {
    return [...this.#failures.values()]
  }

  close(): void {
    this.#stop((service) => service.close())
  }

  kill(): void {
    this.#stop((service) => service.kill())
  }

  #stop(end: (service: TenantService) => void): void {
    this.#stopped = true
    for (const service of this.#services.values()) end(service)
    for (const failure of this.#failures.values()) failure.timer?.cancel()
  }

  #open(tenant: string): void {
    const { dataDirectory, disk, keyMemtableKeys, signingKey, clock, log, checkpointEveryMs } = this.#parts
    try {
      const file = tenantFile(dataDirectory, tenant)
      const store = new TenantStore({ file, disk, keyMemtableKeys, keysPerCommit: keysPerGroup })
      const inForce = loadCatalogue(store)
      const onFailed = (service: TenantService, reason: string, repeatable: boolean): void => {
        this.#services.delete(service.tenant)
        this.#failed(service.tenant, reason, repeatable)
      }
      const parts = { tenant, store, inForce, signingKey, clock, log, checkpointEveryMs, onFailed }
      this.#services.set(tenant, new TenantService(parts))
      this.#failures.delete(tenant)
      log.info('tenant open', { tenant, logSize: store.log.size, catalogue: inForce?.version })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      // What a file says about itself (newer version, damaged) stays so; a full or absent disk may come back.
      const repeatable = !(error instanceof FaultError) || error.fault.code === 'database_unusable'
      log.error('tenant cannot be opened', { tenant, reason, repeatable, error })
      this.#failed(tenant, reason, repeatable)
    }
  }

  #failed(tenant: string, reason: string, repeatable: boolean): void {
    if (this.#stopped) return
    const { clock, random } = this.#parts
    const atMs = clock.monotonicMs()
    const record = this.#records.get(tenant)
    const times = record === undefined || atMs - record.atMs > forgottenAfterMs ? 0 : record.times
    this.#records.set(tenant, { times: times + 1, atMs })
    const delayMs = backoffDelayMs(Math.min(times, 10), random, reopening)
    const timer = repeatable ? clock.after(delayMs, () => this.#open(tenant)) : null
    this.#failures.set(tenant, { tenant, reason, timer })
  }
}

function loadCatalogue(store: TenantStore): CatalogueInForce | null {
  const row = store.catalogues.latest()
  if (row === undefined) return null
  const catalogue = catalogueFromBytes(row.content)
  if (!catalogue.ok) throw new FaultError(catalogue.fault)
  return putInForce(catalogue.value, row.logIndex)
}

function failureFault({ tenant, reason }: FailedTenant): TenantFault {
  return fault('tenant_failed', `The store of tenant ${tenant} does not work: ${reason}`)
}
