import type { Result } from '@meterline/shared/base/errors.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { Normalised } from '../normalised.ts'
import type { JsonObject } from '../payload/json-text.ts'
import type { MappingFault } from './mapping-codes.ts'

/** What a mapping rule may look at beside the payload. */
export interface MappedFrom {
  /** Whose name the delivery is in. */
  readonly device: string
  readonly topic: string | null
  /** Stands in for a missing time, epoch milliseconds. */
  readonly receivedWallMs: number
}

/** A mapping rule made ready: reads payloads nobody can change. Never throws, whatever the bytes. */
export interface CompiledRule {
  readonly name: string
  map(payload: Uint8Array, from: MappedFrom): Normalised
  /** Reads one CloudEvent; null when the rule's filters leave it out. */
  mapCloudEvent(envelope: JsonObject, from: MappedFrom): Result<UsageEvent | null, MappingFault>
}

/** The rules of an agent, by name and by what they are for. */
export interface RuleBook {
  readonly byName: ReadonlyMap<string, CompiledRule>
  /** Rules for CloudEvents whose data is not one of our own shapes, by the event's `type`. */
  readonly byEventType: ReadonlyMap<string, CompiledRule>
}

/** An agent without mapping rules. */
export const emptyRuleBook: RuleBook = { byName: new Map(), byEventType: new Map() }
