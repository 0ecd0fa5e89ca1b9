import { encodeCbor, type CborValue } from './cbor-writer.ts'
import type { FleetEvent } from '../fleet-event.ts'

type Body = Record<string, CborValue>

/** A plain usage event, as docs/payloads.md has it. */
export function usageBody(event: FleetEvent, stated: { readonly sequence: boolean }): Body {
  return { id: event.id, time: event.timeMs, ...ownSubject(event), ...usageMembers(event, stated) }
}

/** A CloudEvent in the structured JSON format, with the usage in its data. */
export function cloudEventBody(event: FleetEvent, stated: { readonly sequence: boolean }): object {
  return {
    specversion: '1.0',
    id: event.id,
    source: event.device,
    type: 'device.usage',
    time: new Date(event.timeMs).toISOString(),
    subject: event.subject,
    data: usageMembers(event, stated),
  }
}

/** The same event with its first quantity in a unit that nobody can read for sure: KB is 1000 bytes to some, 1024 to others. */
export function ambiguousUnit(event: FleetEvent): Body {
  const [meter = '', quantity = 0n] = [...event.quantities][0] ?? []
  return { id: event.id, time: event.timeMs, ...ownSubject(event), meter, quantity: plain(quantity), unit: 'KB' }
}

/** JSON without losing digits: integers beyond 2^53 − 1 go as texts, as docs/payloads.md asks. */
export function json(body: object): Buffer {
  return Buffer.from(
    JSON.stringify(body, (_name, value: unknown) => (typeof value === 'bigint' ? plain(value) : value)),
  )
}

export const cbor = (body: Body): Buffer => encodeCbor(body)

function usageMembers(event: FleetEvent, stated: { readonly sequence: boolean }): Body {
  const [only] = event.quantities
  const dimensions = Object.keys(event.dimensions).length === 0 ? {} : { dimensions: event.dimensions }
  return {
    ...(event.quantities.size === 1 && only !== undefined
      ? { meter: only[0], quantity: only[1] }
      : { usage: Object.fromEntries(event.quantities) }),
    ...(stated.sequence ? { sequence: event.sequence } : {}),
    ...(event.reset === null ? {} : { reset: event.reset }),
    ...dimensions,
  }
}

function ownSubject(event: FleetEvent): Body {
  return event.subject === event.device ? {} : { subject: event.subject }
}

function plain(quantity: bigint): number | string {
  return quantity <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(quantity) : String(quantity)
}
