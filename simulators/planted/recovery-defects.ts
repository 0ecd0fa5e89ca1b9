import type { SourceDefect } from './source-defect.ts'

/** Defects in noticing damage, and in what goes on after it. */
export const recoveryDefects: readonly SourceDefect[] = [
  {
    name: 'damaged-log-of-the-books-opened',
    file: 'aggregator/store/open-tenant-file.ts',
    find: 'if (lost !== null) throw damagedLog(file, lost)',
    replace: '',
    breaks: 'what lies behind damage to a write-ahead log is not dropped without a word',
    caughtBy: { kind: 'test', test: 'aggregator/flow/damaged-log.test.ts' },
  },
  {
    name: 'receipts-believed-after-a-restore',
    file: 'agent/flow/recover-start.ts',
    find: 'if (point === undefined) return settled',
    replace: 'if (point === undefined || point.seq >= 0) return settled',
    breaks: 'a recovery carries over what restored books have forgotten, also of the copy that they do not follow',
    caughtBy: { kind: 'test', test: 'agent/flow/recover-start.test.ts' },
  },
  {
    name: 'contradictory-restore-leaves-no-evidence',
    file: 'agent/domain/uplink-welcome.ts',
    find: "effects: [{ kind: 'keep-evidence', fault: next.fault }, ...effects]",
    replace: 'effects',
    breaks: 'two statements under the signature of the aggregator that contradict each other are kept',
    caughtBy: { kind: 'test', test: 'agent/compose-restore.test.ts' },
  },
  {
    name: 'damage-met-by-a-question-forgotten',
    file: 'agent/flow/journal-commits.ts',
    find: 'if (!stored.ok) this.#failure ??= stored.fault',
    replace: '',
    breaks: 'a journal that was found damaged takes nothing more',
    caughtBy: { kind: 'test', test: 'agent/flow/journal-service.test.ts' },
  },
]
