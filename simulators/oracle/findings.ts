/** The invariants of the design that the oracle checks. */
export type Invariant =
  | 'I1'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I12'
  | 'I13'
  | 'I14'
  | 'I15'
  | 'I16'
  | 'I18'
  | 'world'

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
  readonly #isEnough: (violation: Violation) => boolean
  #enough = false

  /** The run ends early at a violation that `isEnough`. */
  constructor(
    now: () => { readonly atMs: number; readonly step: number },
    isEnough: (violation: Violation) => boolean = () => false,
  ) {
    this.#now = now
    this.#isEnough = isEnough
  }

  get violations(): readonly Violation[] {
    return this.#violations
  }

  get full(): boolean {
    return this.#enough || this.#violations.length >= mostViolations
  }

  add(invariant: Invariant, message: string): void {
    const key = `${invariant} ${message}`
    if (this.full || this.#known.has(key)) return
    this.#known.add(key)
    const violation = { invariant, ...this.#now(), message }
    this.#violations.push(violation)
    // Once a process gave up or threw, or nothing can be read any more, what follows tells nothing.
    if (invariant === 'world' || this.#isEnough(violation)) this.#enough = true
  }

  /** Adds a violation unless `holds`. */
  demand(holds: boolean, invariant: Invariant, message: () => string): void {
    if (!holds) this.add(invariant, message())
  }
}
