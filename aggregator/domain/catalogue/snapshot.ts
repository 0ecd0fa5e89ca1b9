import { longestSnapshotBytes, type Snapshot, type SnapshotBinding } from '@meterline/shared/model/snapshot.ts'
import type { Catalogue } from './catalogue.ts'

/** What everything but bindings, prices and meters takes, with room for the signature and the message around it. */
const frameBytes = 8_192
/** What a binding takes beside its texts: keys, quotes, two instants. */
const bindingFrameBytes = 104
const priceFrameBytes = 512

/**
 * What an agent may know of a catalogue: meters, and the prices of the retail leg bound to subjects; no wholesale price and
 * no cost. `version` is the log index of the apply. Every agent of a tenant gets the same one for now. When not all bindings
 * fit into one snapshot, the subscriptions that come first by id are in it and the usage of other subjects is journalled
 * unrated, which delays nothing: the charge of record is made at the centre.
 */
export function snapshotFor(catalogue: Catalogue, version: number): Snapshot {
  const prices = new Map<string, Snapshot['prices'][number]>()
  const bindings: SnapshotBinding[] = []
  const meters = [...catalogue.meters.values()].map(({ id, unit, metering: { kind } }) =>
    kind === 'sum' ? { id, unit } : { id, unit, kind },
  )
  let room = longestSnapshotBytes - frameBytes - JSON.stringify(meters).length * 3
  for (const subscription of catalogue.subscriptions.values()) {
    for (const price of subscription.kind === 'retail' ? subscription.prices.values() : []) {
      if (room <= 0) break
      if (!prices.has(price.id)) {
        prices.set(price.id, { id: price.id, price: price.terms, currency: price.currency })
        room -= priceFrameBytes * ('tiers' in price.terms ? price.terms.tiers.length : 1)
      }
      for (const subject of subscription.subjects ?? []) {
        // Canonical JSON escapes a text as JSON.stringify does; the other texts are plain identifiers.
        const subjectBytes = Buffer.byteLength(JSON.stringify(subject), 'utf8')
        room -= bindingFrameBytes + subjectBytes + price.meter.length + price.id.length + subscription.id.length
        if (room <= 0) break
        bindings.push({
          subject,
          meter: price.meter,
          price: price.id,
          subscription: subscription.id,
          fromMs: subscription.fromMs,
          toMs: subscription.toMs === Infinity ? null : subscription.toMs,
        })
      }
    }
  }
  return {
    format: 1,
    tenant: catalogue.file.tenant,
    version,
    meters,
    prices: [...prices.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    bindings,
    unknownSubject: 'journal',
  }
}
