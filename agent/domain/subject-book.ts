/** From when to when a subject's usage is priced by a plan of the snapshot. */
export interface SubjectBinding {
  /** Id of the plan. */
  readonly plan: string
  readonly fromMs: number
  /** Exclusive; Infinity: open. */
  readonly toMs: number
}

/** What is known of a subject; subjects of the same terms share one such object. */
export interface SubjectTerms {
  /** Names the state of all bindings that this was read from, hexadecimal. */
  readonly bindingsHash: string
  /** Empty: the centre does not know the subject. */
  readonly bindings: readonly SubjectBinding[]
}

/** What the aggregator said of one subject. */
export interface ToldSubject {
  readonly subject: string
  readonly terms: SubjectTerms
}

/**
 * How many subjects an agent remembers. Those that nobody knows have a limit of their own: a device that makes up subjects
 * must not push out those that are paid for.
 */
export const subjectLimits = { bound: 200_000, unknown: 10_000, wanted: 4_096, shared: 8_192 } as const

/** The most of each kind that is remembered or waited for. */
export interface SubjectLimits {
  readonly bound: number
  readonly unknown: number
  readonly wanted: number
  /**
   * Terms that are looked for again, so that subjects share them: those of a few plans that were sold on every day of some
   * years. Shared ones take a subject 80 bytes, its own ones 300.
   */
  readonly shared: number
}

/**
 * What the agent knows of subjects, and whom it has to ask about. Over a limit the subjects that were told of longest ago
 * are forgotten, and asked about again when they are seen. What was said under other bindings than those of the snapshot
 * in force holds until the new answer comes.
 */
export class SubjectBook {
  readonly #limits: SubjectLimits
  readonly #bound = new Map<string, SubjectTerms>()
  readonly #unknown = new Map<string, SubjectTerms>()
  readonly #wanted = new Set<string>()
  /** By what they say; of one state of the bindings, so that none outlives it here. */
  readonly #shared = new Map<string, SubjectTerms>()
  #sharedHash = ''

  constructor(limits: SubjectLimits = subjectLimits) {
    this.#limits = limits
  }

  /** Subjects that are remembered with terms. */
  get boundCount(): number {
    return this.#bound.size
  }

  get unknownCount(): number {
    return this.#unknown.size
  }

  /** Subjects that were seen and have to be asked about. */
  get wantedCount(): number {
    return this.#wanted.size
  }

  /**
   * What is known of a subject, null when nothing is. Wants it asked about when that is nothing, or was said under other
   * bindings than those named.
   */
  termsOf(subject: string, bindingsHash: string): SubjectTerms | null {
    const terms = this.#bound.get(subject) ?? this.#unknown.get(subject)
    if (terms !== undefined && terms.bindingsHash === bindingsHash) return terms
    // Over the limit it is not asked about yet: the next event of the subject wants it again.
    if (this.#wanted.size < this.#limits.wanted) this.#wanted.add(subject)
    return terms ?? null
  }

  /** The first subjects that have to be asked about. They stay wanted until they are told. */
  wanted(most: number): readonly string[] {
    const first: string[] = []
    for (const subject of this.#wanted) {
      if (first.length >= most) break
      first.push(subject)
    }
    return first
  }

  /** Remembers what the aggregator said; gives the subjects that are forgotten for it. */
  learn(told: readonly ToldSubject[]): readonly string[] {
    const forgotten: string[] = []
    for (const { subject, terms } of told) {
      this.#wanted.delete(subject)
      this.#bound.delete(subject)
      this.#unknown.delete(subject)
      const oldest = this.#remember(subject, terms)
      if (oldest !== null) forgotten.push(oldest)
    }
    return forgotten
  }

  /** Forgets everything and takes what was stored, told longest ago first. Whoever is wanted stays so. */
  load(stored: Iterable<ToldSubject>): void {
    this.#bound.clear()
    this.#unknown.clear()
    for (const { subject, terms } of stored) this.#remember(subject, terms)
  }

  /** The subject that is forgotten for it, if one is. */
  #remember(subject: string, terms: SubjectTerms): string | null {
    const isBound = terms.bindings.length > 0
    const known = isBound ? this.#bound : this.#unknown
    known.set(subject, this.#share(terms))
    if (known.size <= (isBound ? this.#limits.bound : this.#limits.unknown)) return null
    // The first key is of the subject that was told of longest ago.
    const oldest = known.keys().next().value ?? null
    if (oldest !== null) known.delete(oldest)
    return oldest
  }

  #share(terms: SubjectTerms): SubjectTerms {
    if (this.#sharedHash !== terms.bindingsHash) {
      this.#shared.clear()
      this.#sharedHash = terms.bindingsHash
    }
    const key = JSON.stringify(terms.bindings.map(({ plan, fromMs, toMs }) => [plan, fromMs, toMs]))
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const own = { bindingsHash: this.#sharedHash, bindings: terms.bindings }
    if (this.#shared.size < this.#limits.shared) this.#shared.set(key, own)
    return own
  }
}
