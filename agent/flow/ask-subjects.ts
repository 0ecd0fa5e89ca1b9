import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import {
  bindingsLimits,
  openSubjectBindings,
  type BindingsFault,
  type SubjectBindings,
} from '@meterline/shared/model/subject-bindings.ts'
import type { SubjectAnswer } from '@meterline/shared/wire/messages.ts'
import type { ToldSubject } from '../domain/subject-book.ts'
import type { JournalClient } from './journal-client.ts'
import type { SnapshotKeeper } from './keep-snapshots.ts'
import type { SnapshotTalk } from './snapshot-talk.ts'

export type SubjectRefusal = BindingsFault | Fault<'bindings_of_another_tenant' | 'bindings_older' | 'bindings_unasked'>

/** A disk that is full now may have room again. */
const restMs = 10_000

/**
 * Asks the aggregator about subjects that were seen for the first time, or that were told of under other bindings than
 * those in force: one request at a time, as long as there are any. Whom to ask about the journal knows, so that nobody is
 * forgotten with a session. After an answer that cannot be used nothing is asked until the next session, after one that
 * cannot be stored for a while.
 */
export class SubjectAsker {
  readonly #journal: JournalClient
  readonly #talk: SnapshotTalk
  readonly #snapshots: SnapshotKeeper
  readonly #aggregatorKey: string
  readonly #tenant: string
  readonly #clock: Clock
  readonly #log: Log
  /** Counts sessions; what was begun in one does not go on in the next. */
  #session = 0
  #state: 'idle' | 'asking' | 'given-up' = 'given-up'
  /** Who was asked about; null while no answer is expected. */
  #asked: ReadonlySet<string> | null = null
  #pause: Timer | null = null

  constructor(parts: {
    readonly journal: JournalClient
    readonly talk: SnapshotTalk
    readonly snapshots: SnapshotKeeper
    readonly aggregatorKey: string
    readonly tenant: string
    readonly clock: Clock
    readonly log: Log
  }) {
    this.#journal = parts.journal
    this.#talk = parts.talk
    this.#snapshots = parts.snapshots
    this.#aggregatorKey = parts.aggregatorKey
    this.#tenant = parts.tenant
    this.#clock = parts.clock
    this.#log = parts.log
    this.#talk.listenToSubjects({ welcomed: () => this.#begin(), answered: (answer) => this.#answered(answer) })
  }

  /** Asks nothing more. */
  stop(): void {
    this.#pause?.cancel()
    this.#pause = null
    this.#state = 'given-up'
    this.#session += 1
  }

  #begin(): void {
    this.stop()
    this.#asked = null
    this.#state = 'idle'
    this.ask()
  }

  /** Asks when there is anybody to ask about and nothing has been asked that is not answered. */
  ask(): void {
    if (this.#state !== 'idle' || this.#journal.progress.wantedSubjects === 0 || !this.#talk.takesRequests) return
    this.#state = 'asking'
    const session = this.#session
    this.#journal.snapshots.wantedSubjects(bindingsLimits.subjects, (subjects) => {
      if (session !== this.#session) return
      if (subjects.length === 0) {
        this.#state = 'idle'
        return
      }
      this.#asked = new Set(subjects)
      this.#talk.request({ kind: 'subject-request', subjects })
    })
  }

  #answered(answer: SubjectAnswer): void {
    const asked = this.#asked
    if (asked === null) return
    this.#asked = null
    const session = this.#session
    const told = this.#read(answer, asked)
    if (!told.ok) {
      this.#state = 'given-up'
      return this.#log.warn('subjects are not asked about until the next session', { ...told.fault })
    }
    this.#journal.snapshots.learnSubjects(told.value, (storeFault) => {
      if (session !== this.#session) return
      if (storeFault !== null) return this.#rest(storeFault)
      this.#state = 'idle'
      this.ask()
    })
  }

  #read(answer: SubjectAnswer, asked: ReadonlySet<string>): Result<readonly ToldSubject[], SubjectRefusal> {
    const opened = openSubjectBindings(answer, this.#aggregatorKey)
    if (!opened.ok) return opened
    const { tenant, version, subjects } = opened.value
    if (tenant !== this.#tenant) {
      const message = `what is said of subjects is of tenant ${tenant}, this agent belongs to ${this.#tenant}`
      return failed(fault('bindings_of_another_tenant', message))
    }
    const newest = this.#snapshots.newestVersion
    if (newest !== null && version < newest) {
      const message = `what is said of subjects is of version ${version}, the snapshot of version ${newest} has come already`
      return failed(fault('bindings_older', message))
    }
    // An answer that tells of nobody would be asked for again and again.
    if (subjects.length === 0 || !subjects.every(({ subject }) => asked.has(subject))) {
      const message = `the answer tells of ${subjects.length} subjects, and not only of those that were asked about`
      return failed(fault('bindings_unasked', message))
    }
    return ok(toldSubjects(opened.value))
  }

  #rest(why: Fault): void {
    this.#log.warn('what is said of subjects is not stored', { ...why })
    this.#pause = this.#clock.after(restMs, () => {
      this.#pause = null
      this.#state = 'idle'
      this.ask()
    })
  }
}

function toldSubjects({ subjects, bindingsHash }: SubjectBindings): readonly ToldSubject[] {
  return subjects.map(({ subject, bindings }) => ({
    subject,
    terms: {
      bindingsHash,
      bindings: bindings.map(({ plan, fromMs, toMs }) => ({ plan, fromMs, toMs: toMs ?? Infinity })),
    },
  }))
}
