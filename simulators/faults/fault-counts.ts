/** The kinds of fault that a run counts, by what happens rather than by what it leads to. */
export type FaultKind =
  | 'agent-crash'
  | 'aggregator-crash'
  | 'crash-inside-a-step'
  | 'partition'
  | 'clock-step'
  | 'late-timer'
  | 'link-break'
  | 'message-lost'
  | 'message-repeated'
  | 'message-reordered'
  | 'message-corrupted'
  | 'refused-connect'
  | 'device-break'
  | 'device-roams'
  | 'crash-at-commit'
  | 'power-cut'
  | 'disk-full'
  | 'write-error'
  | 'fsync-error'
  | 'slow-disk'
  | 'bit-flip'
  | 'event-through-both-agents'
  | 'event-late-repeat'
  | 'event-malformed'
  | 'event-conflicting'
  | 'event-unknown-subject'
  | 'event-unsold-meter'
  | 'event-without-id'
  | 'event-without-time'
  | 'event-too-early'
  | 'event-in-the-future'
  | 'event-spooled'
  | 'clock-step-of-years'
  | 'agent-cloned'
  | 'agent-thrown-back'
  | 'aggregator-thrown-back'
  | 'books-swapped-silently'
  | 'byzantine-act'

/** Whether a kind is bad or unusual input, or a moment's delay, rather than something that fails. */
export function isOddity(kind: string): boolean {
  return kind.startsWith('event-') || kind === 'device-roams' || kind === 'late-timer'
}

/** How often each fault was injected in a run. */
export class FaultCounts {
  readonly #counts = new Map<FaultKind, number>()

  add(kind: FaultKind, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times)
  }

  get total(): number {
    let total = 0
    for (const times of this.#counts.values()) total += times
    return total
  }

  /** Faults of machines, networks, disks and people: without the oddities of input and timing that belong to any day. */
  get failures(): number {
    let total = 0
    for (const [kind, times] of this.#counts) if (!isOddity(kind)) total += times
    return total
  }

  /** By kind, sorted by name. */
  byKind(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}
