import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type {
  HeldSnapshot,
  JournalAnswer,
  JournalListener,
  JournalOpening,
  JournalPort,
  JournalQuestion,
  JournalReply,
  JournalRequest,
} from '../flow/journal-port.ts'
import { JournalService } from '../flow/journal-service.ts'
import type { WriterSettings } from '../flow/writer.ts'
import type { JournalFaultCode } from '../store/journal.ts'

/**
 * The journal without a thread, for tests and the simulated world: the same service, each request handled in a turn of
 * the clock of its own and answered in another one, so that a crash can fall between the commit and its acknowledgement.
 */
export function openInlineJournal(
  settings: WriterSettings,
  signingKey: SigningKey,
  random: Random,
  clock: Clock,
): Result<JournalPort, Fault<JournalFaultCode>> {
  const service = JournalService.open(settings, signingKey, random, clock.monotonicMs())
  return service.ok ? ok(new InlineJournal(service.value, clock)) : service
}

class InlineJournal implements JournalPort {
  readonly opening: JournalOpening
  readonly #service: JournalService
  readonly #clock: Clock
  readonly #timers = new Set<Timer>()
  readonly #requests: JournalRequest[] = []
  #reply: JournalReply | null = null
  #stepping = false
  #ended = false
  #listener: JournalListener | null = null

  constructor(service: JournalService, clock: Clock) {
    this.#service = service
    this.#clock = clock
    this.opening = service.opening
  }

  takeHeldSnapshot(): HeldSnapshot {
    return this.#service.takeHeldSnapshot()
  }

  listen(listener: JournalListener): void {
    this.#listener = listener
  }

  post(request: JournalRequest): void {
    if (this.#ended) return
    this.#requests.push(request)
    this.#planStep()
  }

  ask(question: JournalQuestion): Promise<JournalAnswer> {
    if (this.#ended) return Promise.reject(new FaultError(fault('agent_closed', 'the agent has been closed')))
    const answer = this.#service.answer(question)
    if (answer.kind === 'unanswered') this.#later(() => this.#listener?.onFailure(answer.fault))
    return Promise.resolve(answer)
  }

  endOfTurn(run: () => void): void {
    this.#later(run)
  }

  close(): Promise<void> {
    while (this.#step());
    this.kill()
    return Promise.resolve()
  }

  kill(): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    // Every commit is on the disk already, so closing the file writes nothing that a crash would have lost.
    this.#service.close()
  }

  #planStep(): void {
    if (this.#stepping || (this.#reply === null && this.#requests.length === 0)) return
    this.#stepping = true
    this.#later(() => {
      this.#stepping = false
      this.#step()
      if (!this.#ended) this.#planStep()
    })
  }

  /** Handles one request, or delivers its reply; false when there is nothing to do. */
  #step(): boolean {
    if (this.#ended) return false
    const reply = this.#reply
    if (reply !== null) {
      this.#reply = null
      this.#listener?.onReply(reply)
      const { failure } = this.#service
      if (failure !== null) this.#listener?.onFailure(failure)
      return true
    }
    const request = this.#requests.shift()
    if (request === undefined) return false
    this.#reply = this.#service.handle(request)
    return true
  }

  #later(run: () => void): void {
    const timer = this.#clock.after(0, () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.add(timer)
  }
}
