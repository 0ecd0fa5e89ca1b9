import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileWatch, type UsageWatch } from '../domain/completeness/watch.ts'
import type { RegisteredAgent } from './decide-batch.ts'

/** The version of the catalogue that everything is decided with now. */
export interface CatalogueInForce {
  /** Log index of its apply. */
  readonly version: number
  readonly catalogue: Catalogue
  readonly agents: ReadonlyMap<string, RegisteredAgent>
  /** What usage is watched for beside being charged. */
  readonly watch: UsageWatch
}

/** Puts a compiled catalogue in force. */
export function putInForce(catalogue: Catalogue, version: number): CatalogueInForce {
  const agents = catalogue.file.agents.map(({ id, signingKey, epoch }) => [id, { signingKey, epoch }] as const)
  return { version, catalogue, agents: new Map<string, RegisteredAgent>(agents), watch: compileWatch(catalogue.file) }
}
