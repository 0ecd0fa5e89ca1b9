import { fault } from '@meterline/shared/base/errors.ts'
import { equalBytes, hashBytes } from '@meterline/shared/integrity/hash.ts'
import { batchHashOf, decodeHeader, openBatchBody, verifyBatchSignature } from '@meterline/shared/model/batch-codec.ts'
import type { SignedRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type {
  AgentMessage,
  AggregatorMessage,
  BatchMessage,
  Hello,
  PartRequest,
  ReportMessage,
  SubjectRequest,
} from '@meterline/shared/wire/messages.ts'
import type { OpenUplink, UplinkHandlers } from '../ports.ts'

/** How the aggregator of a test behaves; changed while it runs. */
export interface Behaviour {
  /** Refuses connections. */
  down: boolean
  /** Takes batches and gives no receipts. */
  silent: boolean
  /** Says after every batch that there is no room. */
  congested: boolean
}

/**
 * The other end of an uplink for tests: keeps what an honest aggregator would keep of one agent, checks every batch as it
 * would, and answers when `deliver` is called, so that a test decides what crosses the link and when.
 */
export class ScriptedAggregator {
  readonly behaviour: Behaviour = { down: false, silent: false, congested: false }
  readonly hellos: Hello[] = []
  readonly reports: ReportMessage[] = []
  /** What the welcome says it takes. */
  features: readonly string[] = []
  /** Which life of its log this is, and how it came about. */
  generation = 1
  restore: SignedRestore | null = null
  /** What it says right after a welcome. */
  onWelcome: (hello: Hello) => readonly AggregatorMessage[] = () => []
  /** What it answers to requests for parts and subjects. */
  onRequest: (request: PartRequest | SubjectRequest) => readonly AggregatorMessage[] = () => []
  readonly requests: (PartRequest | SubjectRequest)[] = []
  readonly units: RatingUnit[] = []
  readonly batches: BatchMessage[] = []
  /** What was wrong with batches that came in; stays empty with an honest agent. */
  readonly complaints: string[] = []
  readonly #publicKey: string
  readonly #toAgent: AggregatorMessage[] = []
  readonly #toAggregator: AgentMessage[] = []
  #handlers: UplinkHandlers | null = null
  receivedSeq = 0
  chainHash: Uint8Array = new Uint8Array(hashBytes)

  constructor(publicKey: string) {
    this.#publicKey = publicKey
  }

  readonly open: OpenUplink = (handlers) => {
    if (this.behaviour.down) {
      handlers.onClosed(fault('uplink_lost', 'nobody listens'))
      return { send: () => true, close: () => undefined }
    }
    this.#forgetUnderWay()
    this.#handlers = handlers
    return {
      send: (message) => {
        if (this.#handlers === handlers) this.#toAggregator.push(message)
        return !(this.behaviour.congested && message.kind === 'batch')
      },
      close: () => {
        if (this.#handlers === handlers) this.#handlers = null
      },
    }
  }

  get connected(): boolean {
    return this.#handlers !== null
  }

  /** Messages that are under way to the aggregator. */
  get underWay(): number {
    return this.#toAggregator.length
  }

  /** Lets everything under way arrive, on both sides, until nothing is. */
  deliver(): void {
    while (this.deliverOne());
  }

  /** Lets one message arrive; false when none is under way. */
  deliverOne(): boolean {
    const answer = this.#toAgent.shift()
    if (answer !== undefined) {
      this.#handlers?.onMessage(answer)
      return true
    }
    const message = this.#toAggregator.shift()
    if (message === undefined) return false
    if (message.kind === 'hello') this.#welcome(message)
    else if (message.kind === 'batch') this.#take(message)
    else if (message.kind === 'report') this.reports.push(message)
    else {
      this.requests.push(message)
      this.#toAgent.push(...this.onRequest(message))
    }
    return true
  }

  /** Is put back to when it had batches up to this one only. */
  goBackTo(seq: number): void {
    this.batches.length = seq
    this.units.length = 0
    for (const { header, body } of this.batches) {
      const decoded = decodeHeader(header)
      const opened = decoded.ok ? openBatchBody(decoded.value, body) : decoded
      if (opened.ok) this.units.push(...opened.value.units)
    }
    const last = this.batches.at(-1)
    this.receivedSeq = seq
    this.chainHash = last === undefined ? new Uint8Array(hashBytes) : batchHashOf(last.header)
  }

  /** Says something of its own accord. */
  say(message: AggregatorMessage): void {
    this.#handlers?.onMessage(message)
  }

  giveRoom(): void {
    this.#handlers?.onRoom()
  }

  /** The connection breaks; what was under way is lost. */
  breakLink(): void {
    const handlers = this.#handlers
    this.#forgetUnderWay()
    this.#handlers = null
    handlers?.onClosed(fault('uplink_lost', 'the link broke'))
  }

  #forgetUnderWay(): void {
    this.#toAgent.length = 0
    this.#toAggregator.length = 0
  }

  #welcome(hello: Hello): void {
    this.hellos.push(hello)
    const { receivedSeq, chainHash, features, generation, restore } = this
    this.#toAgent.push({ kind: 'welcome', receivedSeq, chainHash, features, generation, restore })
    this.#toAgent.push(...this.onWelcome(hello))
  }

  #take(message: BatchMessage): void {
    const header = decodeHeader(message.header)
    const signed = verifyBatchSignature(this.#publicKey, message.header, message.signature)
    if (!header.ok || !signed.ok) return this.#complain('a header or signature is invalid')
    const { seq, epoch, previousHash } = header.value
    const batchHash = signed.value
    if (seq === this.receivedSeq + 1) {
      const body = openBatchBody(header.value, message.body)
      if (!body.ok) return this.#complain(body.fault.message)
      if (!equalBytes(previousHash, this.chainHash)) return this.#complain(`batch ${seq} does not follow the chain`)
      this.units.push(...body.value.units)
      this.batches.push(message)
      this.receivedSeq = seq
      this.chainHash = batchHash
    } else if (seq > this.receivedSeq) return this.#complain(`batch ${seq} comes after ${this.receivedSeq}`)
    if (this.behaviour.silent) return
    this.#toAgent.push({ kind: 'receipt', epoch, seq, batchHash, logIndex: seq + 100 })
  }

  #complain(what: string): void {
    this.complaints.push(what)
  }
}
