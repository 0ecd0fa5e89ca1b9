import { assertThat, FaultError } from '@meterline/shared/base/errors.ts'
import type { JournalAnswer, JournalPort, JournalQuestion, JournalStatus } from './journal-port.ts'
import type { ClosedEntry, SuspenseCounts, SuspenseDetail, SuspenseEntry, SuspenseQuery } from './suspense-port.ts'

/** What can be asked of a journal without changing it. A journal that cannot answer rejects with the `FaultError` it failed with. */
export class JournalQuestions {
  readonly #port: JournalPort

  constructor(port: JournalPort) {
    this.#port = port
  }

  async status(): Promise<JournalStatus> {
    const answer = await this.#ask({ kind: 'status' })
    return answer.status
  }

  async suspense(query: SuspenseQuery): Promise<readonly SuspenseEntry[]> {
    const answer = await this.#ask({ kind: 'suspense', query })
    return answer.entries
  }

  async suspenseCounts(): Promise<SuspenseCounts> {
    const answer = await this.#ask({ kind: 'suspense-counts' })
    return answer.counts
  }

  /** One entry, wherever it is now; null when there never was one of that number, or it was let go. */
  async suspended(number: number): Promise<SuspenseDetail | ClosedEntry | null> {
    const answer = await this.#ask({ kind: 'suspense-show', number })
    return answer.shown
  }

  /** What left the suspense, numbered above `after`. */
  async closedSuspense(after: number, limit: number): Promise<readonly ClosedEntry[]> {
    const answer = await this.#ask({ kind: 'suspense-closed', after, limit })
    return answer.entries
  }

  async #ask<Question extends JournalQuestion>(
    question: Question,
  ): Promise<JournalAnswer & { readonly kind: Question['kind'] }> {
    const answer = await this.#port.ask(question)
    if (answer.kind === 'unanswered') throw new FaultError(answer.fault)
    assertThat(isAnswerTo(question, answer), 'the journal answers the question that it was asked')
    return answer
  }
}

function isAnswerTo<Question extends JournalQuestion>(
  question: Question,
  answer: JournalAnswer,
): answer is JournalAnswer & { readonly kind: Question['kind'] } {
  return answer.kind === question.kind
}
