import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import {
  encodeSnapshotPart,
  snapshotMeterJson,
  snapshotPlanJson,
  snapshotPriceJson,
  type SnapshotMeter,
  type SnapshotPart,
} from '@meterline/shared/model/snapshot-part.ts'
import { snapshotLimits, type Snapshot } from '@meterline/shared/model/snapshot.ts'
import type { Catalogue } from './catalogue.ts'
import { contentId } from './content-id.ts'
import { cutAtContent, largestEntryBytes, partEntry, type PartEntry } from './snapshot-cuts.ts'
import type { PlanBook, RetailPlan } from './snapshot-plans.ts'
import { writtenPrice, type WrittenPrice } from './snapshot-prices.ts'

/** A snapshot with its parts by their hashes in hexadecimal. */
export interface SnapshotWithParts {
  readonly snapshot: Snapshot
  readonly parts: ReadonlyMap<string, Uint8Array>
}

/** How much all entries of a snapshot may take, so that its parts are not too many and not too large wherever it is cut. */
export interface SnapshotRoom {
  readonly bytes: number
  readonly entries: number
}

const wholeRoom = { bytes: (snapshotLimits.allPartsBytes * 3) / 4, entries: snapshotLimits.parts * 32 } as const

/**
 * What an agent may know of a catalogue: meters, and the plans and prices of the retail leg; no wholesale price and no
 * cost. `version` is the log index of the apply. Every agent of a tenant gets the same one. When not all of it finds
 * room, the plans that come first by id are in it, and usage of the others is journalled unbound, which delays nothing:
 * the charge of record is made at the centre.
 */
export function snapshotFor(
  catalogue: Catalogue,
  book: PlanBook,
  version: number,
  room: SnapshotRoom = wholeRoom,
): SnapshotWithParts {
  const meters = [...catalogue.meters.values()].map(({ id, unit, metering: { kind } }): SnapshotMeter =>
    kind === 'sum' ? { id, unit } : { id, unit, kind },
  )
  const summed = new Set(meters.flatMap(({ id, kind }) => (kind === undefined ? [id] : [])))
  const meterEntries = meters.map((meter) => entryOf(snapshotMeterJson(meter)))
  const { plans, prices } = fitting(book.plans(), summed, room)
  const parts = new Map<string, Uint8Array>()
  const add = (kind: SnapshotPart['kind'], entries: readonly PartEntry[]): readonly string[] =>
    cutAtContent(entries).map((list) => {
      const bytes = encodeSnapshotPart(
        kind,
        list.map(({ json }) => json),
      )
      const hash = toHex(sha256(bytes))
      parts.set(hash, bytes)
      return hash
    })
  add('meters', meterEntries)
  add('plans', plans)
  const priceEntries = [...prices.values()]
    .toSorted((left, right) => (left.price.id < right.price.id ? -1 : 1))
    .map(({ price, rows }) => {
      const apart = rows === null ? {} : { rows: add('rows', rows) }
      return partEntry(snapshotPriceJson({ ...price, ...apart }), price.id)
    })
  add('prices', priceEntries)
  const named = [...parts].map(([hash, bytes]) => ({ hash, bytes: bytes.length }))
  const { tenant } = catalogue.file
  const { bindingsHash } = book
  return { snapshot: { format: 2, tenant, version, bindingsHash, parts: named, unknownSubject: 'journal' }, parts }
}

/** The plans that find room with their prices, and those prices by id. */
function fitting(
  plans: readonly RetailPlan[],
  summed: ReadonlySet<string>,
  room: SnapshotRoom,
): { readonly plans: readonly PartEntry[]; readonly prices: ReadonlyMap<string, WrittenPrice> } {
  const taken: PartEntry[] = []
  const prices = new Map<string, WrittenPrice>()
  const left = { ...room }
  for (const plan of plans) {
    // What readings come to is known at the centre alone, and a price too large for any part binds nobody.
    const priced = plan.prices.filter(({ meter }) => summed.has(meter))
    const written = priced.map((price) => prices.get(price.id) ?? writtenPrice(price))
    const usable = written.filter(({ largestEntry }) => largestEntry <= largestEntryBytes)
    const added = usable.filter(({ price }) => !prices.has(price.id))
    const known = new Set(usable.map(({ price }) => price.id))
    const spans = plan.spans.map(({ fromMs, prices: ids }) => ({ fromMs, prices: ids.filter((id) => known.has(id)) }))
    const entry = partEntry(snapshotPlanJson({ id: plan.id, spans }), contentId(plan.id))
    left.bytes -= added.reduce((sum, { bytes }) => sum + bytes, entry.bytes)
    left.entries -= added.reduce((sum, { entries }) => sum + entries, 1)
    if (left.bytes < 0 || left.entries < 0) break
    taken.push(entry)
    for (const price of added) prices.set(price.price.id, price)
  }
  return { plans: taken, prices }
}

function entryOf(json: PartEntry['json']): PartEntry {
  return partEntry(json, contentId(json))
}
