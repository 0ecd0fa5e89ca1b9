import { assertThat } from '@meterline/shared/base/errors.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { DeliveryKind } from './ports.ts'

/**
 * The deliveries of one group commit as they cross from the doors to the journal: one buffer that changes hands, with
 * a fixed table of heads in front and the payloads behind it. Device names are numbered once and travel only with the
 * first group they occur in, so a delivery costs a copy of its bytes and three integers, and nothing is allocated for it.
 */
export interface FilledGroup {
  readonly buffer: ArrayBuffer
  readonly count: number
  readonly payloadBytes: number
  /** The devices that occur for the first time, numbered on from those before. */
  readonly newDevices: readonly string[]
  /** The numbering starts anew with this group: forget the devices before. */
  readonly devicesRestarted: boolean
  /** The clocks when the first delivery arrived. */
  readonly startedAt: ClockReading
}

/** Caps of one group. One group is in the journal's hands while the next one fills, so twice this is held at most. */
export interface GroupLimits {
  readonly deliveries: number
  readonly payloadBytes: number
}

// A head is device and kind, length of the payload, milliseconds since the group's first delivery.
const headWords = 3
const kinds: readonly DeliveryKind[] = ['usage', 'ai', 'mapped']
const kindBits = 2

/** How many bytes the buffer of a group takes. */
export function groupBufferBytes(limits: GroupLimits): number {
  return limits.deliveries * headWords * 4 + limits.payloadBytes
}

/** Numbers devices in the order they are first seen, until there are too many and the numbering starts anew. */
export class DeviceNumbers {
  readonly #limit: number
  readonly #numbers = new Map<string, number>()
  #newDevices: string[] = []
  #restarted = false

  constructor(limit: number) {
    this.#limit = limit
  }

  numberOf(device: string): number {
    const known = this.#numbers.get(device)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(device, number)
    this.#newDevices.push(device)
    return number
  }

  /** What the group that is handed over now must tell about devices; the next group begins after it. */
  handOver(): { readonly newDevices: readonly string[]; readonly devicesRestarted: boolean } {
    const handed = { newDevices: this.#newDevices, devicesRestarted: this.#restarted }
    this.#newDevices = []
    this.#restarted = this.#numbers.size >= this.#limit
    if (this.#restarted) this.#numbers.clear()
    return handed
  }
}

/** Fills the buffer of one group. */
export class GroupFiller {
  readonly #limits: GroupLimits
  #buffer: ArrayBuffer
  #heads: Uint32Array
  #payloads: Uint8Array
  #count = 0
  #payloadBytes = 0

  constructor(limits: GroupLimits) {
    this.#limits = limits
    this.#buffer = new ArrayBuffer(groupBufferBytes(limits))
    this.#heads = headsOf(this.#buffer, limits)
    this.#payloads = payloadsOf(this.#buffer, limits)
  }

  get count(): number {
    return this.#count
  }

  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /** Whether a payload of that size can be added. */
  fits(payloadBytes: number): boolean {
    return this.#count < this.#limits.deliveries && this.#payloadBytes + payloadBytes <= this.#limits.payloadBytes
  }

  /** Copies one delivery in; ask `fits` first. `afterMs` counts from the group's first delivery. */
  add(device: number, kind: DeliveryKind, payload: Uint8Array, afterMs: number): void {
    const head = this.#count * headWords
    this.#heads[head] = (device << kindBits) | kinds.indexOf(kind)
    this.#heads[head + 1] = payload.length
    this.#heads[head + 2] = afterMs
    this.#payloads.set(payload, this.#payloadBytes)
    this.#payloadBytes += payload.length
    this.#count += 1
  }

  /** The group as it is now; the buffer belongs to the receiver until `takeBack`. */
  handOver(devices: ReturnType<DeviceNumbers['handOver']>, startedAt: ClockReading): FilledGroup {
    return { buffer: this.#buffer, count: this.#count, payloadBytes: this.#payloadBytes, ...devices, startedAt }
  }

  /** Starts empty with the buffer that came back, or with a new one when it was lost. */
  takeBack(buffer: ArrayBuffer | null): void {
    const bytes = groupBufferBytes(this.#limits)
    this.#buffer = buffer !== null && buffer.byteLength === bytes ? buffer : new ArrayBuffer(bytes)
    this.#heads = headsOf(this.#buffer, this.#limits)
    this.#payloads = payloadsOf(this.#buffer, this.#limits)
    this.#count = 0
    this.#payloadBytes = 0
  }
}

/** Reads the deliveries of a group one after the other; the accessors speak of the one `next` moved to. */
export class GroupReader {
  readonly #count: number
  readonly #heads: Uint32Array
  readonly #payloads: Uint8Array
  #index = -1
  #start = 0
  #end = 0

  constructor(group: FilledGroup, limits: GroupLimits) {
    assertThat(group.buffer.byteLength === groupBufferBytes(limits), 'both sides of a group know the same limits')
    this.#count = group.count
    this.#heads = headsOf(group.buffer, limits)
    this.#payloads = payloadsOf(group.buffer, limits)
  }

  /** Moves to the next delivery; false after the last one. */
  next(): boolean {
    if (this.#index + 1 >= this.#count) return false
    this.#index += 1
    this.#start = this.#end
    this.#end += this.#headWord(1)
    return true
  }

  get index(): number {
    return this.#index
  }

  get device(): number {
    return this.#headWord(0) >>> kindBits
  }

  get kind(): DeliveryKind {
    return kinds[this.#headWord(0) & 3] ?? 'usage'
  }

  get afterMs(): number {
    return this.#headWord(2)
  }

  /** A view into the buffer. */
  get payload(): Uint8Array {
    return this.#payloads.subarray(this.#start, this.#end)
  }

  #headWord(word: number): number {
    return this.#heads[this.#index * headWords + word] ?? 0
  }
}

function headsOf(buffer: ArrayBuffer, limits: GroupLimits): Uint32Array {
  return new Uint32Array(buffer, 0, limits.deliveries * headWords)
}

function payloadsOf(buffer: ArrayBuffer, limits: GroupLimits): Uint8Array {
  return new Uint8Array(buffer, limits.deliveries * headWords * 4, limits.payloadBytes)
}
