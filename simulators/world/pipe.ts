import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { FaultKind } from '../faults/fault-counts.ts'
import type { Misbehaviour } from '../faults/fault-plan.ts'
import type { EventQueue } from './event-queue.ts'

/** What a pipe tells about itself. */
interface PipeObserver {
  note(what: string): void
  injected(kind: FaultKind): void
}

const fullMessages = 32
const roomMessages = 8

/**
 * One direction of a connection: messages arrive in the order they were sent, each after its own delay but never before
 * the one in front of it. Before `flowTo` they only queue up, as they do while a connection is being made.
 */
export class Pipe {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #name: string
  readonly #observer: PipeObserver
  readonly #underWay: Uint8Array[] = []
  #heldBack: Uint8Array | null = null
  #lastArrivalMs = 0
  #delayMs: (() => number) | null = null
  #arrive: (bytes: Uint8Array) => void = () => undefined
  #room: () => void = () => undefined
  #wasFull = false
  #stopped = false
  #paused = false
  /** Messages that arrived while nobody read. */
  #unread = 0
  #ended: (() => void) | null = null

  constructor(queue: EventQueue, random: Random, name: string, observer: PipeObserver) {
    this.#queue = queue
    this.#random = random
    this.#name = name
    this.#observer = observer
  }

  /** The sender should stop until it is told of room. */
  get full(): boolean {
    if (this.#underWay.length >= fullMessages) this.#wasFull = true
    return this.#wasFull
  }

  flowTo(delayMs: () => number, arrive: (bytes: Uint8Array) => void, room: () => void): void {
    this.#delayMs = delayMs
    this.#arrive = arrive
    this.#room = room
    for (let waiting = this.#underWay.length; waiting > 0; waiting--) this.#schedule()
  }

  /** Sends one message on. False when the pipe did something to it that no ordered stream does. */
  put(bytes: Uint8Array, misbehaviour: Misbehaviour | null): boolean {
    if (this.#stopped) return true
    if (misbehaviour !== null) {
      if (happens(this.#random, misbehaviour.lost)) {
        this.#observer.note(`${this.#name} loses a message`)
        this.#observer.injected('message-lost')
        return false
      }
      if (this.#heldBack === null && happens(this.#random, misbehaviour.reordered)) {
        this.#observer.note(`${this.#name} holds a message back`)
        this.#observer.injected('message-reordered')
        this.#heldBack = bytes
        return false
      }
      if (happens(this.#random, misbehaviour.corrupted)) {
        this.#observer.note(`${this.#name} flips a bit`)
        this.#observer.injected('message-corrupted')
        this.#push(flipped(bytes, this.#random))
        return false
      }
      if (happens(this.#random, misbehaviour.repeated)) {
        this.#observer.note(`${this.#name} repeats a message`)
        this.#observer.injected('message-repeated')
        this.#push(bytes)
      }
    }
    this.#push(bytes)
    if (this.#heldBack !== null) {
      this.#push(this.#heldBack)
      this.#heldBack = null
    }
    return true
  }

  /** Calls `ended` behind the last message. */
  end(ended: () => void): void {
    if (this.#stopped) return
    const atMs = Math.max(this.#lastArrivalMs, this.#queue.nowMs + (this.#delayMs?.() ?? 0))
    this.#queue.at(atMs, this.#name, 'end of stream', () => {
      this.#ended = ended
      this.#finish()
    })
  }

  /** The receiver stops reading: what arrives waits. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    const { nowMs } = this.#queue
    for (; this.#unread > 0; this.#unread--) this.#queue.at(nowMs, this.#name, 'message is read', () => this.#deliver())
    this.#queue.at(nowMs, this.#name, 'end is read', () => this.#finish())
  }

  /** What is under way never arrives. */
  stop(): void {
    this.#stopped = true
    this.#underWay.length = 0
    this.#heldBack = null
  }

  #finish(): void {
    const ended = this.#ended
    if (this.#stopped || this.#paused || this.#underWay.length > 0 || ended === null) return
    this.stop()
    ended()
  }

  #push(bytes: Uint8Array): void {
    this.#underWay.push(bytes)
    if (this.#delayMs !== null) this.#schedule()
  }

  #schedule(): void {
    const delayMs = this.#delayMs?.() ?? 0
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#queue.nowMs + delayMs)
    this.#queue.at(this.#lastArrivalMs, this.#name, 'message arrives', () => this.#deliver())
  }

  #deliver(): void {
    if (this.#stopped) return
    if (this.#paused) {
      this.#unread += 1
      return
    }
    const bytes = this.#underWay.shift()
    if (bytes === undefined) return
    this.#arrive(bytes)
    this.#finish()
    if (this.#wasFull && !this.#stopped && this.#underWay.length <= roomMessages) {
      this.#wasFull = false
      this.#room()
    }
  }
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = random.below(copy.length)
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  return copy
}
