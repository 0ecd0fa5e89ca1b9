/** Something that is gone for a reason the product named, or that a person caused knowingly. */
export interface NamedLoss {
  /** The publish (`Publish.index`) whose events may be missing. */
  readonly publish: number
  readonly why: string
}

/**
 * What is allowed to be missing: exactly what a recovery report names as lost, or what was acknowledged by a box whose
 * disk was thrown back to an image of before. Everything else that was acknowledged must be found (I7, I8). A publish
 * that is named here may still turn up, and is then held to every other invariant.
 */
export class Losses {
  readonly #whys = new Map<number, string>()

  /** Names a publish as lost; the first reason stays. */
  add(publish: number, why: string): void {
    if (!this.#whys.has(publish)) this.#whys.set(publish, why)
  }

  /** Whether events of this publish may be missing. */
  has(publish: number): boolean {
    return this.#whys.has(publish)
  }

  get count(): number {
    return this.#whys.size
  }

  /** In the order in which they were named. */
  all(): readonly NamedLoss[] {
    return [...this.#whys].map(([publish, why]) => ({ publish, why }))
  }
}
