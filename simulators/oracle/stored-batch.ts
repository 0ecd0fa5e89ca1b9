import { createHash } from 'node:crypto'
import { asBytes, asInteger, asList, asNumber, asText, CborReader, readItem } from './cbor-reader.ts'
import type { Item } from './cbor-reader.ts'

/** The signed header of a batch as its bytes say. */
export interface StoredHeader {
  readonly tenant: string
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  readonly previousHash: string
  readonly unitCount: number
  readonly recordCount: number
  /** SHA-256 of the header's bytes, hexadecimal. */
  readonly hash: string
}

/** One event as it was stored by an agent, read from raw bytes. */
export interface StoredUnit {
  readonly eventId: string | null
  readonly source: string
  readonly subject: string
  readonly timeMs: number
  readonly receivedWallMs: number
  readonly labels: ReadonlyMap<string, string>
  readonly facts: ReadonlyMap<string, bigint>
  /** SHA-256 of the snapshot that the agent worked amounts out with, hexadecimal; null when it had none. */
  readonly snapshot: string | null
  readonly records: readonly {
    readonly meter: string
    readonly quantity: bigint
    /** The most it can cost the end customer, as the agent worked it out; null when it knew no price. */
    readonly preratedMicros: bigint | null
  }[]
  /** Everything that makes two events under one identity the same or not, as text, but for the time. */
  readonly content: string
}

/** The tables that units refer to; chunks of an open batch add to them one after the other. */
export class StoredTables {
  readonly #strings: string[] = []
  readonly #snapshots: string[] = []
  readonly #anchors: { monotonicMs: number; wallMs: number }[] = []

  /** Adds the entries of `tables` or of a chunk's delta: [strings, snapshots, anchors, leases]. */
  add(item: Item): void {
    const [strings, snapshots, anchors] = asList(item, 'tables')
    for (const text of asList(strings, 'strings')) this.#strings.push(asText(text, 'a string of the tables'))
    for (const hash of asList(snapshots, 'snapshots'))
      this.#snapshots.push(Buffer.from(asBytes(hash, 'a snapshot of the tables')).toString('hex'))
    for (const anchor of asList(anchors, 'anchors')) {
      const [, monotonicMs, wallMs] = asList(anchor, 'an anchor')
      this.#anchors.push({ monotonicMs: asNumber(monotonicMs, 'monotonicMs'), wallMs: asNumber(wallMs, 'wallMs') })
    }
  }

  unit(item: Item): StoredUnit {
    const [eventId, source, subject, timeOffset, anchorIndex, receivedOffset, snapshot, ...said] = asList(
      item,
      'a unit',
    )
    const [labels, facts, records] = said
    const anchor = this.#anchors[asNumber(anchorIndex, 'anchor index')]
    if (anchor === undefined) throw new Error('a unit names an anchor that the tables do not have')
    const flat = asList(records, 'records')
    const measured: { meter: string; quantity: bigint; preratedMicros: bigint | null }[] = []
    for (let at = 0; at < flat.length; at += 4) {
      const prerated = flat[at + 2]
      measured.push({
        meter: this.#string(flat[at]),
        quantity: asInteger(flat[at + 1], 'a quantity'),
        preratedMicros: prerated === null ? null : asInteger(prerated, 'a pre-rated amount'),
      })
    }
    const timeMs = anchor.wallMs + asNumber(timeOffset, 'event time')
    const quantities = measured.map(({ meter, quantity }) => `${meter}=${quantity}`).toSorted()
    const labelled = this.#pairs(labels, 'labels', (value) => this.#string(value))
    const stated = this.#pairs(facts, 'facts', (value) => asInteger(value, 'a fact'))
    const extras = [...labelled, ...stated].map(([name, value]) => `${name}:${value}`)
    return {
      eventId: eventId === null ? null : asText(eventId, 'event id'),
      source: this.#string(source),
      subject: this.#string(subject),
      timeMs,
      receivedWallMs: anchor.wallMs + asNumber(receivedOffset, 'received time'),
      labels: new Map(labelled),
      facts: new Map(stated),
      snapshot: snapshot === null ? null : (this.#snapshots[asNumber(snapshot, 'snapshot index')] ?? ''),
      records: measured,
      content: [this.#string(subject), ...extras, ...quantities].join(' '),
    }
  }

  /** Labels are pairs of string indexes, facts are a string index and a number; sorted by their names. */
  #pairs<Value>(
    item: Item | undefined,
    what: string,
    read: (value: Item | undefined) => Value,
  ): readonly (readonly [string, Value])[] {
    const flat = asList(item, what)
    const pairs: (readonly [string, Value])[] = []
    for (let at = 0; at < flat.length; at += 2) pairs.push([this.#string(flat[at]), read(flat[at + 1])])
    return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  #string(item: Item | undefined): string {
    const text = this.#strings[asNumber(item, 'string index')]
    if (text === undefined) throw new Error('a unit names a string that the tables do not have')
    return text
  }
}

/** Reads header bytes: [1, tenant, agent, epoch, seq, previousHash, unitCount, recordCount, …]. */
export function readHeader(bytes: Uint8Array): StoredHeader {
  const [, tenant, agent, epoch, seq, previousHash, unitCount, recordCount] = asList(readItem(bytes), 'a batch header')
  return {
    tenant: asText(tenant, 'tenant'),
    agent: asText(agent, 'agent'),
    epoch: asNumber(epoch, 'epoch'),
    seq: asNumber(seq, 'seq'),
    previousHash: Buffer.from(asBytes(previousHash, 'previous hash')).toString('hex'),
    unitCount: asNumber(unitCount, 'unit count'),
    recordCount: asNumber(recordCount, 'record count'),
    hash: createHash('sha256').update(bytes).digest('hex'),
  }
}

/** Reads the units of a body: [secret, tables, units]. */
export function readBody(bytes: Uint8Array): readonly StoredUnit[] {
  const [, tables, units] = asList(readItem(bytes), 'a batch body')
  const stored = new StoredTables()
  stored.add(tables ?? null)
  return asList(units, 'units').map((unit) => stored.unit(unit))
}

/** Reads units that stand one after the other, as a chunk of an open batch holds them. */
export function readUnitSequence(bytes: Uint8Array, tables: StoredTables): readonly StoredUnit[] {
  const units: StoredUnit[] = []
  for (const reader = new CborReader(bytes); !reader.atEnd;) units.push(tables.unit(reader.next()))
  return units
}
