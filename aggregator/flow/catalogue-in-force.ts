import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileWatch, type UsageWatch } from '../domain/completeness/watch.ts'
import type { RegisteredAgent } from './decide-batch.ts'
import { makeSnapshot, type MadeSnapshot } from './made-snapshot.ts'

/** The version of the catalogue that everything is decided with now. */
export interface CatalogueInForce {
  /** Log index of its apply. */
  readonly version: number
  readonly catalogue: Catalogue
  readonly agents: ReadonlyMap<string, RegisteredAgent>
  /** What usage is watched for beside being charged. */
  readonly watch: UsageWatch
  /** Who gets invoices in the middle of a period. */
  readonly progressiveBuyers: ReadonlySet<string>
  /** What agents are to enforce of it; made when it is first asked for, since that takes a while. */
  readonly snapshot: () => MadeSnapshot
}

/** Puts a compiled catalogue in force. */
export function putInForce(catalogue: Catalogue, version: number): CatalogueInForce {
  const agents = catalogue.file.agents.map(({ id, signingKey, epoch }) => [id, { signingKey, epoch }] as const)
  let made: MadeSnapshot | null = null
  return {
    version,
    catalogue,
    agents: new Map<string, RegisteredAgent>(agents),
    watch: compileWatch(catalogue.file),
    progressiveBuyers: new Set(
      catalogue.file.billingProfiles.filter((profile) => profile.progressiveAmount !== null).map(({ id }) => id),
    ),
    snapshot: () => (made ??= makeSnapshot(catalogue, version)),
  }
}
