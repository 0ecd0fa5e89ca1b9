/** The invariants of the design that the oracle checks. */
export type Invariant = 'I1' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11' | 'I12' | 'I18' | 'world'

/** Something that must never be, and was. */
export interface Violation {
  readonly invariant: Invariant
  /** True time of the world, epoch milliseconds. */
  readonly atMs: number
  readonly step: number
  readonly message: string
}

/** A run stops after so many: what follows the first few is mostly their echo. */
export const mostViolations = 25

/** Collects violations; the same one is kept once. */
export class Findings {
  readonly #violations: Violation[] = []
  readonly #known = new Set<string>()
  readonly #now: () => { readonly atMs: number; readonly step: number }

  constructor(now: () => { readonly atMs: number; readonly step: number }) {
    this.#now = now
  }

  get violations(): readonly Violation[] {
    return this.#violations
  }

  get full(): boolean {
    return this.#violations.length >= mostViolations
  }

  add(invariant: Invariant, message: string): void {
    const key = `${invariant} ${message}`
    if (this.full || this.#known.has(key)) return
    this.#known.add(key)
    this.#violations.push({ invariant, ...this.#now(), message })
  }

  /** Adds a violation unless `holds`. */
  demand(holds: boolean, invariant: Invariant, message: () => string): void {
    if (!holds) this.add(invariant, message())
  }
}
