import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { RegisteredAgent } from './decide-batch.ts'

/** The version of the catalogue that everything is decided with now. */
export interface CatalogueInForce {
  /** Log index of its apply. */
  readonly version: number
  readonly catalogue: Catalogue
  readonly agents: ReadonlyMap<string, RegisteredAgent>
}

/** Puts a compiled catalogue in force. */
export function putInForce(catalogue: Catalogue, version: number): CatalogueInForce {
  const agents = catalogue.file.agents.map(({ id, signingKey, epoch }) => [id, { signingKey, epoch }] as const)
  return { version, catalogue, agents: new Map<string, RegisteredAgent>(agents) }
}
