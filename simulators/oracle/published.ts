import { Losses } from './losses.ts'

/** One usage event as the world made it up: what a device meant, before anybody else touched it. */
export interface MeantEvent {
  /** The device, or `<device>/<source>` where the payload names another source. */
  readonly source: string
  readonly id: string | null
  readonly subject: string
  /** Epoch milliseconds; null: left to the agent, which then takes its own time of receipt. */
  readonly timeMs: number | null
  readonly measured: readonly { readonly meter: string; readonly quantity: bigint }[]
  /** What it says of its usage beside quantities. */
  readonly labels: Readonly<Record<string, string>>
  readonly facts: Readonly<Record<string, bigint>>
}

/** One element of a payload: an event, or something that no agent can make an event of. */
export type MeantPiece = MeantContent & {
  /** The very bytes of the element, or of the payload where it is no array. */
  readonly bytes: Uint8Array
}

export type MeantContent =
  { readonly kind: 'event'; readonly event: MeantEvent } | { readonly kind: 'malformed'; readonly why: string }

/** One MQTT PUBLISH. The same publish may be sent several times and through both agents. */
export interface Publish {
  readonly index: number
  readonly device: string
  readonly kind: 'usage' | 'ai' | 'mapped'
  /** What the door tells the agent about where it comes from: the device, and the rule and topic of a mapped payload. */
  readonly origin: string
  readonly payload: Uint8Array
  readonly pieces: readonly MeantPiece[]
}

/** An identity as a map key; ids hold no line breaks in the world. */
export function identityKey(source: string, id: string): string {
  return `${source}\n${id}`
}

/** Everything of an event that makes it the same or another under one identity. Time counts only where it was stated. */
export function contentKey(event: MeantEvent): string {
  const measured = [...event.measured].sort((a, b) => (a.meter < b.meter ? -1 : 1))
  const labels = Object.entries(event.labels).map(([name, text]) => `${name}:${text}`)
  const quantities = measured.map(({ meter, quantity }) => `${meter}=${quantity}`)
  return [event.subject, event.timeMs ?? '-', ...labels.toSorted(), ...quantities].join(' ')
}

/** What the devices published and which agents acknowledged it: the truth that everything else is held against. */
export class PublishedLedger {
  /** What may be missing of it, by name. */
  readonly losses = new Losses()
  readonly #publishes: Publish[] = []
  /** Publish index → agent → how often it was submitted there and how often acknowledged. */
  readonly #acknowledged: Map<string, number>[] = []
  readonly #submitted: Map<string, number>[] = []

  #recoveredDisks = 0

  get publishes(): readonly Publish[] {
    return this.#publishes
  }

  add(
    device: string,
    kind: Publish['kind'],
    payload: Uint8Array,
    pieces: readonly MeantPiece[],
    origin = device,
  ): Publish {
    const publish = { index: this.#publishes.length, device, kind, origin, payload, pieces }
    this.#publishes.push(publish)
    this.#acknowledged.push(new Map())
    this.#submitted.push(new Map())
    return publish
  }

  submitted(publish: number, agent: string): void {
    bump(this.#submitted[publish], agent)
  }

  acknowledged(publish: number, agent: string): void {
    bump(this.#acknowledged[publish], agent)
  }

  /** What this agent has acknowledged so far. */
  acknowledgedBy(agent: string): ReadonlySet<number> {
    const found = this.#publishes.filter(({ index }) => this.timesAcknowledged(index, agent) > 0)
    return new Set(found.map(({ index }) => index))
  }

  /** Journals were recovered from so many disks: what has no id may be sent once more from each of them. */
  recovered(disks: number): void {
    this.#recoveredDisks += disks
  }

  get recoveredDisks(): number {
    return this.#recoveredDisks
  }

  timesSubmitted(publish: number, agent?: string): number {
    return counted(this.#submitted[publish], agent)
  }

  timesAcknowledged(publish: number, agent?: string): number {
    return counted(this.#acknowledged[publish], agent)
  }
}

function bump(counts: Map<string, number> | undefined, agent: string): void {
  counts?.set(agent, (counts.get(agent) ?? 0) + 1)
}

function counted(counts: Map<string, number> | undefined, agent: string | undefined): number {
  if (counts === undefined) return 0
  if (agent !== undefined) return counts.get(agent) ?? 0
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}
