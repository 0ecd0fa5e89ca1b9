import { createHash } from 'node:crypto'
import { DeviceLife, happens, type FleetDevice, type FleetSpan } from './device-life.ts'
import { dialects, type Dialect } from './dialects/dialect.ts'
import type { FleetEvent } from './fleet-event.ts'
import type { FleetFile } from './fleet-file.ts'

const minuteMs = 60_000

/** What ought to become of a message. */
export type Fate =
  /** Metered and billed. */
  | 'billed'
  /** The same event again: recognised and not billed. */
  | 'repeat'
  /** Kept in suspense, since its bytes cannot be read or its unit says nothing for sure. */
  | 'malformed'
  | 'wrong-unit'
  /** Measured and lost before it was published. */
  | 'dropped'
  /** Says what a device will measure, and nothing to bill. */
  | 'birth'

/** One message of a fleet, in the order they are published. */
export interface TimedMessage {
  readonly device: FleetDevice
  readonly event: FleetEvent
  readonly fate: Fate
  /** Which of the gateways it goes through, from 0. */
  readonly gateway: number
  readonly topic: string
  readonly payload: Buffer
}

/** A fleet ready to live: its devices, and when. */
export interface FleetPlan {
  readonly file: FleetFile
  readonly devices: readonly FleetDevice[]
  readonly span: FleetSpan
}

/** The plan of a fleet file. `nowMs` is only looked at by files that start `now`. */
export function planFleet(file: FleetFile, nowMs: number): FleetPlan {
  const startMs = file.start === 'now' ? nowMs : file.start
  const devices: FleetDevice[] = []
  for (const group of file.groups) {
    for (let n = 1; n <= group.count; n += 1) {
      const id = group.device(n)
      const account = group.account?.(n) ?? group.name
      devices.push({ id, subject: group.subject?.(n) ?? id, account, ordinal: devices.length, group })
    }
  }
  const idTag = createHash('sha256').update(`${file.fleet}\n${file.seed}`).digest('hex').slice(0, 6)
  return { file, devices, span: { seed: file.seed, idTag, startMs, endMs: startMs + file.duration } }
}

/** What happened to devices that no message tells. */
export interface FleetTroubles {
  readonly silentDevices: number
  readonly resets: number
}

/**
 * Everything a fleet publishes, in the order of time. The same plan and number of gateways gives the same messages, byte
 * for byte. Only one minute of it is in memory at a time.
 */
export class FleetTimeline {
  readonly #plan: FleetPlan
  readonly #gateways: number
  readonly #lives: readonly DeviceLife[]
  /** Devices and gateways that have had their birth. */
  readonly #born = new Set<string>()

  constructor(plan: FleetPlan, gateways: number) {
    this.#plan = plan
    this.#gateways = gateways
    this.#lives = plan.devices.map((device) => new DeviceLife(device, plan.span))
  }

  *messages(): Generator<TimedMessage> {
    const { startMs, endMs } = this.#plan.span
    for (let fromMs = startMs; fromMs < endMs; fromMs += minuteMs) {
      const due = this.#lives.flatMap((life) => life.minute(fromMs).map((event) => ({ life, event })))
      due.sort(
        (one, other) => one.event.timeMs - other.event.timeMs || one.life.device.ordinal - other.life.device.ordinal,
      )
      for (const { life, event } of due) {
        for (const message of this.#deliveries(life, event)) {
          yield* this.#birth(message)
          yield message
        }
      }
    }
  }

  /** What happened until `timeMs`. */
  troubles(timeMs: number): FleetTroubles {
    const silent = this.#lives.filter(({ silentFromMs }) => silentFromMs !== null && silentFromMs <= timeMs)
    return { silentDevices: silent.length, resets: this.#lives.reduce((sum, life) => sum + life.resets, 0) }
  }

  /** What goes out for one event. Every draw is taken in any case, so that one share changes nothing about the others. */
  #deliveries(life: DeviceLife, event: FleetEvent): readonly TimedMessage[] {
    const { device, random } = life
    const { group } = device
    const dialect: Dialect = dialects[group.dialect]
    const { failures, roaming } = group
    const roams = happens(random, roaming.share)
    const both = happens(random, roaming.repeat)
    const away = Math.floor(random.fraction() * (this.#gateways - 1))
    const dropped = happens(random, failures.drop)
    const malformed = happens(random, failures.malformed)
    const wrongUnit = happens(random, failures.wrongUnit)
    const duplicate = happens(random, failures.duplicate)

    const home = device.ordinal % this.#gateways
    const other = this.#gateways === 1 ? home : (home + 1 + away) % this.#gateways
    const gateway = roams ? other : home
    const fate: Fate = dropped ? 'dropped' : malformed ? 'malformed' : wrongUnit ? 'wrong-unit' : 'billed'
    const encoded = dialect.encode(event, { sequence: group.sequence })
    const message: TimedMessage = {
      device,
      event,
      fate,
      gateway,
      topic: this.#topic(device, dialect),
      payload: payloadOf(fate, encoded, dialect, event),
    }
    if (fate !== 'billed') return [message]
    const again = { ...message, fate: 'repeat' } as const
    return [
      message,
      ...(duplicate ? [again] : []),
      ...(both && this.#gateways > 1 ? [{ ...again, gateway: gateway === home ? other : home }] : []),
    ]
  }

  /** What a device has to say at a gateway before this, its first message there. */
  *#birth(message: TimedMessage): Generator<TimedMessage> {
    const { device, event, gateway, fate } = message
    const dialect: Dialect = dialects[device.group.dialect]
    const birth = dialect.rule?.birth ?? null
    const place = `${device.ordinal} ${gateway}`
    if (birth === null || fate === 'dropped' || this.#born.has(place)) return
    this.#born.add(place)
    const payload = birth.encode(Object.keys(device.group.meters), event.timeMs)
    yield { ...message, fate: 'birth', topic: birth.topic(message.topic), payload }
  }

  #topic(device: FleetDevice, dialect: Dialect): string {
    if (dialect.rule === null) return `${this.#plan.file.prefix}/${device.id}/${dialect.kind}`
    return (device.group.topic ?? dialect.rule.topic).replaceAll('{device}', device.id)
  }
}

function payloadOf(fate: Fate, encoded: Buffer, dialect: Dialect, event: FleetEvent): Buffer {
  if (fate === 'malformed') return dialect.cut(encoded)
  if (fate === 'wrong-unit') return dialect.wrongUnit?.(event) ?? encoded
  return encoded
}
