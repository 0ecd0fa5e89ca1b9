import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { JournalClient } from './journal-client.ts'
import { replayAll, type ReplayOrder, type ReplayReport } from './replay-all.ts'
import type {
  ClosedEntry,
  DiscardedRow,
  DiscardOrder,
  SuspenseCounts,
  SuspenseDetail,
  SuspenseEntry,
  SuspenseQuery,
} from './suspense-port.ts'

/** Where people look after what was taken in and cannot be used as it is. */
export interface SuspenseDesk {
  list(query: SuspenseQuery): Promise<readonly SuspenseEntry[]>
  counts(): Promise<SuspenseCounts>
  /** Null: there is no entry of that number, in suspense or closed. */
  show(number: number): Promise<SuspenseDetail | ClosedEntry | null>
  closed(after: number, limit: number): Promise<readonly ClosedEntry[]>
  replay(order: ReplayOrder, progress: (message: string) => void): Promise<Result<ReplayReport, Fault>>
  discard(order: DiscardOrder): Promise<Result<readonly DiscardedRow[], Fault>>
}

/** The desk over a journal. */
export function suspenseDesk(journal: JournalClient): SuspenseDesk {
  const { questions } = journal
  return {
    list: (query) => questions.suspense(query),
    counts: () => questions.suspenseCounts(),
    show: (number) => questions.suspended(number),
    closed: (after, limit) => questions.closedSuspense(after, limit),
    replay: (order, progress) => replayAll(journal, order, progress),
    discard: (order) => journal.discard(order),
  }
}
