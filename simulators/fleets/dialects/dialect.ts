import type { FleetEvent } from '../fleet-event.ts'
import {
  anthropicCall,
  bedrockCall,
  geminiCall,
  ollamaCall,
  openaiChatCall,
  openaiResponsesCall,
  otelCall,
} from './ai-calls.ts'
import {
  billedCredits,
  billedFrame,
  chirpstackUplink,
  heliumUplink,
  longestFrameBytes,
  payloadMeter,
  thingsStackUplink,
} from './lorawan.ts'
import { sparkplugBirth, sparkplugData } from './sparkplug-writer.ts'
import { telemetryArray } from './telemetry.ts'
import { ambiguousUnit, cbor, cloudEventBody, json, usageBody } from './usage.ts'

/** How devices of a group word what they measured. */
export interface Dialect {
  /** The last level of the topic; null: a mapping rule reads it. */
  readonly kind: 'usage' | 'ai' | null
  /** The mapping rule an agent needs, and where its messages go unless the fleet says otherwise. */
  readonly rule: MappedDialect | null
  /** The meters it has words for; null: any. */
  readonly meters: readonly string[] | null
  /** What one message can state at most; null: what any quantity can. */
  readonly largestQuantity: bigint | null
  /** Whether it can report running totals and other readings, and not only amounts. */
  readonly readings: boolean
  /** Whether it has words for subjects, sequence numbers, reset ids and dimensions of one's own. */
  readonly general: boolean
  encode(event: FleetEvent, stated: { readonly sequence: boolean }): Buffer
  /** The event in a unit that cannot be read for sure; null: the dialect has no units. */
  readonly wrongUnit: ((event: FleetEvent) => Buffer) | null
  /** What a device sends that fails halfway: bytes that nobody can read. */
  cut(encoded: Buffer): Buffer
  /** The meters its messages are billed on where these are not the ones measured; null: the same. */
  readonly billedMeters: readonly string[] | null
  /** What ought to be metered, by meter. */
  billed(event: FleetEvent): ReadonlyMap<string, bigint>
}

/** What a dialect needs that a mapping rule reads. */
export interface MappedDialect {
  /** The profile the rule starts from. */
  readonly profile: string
  /** What the rule says on top of it. */
  readonly adds: Readonly<Record<string, unknown>>
  /** Where messages go; `{device}` is a level of its own. */
  readonly topic: string
  /** What a device says at each gateway before its first message there, and where; null: nothing. */
  readonly birth: { topic(dataTopic: string): string; encode(meters: readonly string[], timeMs: number): Buffer } | null
}

/** Neither JSON nor CBOR ends before its end. */
const cutOff = (encoded: Buffer): Buffer => encoded.subarray(0, Math.floor((encoded.length * 2) / 3))
const asMeasured = (event: FleetEvent): ReadonlyMap<string, bigint> => event.quantities

const plainDialect = {
  kind: 'usage',
  rule: null,
  meters: null,
  largestQuantity: null,
  readings: true,
  general: true,
  wrongUnit: null,
  cut: cutOff,
  billedMeters: null,
  billed: asMeasured,
} as const satisfies Partial<Dialect>

function aiCall(body: (event: FleetEvent) => object, classes: readonly string[]): Dialect {
  const meters = classes.map((name) => `ai.${name}_tokens`)
  // Providers count in JSON numbers.
  const largestQuantity = 2n ** 40n
  const encode = (event: FleetEvent): Buffer => json(body(event))
  return { ...plainDialect, kind: 'ai', meters, largestQuantity, readings: false, general: false, encode }
}

function uplink(
  body: (event: FleetEvent) => object,
  rule: { readonly profile: string; readonly topic: string },
  billedMeters: readonly string[],
  billed: Dialect['billed'],
): Dialect {
  return {
    ...plainDialect,
    kind: null,
    rule: { ...rule, adds: {}, birth: null },
    meters: [payloadMeter],
    largestQuantity: longestFrameBytes,
    readings: false,
    general: false,
    encode: (event) => json(body(event)),
    billedMeters,
    billed,
  }
}

/** Every dialect by its name in a fleet file. */
export const dialects = {
  usage: {
    ...plainDialect,
    encode: (event, stated) => json(usageBody(event, stated)),
    wrongUnit: (event) => json(ambiguousUnit(event)),
  },
  cloudevent: {
    ...plainDialect,
    encode: (event, stated) => json(cloudEventBody(event, stated)),
    wrongUnit: (event) => json(ambiguousUnit(event)),
  },
  cbor: {
    ...plainDialect,
    encode: (event, stated) => cbor(usageBody(event, stated)),
    wrongUnit: (event) => cbor(ambiguousUnit(event)),
  },
  otel: aiCall(otelCall, ['input', 'cached_input', 'cache_creation', 'output', 'reasoning']),
  'openai-chat': aiCall(openaiChatCall, ['input', 'cached_input', 'output', 'reasoning']),
  'openai-responses': aiCall(openaiResponsesCall, ['input', 'cached_input', 'output', 'reasoning']),
  anthropic: aiCall(anthropicCall, ['input', 'cached_input', 'cache_creation', 'cache_creation_1h', 'output']),
  gemini: aiCall(geminiCall, ['input', 'cached_input', 'output', 'reasoning']),
  ollama: aiCall(ollamaCall, ['input', 'output']),
  bedrock: aiCall(bedrockCall, ['input', 'cached_input', 'cache_creation', 'output']),
  chirpstack: uplink(
    chirpstackUplink,
    { profile: 'chirpstack-v4', topic: 'application/fleet/device/{device}/event/up' },
    ['lorawan.uplinks', payloadMeter],
    billedFrame,
  ),
  'the-things-stack': uplink(
    thingsStackUplink,
    { profile: 'the-things-stack-v3', topic: 'v3/fleet@ttn/devices/{device}/up' },
    ['lorawan.uplinks', payloadMeter],
    billedFrame,
  ),
  helium: uplink(
    heliumUplink,
    { profile: 'helium-v1', topic: 'helium/{device}/up' },
    ['lorawan.uplinks', 'lorawan.data_credits'],
    billedCredits,
  ),
  'telemetry-array': {
    ...plainDialect,
    kind: null,
    rule: { profile: 'telemetry-array', adds: {}, topic: 'telemetry/{device}', birth: null },
    general: false,
    encode: (event) => json(telemetryArray(event)),
  },
  'sparkplug-b': {
    ...plainDialect,
    kind: null,
    rule: {
      profile: 'sparkplug-b',
      adds: { meters: [{ meterFrom: '/name', quantity: '/value' }] },
      topic: 'spBv1.0/fleet/DDATA/edge/{device}',
      birth: { topic: (dataTopic) => dataTopic.replace('/DDATA/', '/DBIRTH/'), encode: sparkplugBirth },
    },
    general: false,
    encode: sparkplugData,
    // Its last field is a number: without the last byte it has a name and no value, or no end.
    cut: (encoded) => encoded.subarray(0, -1),
  },
} as const satisfies Readonly<Record<string, Dialect>>

export type DialectName = keyof typeof dialects

/** Every name, in the order they are listed. */
export const dialectNames = Object.keys(dialects) as readonly DialectName[]
