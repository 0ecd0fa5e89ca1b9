import type { Findings } from './findings.ts'
import type { LogWatch } from './log-watch.ts'
import { isMeant, UnitIndex } from './matching.ts'
import { identityKey } from './published.ts'
import type { MeantEvent, PublishedLedger } from './published.ts'

/** Nothing in the log is made up (I8): every unit is what some device meant. */
export class ProvenanceWatch {
  /** Every unit of the log. */
  readonly logged = new UnitIndex()
  readonly #findings: Findings
  readonly #published: PublishedLedger
  readonly #meant = new Map<string, MeantEvent[]>()
  #meantPublishes = 0
  #indexedUpTo = -1

  constructor(findings: Findings, published: PublishedLedger) {
    this.#findings = findings
    this.#published = published
  }

  advance(log: LogWatch): void {
    this.#indexMeant()
    for (const [batchIndex, { units }] of log.batchesAfter(this.#indexedUpTo)) {
      this.#indexedUpTo = batchIndex
      for (const [index, unit] of units.entries()) {
        this.logged.add(unit)
        const meant = this.#meant.get(identityKey(unit.source, unit.eventId ?? '')) ?? []
        this.#findings.demand(
          meant.some((event) => isMeant(unit, event)),
          'I8',
          () =>
            `unit ${batchIndex}/${index} (${unit.source} ${unit.eventId ?? 'without id'}: ${unit.content}) is nothing that was published`,
        )
      }
    }
  }

  #indexMeant(): void {
    const { publishes } = this.#published
    for (; this.#meantPublishes < publishes.length; this.#meantPublishes++) {
      for (const piece of publishes[this.#meantPublishes]?.pieces ?? []) {
        if (piece.kind !== 'event') continue
        const key = identityKey(piece.event.source, piece.event.id ?? '')
        const known = this.#meant.get(key)
        if (known === undefined) this.#meant.set(key, [piece.event])
        else known.push(piece.event)
      }
    }
  }
}
