import { Worker } from 'node:worker_threads'
import { assertThat, failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type {
  HeldSnapshot,
  JournalAnswer,
  JournalListener,
  JournalOpening,
  JournalPort,
  JournalQuestion,
  JournalRequest,
} from '../flow/journal-port.ts'
import type { FromWriter, ToWriter, WriterStart } from './messages.ts'

// Bundled, both sides are plain JavaScript in one folder.
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.mjs'
// The writer keeps little between groups; a small young generation keeps what it holds on to small as well.
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 }

/** Starts the writer's thread and waits until it has opened the journal. */
export function startWriterThread(start: WriterStart): Promise<Result<JournalPort, Fault>> {
  assertThat(start.settings.disk === undefined, 'a simulated disk stays with the thread that made it')
  const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: start, resourceLimits })
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve(failed(crashed(error)))
    worker.once('error', fail)
    worker.once('exit', (code) => fail(`it ended with code ${code}`))
    worker.once('message', (message: FromWriter) => {
      worker.off('error', fail)
      worker.removeAllListeners('exit')
      if (message.kind === 'opened') resolve(ok(new WriterThread(worker, message)))
      else resolve(failed(message.kind === 'unusable' ? message.fault : crashed('it did not open the journal')))
    })
  })
}

class WriterThread implements JournalPort {
  readonly opening: JournalOpening
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #questions = new Map<number, PromiseWithResolvers<JournalAnswer>>()
  #held: HeldSnapshot
  #nextQuestion = 1
  #outstanding = 0
  #closing = false
  #ended = false
  #listener: JournalListener | null = null

  constructor(worker: Worker, { opening, held }: FromWriter & { readonly kind: 'opened' }) {
    this.#worker = worker
    this.opening = opening
    this.#held = held
    this.#exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#gone(crashed(`it ended with code ${code}`))
        resolve()
      })
    })
    worker.on('error', (error) => this.#gone(crashed(error)))
    worker.on('message', (message: FromWriter) => this.#told(message))
  }

  takeHeldSnapshot(): HeldSnapshot {
    const held = this.#held
    this.#held = { manifest: null, parts: [] }
    return held
  }

  listen(listener: JournalListener): void {
    this.#listener = listener
  }

  post(request: JournalRequest): void {
    if (this.#ended) return
    this.#outstanding += 1
    this.#tell({ kind: 'request', request }, request.kind === 'group' ? [request.group.buffer] : [])
  }

  ask(question: JournalQuestion): Promise<JournalAnswer> {
    if (this.#ended) return Promise.reject(new FaultError(closedFault))
    const waiting = Promise.withResolvers<JournalAnswer>()
    const number = this.#nextQuestion++
    this.#questions.set(number, waiting)
    this.#tell({ kind: 'question', number, question })
    return waiting.promise
  }

  endOfTurn(run: () => void): void {
    // After the poll phase of the event loop every socket that had data has been read.
    setImmediate(run)
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#closeWhenIdle()
    await this.#exited
  }

  kill(): void {
    this.#ended = true
    // Nobody waits for the end of what is abandoned; a thread that is gone already has nothing left to say.
    this.#worker.terminate().catch(() => undefined)
  }

  #told(message: FromWriter): void {
    if (this.#ended) return
    switch (message.kind) {
      case 'reply':
        this.#outstanding -= 1
        this.#listener?.onReply(message.reply)
        return this.#closeWhenIdle()
      case 'answer':
        this.#questions.get(message.number)?.resolve(message.answer)
        this.#questions.delete(message.number)
        return
      case 'failed':
        this.#listener?.onFailure(message.fault)
        return
      case 'opened':
      case 'unusable':
    }
  }

  /** The last reply may have made the flow post again, so idleness is looked for after each one. */
  #closeWhenIdle(): void {
    if (this.#closing && this.#outstanding === 0) this.#tell({ kind: 'close' })
  }

  #gone(cause: Fault): void {
    if (!this.#ended && !this.#closing) this.#listener?.onFailure(cause)
    this.#ended = true
    for (const waiting of this.#questions.values()) waiting.reject(new FaultError(closedFault))
    this.#questions.clear()
  }

  #tell(message: ToWriter, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }
}

const closedFault = fault('agent_closed', 'the agent has been closed')

function crashed(cause: unknown): Fault<'writer_crashed'> {
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  return fault('writer_crashed', `The writer of the journal has stopped: ${reason}. Start the agent again.`)
}
