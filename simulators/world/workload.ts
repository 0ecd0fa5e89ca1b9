import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { FaultCounts, FaultKind } from '../faults/fault-counts.ts'
import type { DeviceFaults } from '../faults/fault-plan.ts'
import { startOfDay } from '../oracle/calendar.ts'
import type { MeantEvent, Publish, PublishedLedger } from '../oracle/published.ts'
import { boxOrigin, boxPayload } from './box-payloads.ts'
import { head, toCbor } from './cbor-writer.ts'
import { hostilePayload } from './hostile-payloads.ts'
import { aiPiece, malformedPiece, trackerPiece, writtenUsage } from './payloads.ts'
import type { EventDraft, WrittenPiece } from './payloads.ts'
import type { PlannedDevice } from './tenant.ts'

const mostPiecesPerPayload = 6
const rememberedPublishes = 200
const furthestAheadMs = 40 * 86_400_000

/**
 * Makes up what devices publish, and remembers what it meant. Times lie around the true time of the world, whatever the
 * clocks of the agents say, except where an event leaves its time to the agent.
 */
export class Workload {
  readonly #random: Random
  readonly #faults: DeviceFaults
  readonly #published: PublishedLedger
  readonly #counts: FaultCounts
  readonly #clocksGoFar: boolean
  readonly #numbers = new Map<string, number>()
  readonly #recent: Publish[] = []

  /** `clocksGoFar`: agents may be off by years, so that readings say themselves when they were taken. */
  constructor(
    random: Random,
    faults: DeviceFaults,
    published: PublishedLedger,
    counts: FaultCounts,
    clocksGoFar: boolean,
  ) {
    this.#random = random
    this.#faults = faults
    this.#published = published
    this.#counts = counts
    this.#clocksGoFar = clocksGoFar
  }

  /** The next payload of a device, about usage shortly before the true time `nowMs`. */
  next(device: PlannedDevice, nowMs: number): Publish {
    const kind = device.kind === 'ai' ? 'ai' : 'usage'
    const random = this.#random
    if (happens(random, this.#faults.malformed) && random.below(4) === 0) {
      this.#counts.add('event-malformed')
      return this.#unreadable(device, kind)
    }
    if (device.kind === 'box') return this.#ofBox(device, nowMs)
    const count = random.below(5) === 0 ? 1 + random.below(mostPiecesPerPayload) : 1
    const written = Array.from({ length: count }, () => this.#piece(device, kind, nowMs))
    const isArray = count > 1 || random.below(6) === 0
    // What CBOR can say is not always what was wrong about the JSON.
    const isBinary = random.below(6) === 0 && written.every(({ piece }) => piece.kind === 'event')
    const pieces = written.map(({ json, piece }) => {
      return { ...piece, bytes: isBinary ? toCbor(json) : Buffer.from(JSON.stringify(json)) }
    })
    const payload = assembled(random, isArray, isBinary, pieces)
    return this.#remember(this.#published.add(device.id, kind, payload, pieces))
  }

  /** An earlier payload, to be published once more; undefined while there is none. */
  earlier(): Publish | undefined {
    return this.#recent[this.#random.below(Math.max(1, this.#recent.length))]
  }

  #ofBox(device: PlannedDevice, nowMs: number): Publish {
    const random = this.#random
    const numbered = (): number => this.#numbered(device.id)
    const { json, events } = boxPayload(random, device.id, () => nowMs - random.below(120_000), numbered)
    const payload = random.below(3) === 0 ? toCbor(json) : Buffer.from(JSON.stringify(json))
    const pieces = events.map((event) => ({ kind: 'event' as const, event, bytes: payload }))
    return this.#remember(this.#published.add(device.id, 'mapped', payload, pieces, boxOrigin(device.id)))
  }

  #numbered(device: string): number {
    const number = (this.#numbers.get(device) ?? 0) + 1
    this.#numbers.set(device, number)
    return number
  }

  #piece(device: PlannedDevice, kind: 'usage' | 'ai', nowMs: number): WrittenPiece {
    const random = this.#random
    const draft = this.#draft(device, nowMs)
    if (this.#strikes('event-malformed', this.#faults.malformed)) return malformedPiece(random, kind, draft)
    if (kind === 'ai') return aiPiece(random, draft)
    if (this.#strikes('event-conflicting', this.#faults.conflicting))
      return this.#conflicting(draft) ?? trackerPiece(random, draft, this.#clocksGoFar)
    if (this.#strikes('event-unsold-meter', this.#faults.unsoldMeter)) {
      const meter = random.below(2) === 0 ? 'unsold.meter' : 'undeclared.meter'
      return writtenUsage(random, draft, [{ meter, quantity: 1n + BigInt(random.below(9)) }])
    }
    return trackerPiece(random, draft, this.#clocksGoFar)
  }

  #draft(device: PlannedDevice, nowMs: number): EventDraft {
    const random = this.#random
    const number = this.#numbered(device.id)
    const unknown = device.kind === 'tracker' && this.#strikes('event-unknown-subject', this.#faults.unknownSubject)
    const early = this.#strikes('event-too-early', this.#faults.tooEarly)
    const isAhead = this.#strikes('event-in-the-future', this.#faults.inTheFuture)
    const recentMs = nowMs - random.below(120_000) + (isAhead ? random.below(furthestAheadMs) : 0)
    return {
      device: device.id,
      id: this.#strikes('event-without-id', this.#faults.withoutId) ? null : `${device.id}-${number}`,
      timeMs: early
        ? startOfDay(2026, 1, 1) - 1 - random.below(3_600_000)
        : this.#strikes('event-without-time', this.#faults.withoutTime)
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
      dimensions: victim.labels,
    }
    return { json, piece: { kind: 'event', event } }
  }

  /** A whole payload that no reader takes. */
  #unreadable(device: PlannedDevice, kind: 'usage' | 'ai'): Publish {
    const { why, payload } = hostilePayload(this.#random)
    const pieces = [{ kind: 'malformed' as const, why, bytes: payload }]
    if (device.kind === 'box')
      return this.#remember(this.#published.add(device.id, 'mapped', payload, pieces, boxOrigin(device.id)))
    return this.#remember(this.#published.add(device.id, kind, payload, pieces))
  }

  /** Whether a fault of this kind happens now; when it does it is counted. */
  #strikes(kind: FaultKind, perMille: number): boolean {
    const struck = happens(this.#random, perMille)
    if (struck) this.#counts.add(kind)
    return struck
  }

  #remember(publish: Publish): Publish {
    this.#recent.push(publish)
    if (this.#recent.length > rememberedPublishes) this.#recent.shift()
    return publish
  }
}

/** The payload that holds these pieces. */
function assembled(
  random: Random,
  isArray: boolean,
  isBinary: boolean,
  pieces: readonly { readonly bytes: Uint8Array }[],
): Uint8Array {
  const parts = pieces.map(({ bytes }) => bytes)
  if (!isArray) return parts[0] ?? new Uint8Array(0)
  if (isBinary) return Buffer.concat([head(4, parts.length), ...parts])
  const comma = random.below(3) === 0 ? ' , ' : ','
  return Buffer.from(`[${parts.map((bytes) => Buffer.from(bytes).toString()).join(comma)}]`)
}

function isPlain(event: MeantEvent): boolean {
  return event.id !== null && event.timeMs !== null && !event.source.includes('/')
}
