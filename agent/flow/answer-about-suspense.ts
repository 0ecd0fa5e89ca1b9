import type { ClosedHead } from '../store/closed-suspense-table.ts'
import type { Journal } from '../store/journal.ts'
import type { JournalAnswer, JournalQuestion } from './journal-port.ts'
import { replayObstacle } from './replay-suspense.ts'
import type { ClosedEntry, SuspenseDetail } from './suspense-port.ts'

/** Devices and reasons that a count names at most. */
const countedDevices = 1000

/** Answers questions about what is or was in suspense. */
export function answerAboutSuspense(
  { suspense, closedSuspense }: Journal,
  question: Exclude<JournalQuestion, { kind: 'status' }>,
): JournalAnswer {
  switch (question.kind) {
    case 'suspense': {
      const heads = suspense.list(question.query)
      return { kind: 'suspense', entries: heads.map(({ id, ...head }) => ({ number: id, ...head })) }
    }
    case 'suspense-counts': {
      const counts = { byCode: suspense.byCode(), byDevice: suspense.byDevice(countedDevices) }
      return { kind: 'suspense-counts', counts }
    }
    case 'suspense-show':
      return { kind: 'suspense-show', shown: shownEntry({ suspense, closedSuspense }, question.number) }
    case 'suspense-closed':
      return { kind: 'suspense-closed', entries: closedSuspense.list(question.after, question.limit).map(closedEntry) }
  }
}

function shownEntry(
  { suspense, closedSuspense }: Pick<Journal, 'suspense' | 'closedSuspense'>,
  number: number,
): SuspenseDetail | ClosedEntry | null {
  const row = suspense.row(number)
  if (row === null) {
    const closed = closedSuspense.find(number)
    return closed === null ? null : closedEntry(closed)
  }
  const { id, code, message, device, kind, rule, topic, idempotencyKey, eventId, positions } = row
  const { firstMs, lastMs, times, payloadBytes, keptBytes, payload } = row
  const from = { code, message, device, kind, rule, topic, idempotencyKey, eventId, positions }
  const held = { firstMs, lastMs, times, payloadBytes, keptBytes, payload, obstacle: replayObstacle(row) }
  return { number: id, state: 'suspended', ...from, ...held }
}

function closedEntry({ id, ...head }: ClosedHead): ClosedEntry {
  return { number: id, state: 'closed', ...head }
}
