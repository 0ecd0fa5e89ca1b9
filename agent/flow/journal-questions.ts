import type { JournalPort, JournalStatus } from './journal-port.ts'
import type { ClosedEntry, SuspenseCounts, SuspenseDetail, SuspenseEntry, SuspenseQuery } from './suspense-port.ts'

/** What can be asked of a journal without changing it. */
export class JournalQuestions {
  readonly #port: JournalPort

  constructor(port: JournalPort) {
    this.#port = port
  }

  async status(): Promise<JournalStatus> {
    const answer = await this.#port.ask({ kind: 'status' })
    if (answer.kind !== 'status') throw new Error('the journal answered another question')
    return answer.status
  }

  async suspense(query: SuspenseQuery): Promise<readonly SuspenseEntry[]> {
    const answer = await this.#port.ask({ kind: 'suspense', query })
    if (answer.kind !== 'suspense') throw new Error('the journal answered another question')
    return answer.entries
  }

  async suspenseCounts(): Promise<SuspenseCounts> {
    const answer = await this.#port.ask({ kind: 'suspense-counts' })
    if (answer.kind !== 'suspense-counts') throw new Error('the journal answered another question')
    return answer.counts
  }

  /** One entry, wherever it is now; null when there never was one of that number, or it was let go. */
  async suspended(number: number): Promise<SuspenseDetail | ClosedEntry | null> {
    const answer = await this.#port.ask({ kind: 'suspense-show', number })
    if (answer.kind !== 'suspense-show') throw new Error('the journal answered another question')
    return answer.shown
  }

  /** What left the suspense, numbered above `after`. */
  async closedSuspense(after: number, limit: number): Promise<readonly ClosedEntry[]> {
    const answer = await this.#port.ask({ kind: 'suspense-closed', after, limit })
    if (answer.kind !== 'suspense-closed') throw new Error('the journal answered another question')
    return answer.entries
  }
}
