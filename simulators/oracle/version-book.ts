import type { Findings } from './findings.ts'
import type { TenantPlan } from './tenant-plan.ts'

/** How the operator of a tenant file is called, so that whoever finds a stored version can tell which one it is. */
export function operatorName(version: number): string {
  return `Operator, version ${version}`
}

/**
 * Which version of the tenant file was in force where in the log. A batch is rated under the version whose entry is the
 * last one before what its rating was told in; nothing else may decide what its usage costs.
 */
export class VersionBook {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  /** Log index of each catalogue entry, in order, and the number of its version from 1. */
  readonly #versions: { readonly logIndex: number; readonly version: number }[] = []
  /** Batch index → log index of the first entry that its rating made. */
  readonly #ratedAt = new Map<number, number>()

  /** `plans` are the versions that were given out, oldest first. */
  constructor(findings: Findings, plans: () => readonly TenantPlan[]) {
    this.#findings = findings
    this.#plans = plans
  }

  /** A catalogue entry came: `content` is the tenant file as canonical JSON. */
  catalogueCame(logIndex: number, content: Uint8Array): void {
    const { operator } = JSON.parse(new TextDecoder().decode(content)) as { operator: { name: string } }
    const version = Number(/\d+$/.exec(operator.name)?.[0])
    const isKnown = Number.isSafeInteger(version) && this.#plans()[version - 1] !== undefined
    this.#findings.demand(
      isKnown,
      'I8',
      () => `the catalogue at ${logIndex} (${operator.name}) is none that was applied`,
    )
    this.#versions.push({ logIndex, version })
  }

  /** An entry at `logIndex` tells how the batch at `batchIndex` was rated; the first one counts. */
  ratingTold(batchIndex: number, logIndex: number): void {
    if (!this.#ratedAt.has(batchIndex)) this.#ratedAt.set(batchIndex, logIndex)
  }

  /** Usage was posted at `logIndex` by the catalogue that stands at `catalogueIndex`: it has to be the one in force. */
  postedUnder(logIndex: number, catalogueIndex: number): void {
    const inForce = this.#lastBefore(logIndex)
    this.#findings.demand(
      inForce?.logIndex === catalogueIndex,
      'I9',
      () => `log entry ${logIndex} is rated with catalogue ${catalogueIndex}, in force is ${String(inForce?.logIndex)}`,
    )
  }

  /** The version in force for an entry at this place of the log; undefined before the first. */
  inForceAt(logIndex: number): TenantPlan | undefined {
    const version = this.#lastBefore(logIndex)?.version
    return version === undefined ? undefined : this.#plans()[version - 1]
  }

  /** The versions that a batch may have been rated under: one, or all where its rating told of nothing. */
  ratedUnder(batchIndex: number): readonly TenantPlan[] {
    const toldAt = this.#ratedAt.get(batchIndex)
    const plan = toldAt === undefined ? undefined : this.inForceAt(toldAt)
    return plan === undefined ? this.#plans() : [plan]
  }

  /** The version that charged: by the release at this log index, or by the first rating of its batch when that is null. */
  chargedUnder(batchIndex: number, releaseIndex: number | null): TenantPlan | undefined {
    if (releaseIndex !== null) return this.inForceAt(releaseIndex)
    const plans = this.ratedUnder(batchIndex)
    return plans.length === 1 ? plans[0] : undefined
  }

  /** Log index of the entry that tells of the charges of a batch, or of a release of units of it. */
  toldAt(batchIndex: number, releaseIndex: number | null): number | undefined {
    return releaseIndex ?? this.#ratedAt.get(batchIndex)
  }

  #lastBefore(logIndex: number): { readonly logIndex: number; readonly version: number } | undefined {
    return this.#versions.findLast((each) => each.logIndex < logIndex)
  }
}
