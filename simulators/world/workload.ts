import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { DeviceFaults } from '../faults/fault-plan.ts'
import { startOfDay } from '../oracle/calendar.ts'
import type { MeantEvent, Publish, PublishedLedger } from '../oracle/published.ts'
import { aiPiece, malformedPiece, trackerPiece, writtenUsage } from './payloads.ts'
import type { EventDraft, WrittenPiece } from './payloads.ts'
import type { PlannedDevice } from './tenant.ts'

const mostPiecesPerPayload = 6
const rememberedPublishes = 200

/**
 * Makes up what devices publish, and remembers what it meant. Times lie around the true time of the world, whatever the
 * clocks of the agents say, except where an event leaves its time to the agent.
 */
export class Workload {
  readonly #random: Random
  readonly #faults: DeviceFaults
  readonly #published: PublishedLedger
  readonly #numbers = new Map<string, number>()
  readonly #recent: Publish[] = []

  constructor(random: Random, faults: DeviceFaults, published: PublishedLedger) {
    this.#random = random
    this.#faults = faults
    this.#published = published
  }

  /** The next payload of a device, about usage shortly before the true time `nowMs`. */
  next(device: PlannedDevice, nowMs: number): Publish {
    const kind = device.kind === 'ai' ? 'ai' : 'usage'
    const random = this.#random
    if (happens(random, this.#faults.malformed) && random.below(4) === 0) return this.#unreadable(device, kind)
    const count = random.below(5) === 0 ? 1 + random.below(mostPiecesPerPayload) : 1
    const written = Array.from({ length: count }, () => this.#piece(device, kind, nowMs))
    const array = count > 1 || random.below(6) === 0
    const texts = written.map(({ json }) => JSON.stringify(json))
    const payload = array ? `[${texts.join(random.below(3) === 0 ? ' , ' : ',')}]` : (texts[0] ?? '')
    const pieces = written.map(({ piece }, index) => ({ ...piece, bytes: Buffer.from(texts[index] ?? '') }))
    return this.#remember(this.#published.add(device.id, kind, Buffer.from(payload), pieces))
  }

  /** An earlier payload, to be published once more; undefined while there is none. */
  earlier(): Publish | undefined {
    return this.#recent[this.#random.below(Math.max(1, this.#recent.length))]
  }

  #piece(device: PlannedDevice, kind: 'usage' | 'ai', nowMs: number): WrittenPiece {
    const random = this.#random
    const draft = this.#draft(device, nowMs)
    if (happens(random, this.#faults.malformed)) return malformedPiece(random, kind, draft)
    if (kind === 'ai') return aiPiece(random, draft)
    if (happens(random, this.#faults.conflicting)) return this.#conflicting(draft) ?? trackerPiece(random, draft)
    if (happens(random, this.#faults.unsoldMeter)) {
      const meter = random.below(2) === 0 ? 'unsold.meter' : 'undeclared.meter'
      return writtenUsage(random, draft, [{ meter, quantity: 1n + BigInt(random.below(9)) }])
    }
    return trackerPiece(random, draft)
  }

  #draft(device: PlannedDevice, nowMs: number): EventDraft {
    const random = this.#random
    const number = (this.#numbers.get(device.id) ?? 0) + 1
    this.#numbers.set(device.id, number)
    const unknown = device.kind === 'tracker' && happens(random, this.#faults.unknownSubject)
    const early = happens(random, this.#faults.tooEarly)
    const recentMs = nowMs - random.below(120_000)
    return {
      device: device.id,
      id: happens(random, this.#faults.withoutId) ? null : `${device.id}-${number}`,
      timeMs: early
        ? startOfDay(2026, 1, 1) - 1 - random.below(3_600_000)
        : happens(random, this.#faults.withoutTime)
          ? null
          : recentMs,
      subject: unknown ? `stranger-${random.below(5)}` : device.id,
    }
  }

  /** The identity of an earlier event with other content. */
  #conflicting(draft: EventDraft): WrittenPiece | null {
    const pieces = this.#recent
      .filter(({ device, kind }) => device === draft.device && kind === 'usage')
      .flatMap((publish) => publish.pieces)
    const victims = pieces.flatMap((piece) => (piece.kind === 'event' && isPlain(piece.event) ? [piece.event] : []))
    const victim = victims[this.#random.below(Math.max(1, victims.length))]
    if (victim === undefined) return null
    const quantity = 500_000n + BigInt(this.#random.below(1000))
    const event: MeantEvent = { ...victim, measured: [{ meter: 'data.bytes', quantity }] }
    const json = {
      id: victim.id,
      subject: victim.subject,
      time: victim.timeMs ?? undefined,
      meter: 'data.bytes',
      quantity: Number(quantity),
    }
    return { json, piece: { kind: 'event', event } }
  }

  /** A whole payload that no JSON reader takes. */
  #unreadable(device: PlannedDevice, kind: 'usage' | 'ai'): Publish {
    const random = this.#random
    const choices: readonly (readonly [string, Uint8Array])[] = [
      ['cut off', Buffer.from('{"id": "cut off')],
      ['empty', new Uint8Array(0)],
      ['no object', Buffer.from('42')],
      ['noise', Buffer.from(random.bytes(1 + random.below(60)))],
      ['nothing in it', Buffer.from('[]')],
      ['too large', Buffer.concat([Buffer.from('"'), Buffer.alloc(66_000, 'a'), Buffer.from('"')])],
    ]
    const [why, payload] = choices[random.below(choices.length)] ?? ['empty', new Uint8Array(0)]
    return this.#remember(this.#published.add(device.id, kind, payload, [{ kind: 'malformed', why, bytes: payload }]))
  }

  #remember(publish: Publish): Publish {
    this.#recent.push(publish)
    if (this.#recent.length > rememberedPublishes) this.#recent.shift()
    return publish
  }
}

function isPlain(event: MeantEvent): boolean {
  return event.id !== null && event.timeMs !== null && !event.source.includes('/')
}
