import { normalise } from '../domain/normalise.ts'
import type { Normalised } from '../domain/normalised.ts'
import type { Origin } from './origin.ts'
import type { DeliveryKind } from './ports.ts'
import type { Writer } from './writer.ts'

/** Reads one delivery: by the mapping rule its origin names, or as one of the shapes every agent understands. */
export function readPayload(
  writer: Writer,
  origin: Origin,
  kind: DeliveryKind,
  payload: Uint8Array,
  receivedWallMs: number,
): Normalised {
  if (kind !== 'mapped') return normalise(kind, origin.device, payload, receivedWallMs, writer.rules)
  const rule = writer.rules.byName.get(origin.rule ?? '')
  const { device, topic } = origin
  if (rule !== undefined) return rule.map(payload, { device, topic, receivedWallMs })
  const message = `there is no mapping rule ${origin.rule} any more: put it back into the configuration, then replay`
  const fragment = Uint8Array.from(payload)
  return { events: [], rejected: [{ index: 0, eventId: null, code: 'rule_unknown', message, fragment }] }
}

/** Where each event stood in its payload, by what the reader says, else counted around the rejected ones. */
export function positionsOf({ events, rejected, positions }: Normalised): readonly number[] {
  if (positions !== undefined) return positions
  const taken = new Set(rejected.map(({ index }) => index))
  const found: number[] = []
  for (let position = 0; found.length < events.length; position++) if (!taken.has(position)) found.push(position)
  return found
}
