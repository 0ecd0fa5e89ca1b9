import type { Random } from '@meterline/shared/base/random.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { MeantContent, MeantEvent } from '../oracle/published.ts'
import { deviceLabels, modelNames, sizeFact } from './labels.ts'

/** A payload element and what it means. */
export interface WrittenPiece {
  readonly json: unknown
  readonly piece: MeantContent
}

/** What an event is about, before a form is chosen for it. */
export interface EventDraft {
  readonly device: string
  readonly id: string | null
  readonly timeMs: number | null
  readonly subject: string
}

/** Meters whose quantities are readings, and what theirs lie below. */
const meteredQuantities = [
  ['odometer', 3000],
  ['power', 5000],
  ['seats', 200],
  ['active.devices', 2],
] as const

/**
 * Usage in one of the forms that devices use: plain, several meters at once, with its own source, or CloudEvents.
 * `statesReadings`: what has no time of its own is no reading, because no agent's clock can be believed.
 */
export function trackerPiece(random: Random, draft: EventDraft, statesReadings: boolean): WrittenPiece {
  // Readings are drawn freely, so that counters begin again at zero as often as they run on.
  const metered = meteredQuantities[random.below(4 * meteredQuantities.length)]
  if (metered !== undefined && (draft.timeMs !== null || !statesReadings)) {
    const [meter, below] = metered
    return writtenUsage(random, draft, [{ meter, quantity: BigInt(random.below(below)) }])
  }
  const bytes = BigInt(random.below(4) === 0 ? random.below(5) : 50 + random.below(3000))
  const several = random.below(3) === 0
  const measured = several
    ? [
        { meter: 'data.bytes', quantity: bytes },
        { meter: 'messages', quantity: 1n },
      ]
    : [{ meter: random.below(5) === 0 ? 'messages' : 'data.bytes', quantity: bytes }]
  return writtenUsage(random, draft, measured)
}

/** The given quantities in a form drawn from those a device may use. */
export function writtenUsage(random: Random, draft: EventDraft, measured: MeantEvent['measured']): WrittenPiece {
  const ownSource = random.below(12) === 0 ? 'sensor-b' : null
  const event: MeantEvent = {
    source: ownSource === null ? draft.device : `${draft.device}/${ownSource}`,
    id: draft.id,
    subject: draft.subject,
    timeMs: draft.timeMs,
    measured,
    labels: drawLabels(random, deviceLabels),
    facts: {},
  }
  const numberForm = (quantity: bigint): number | string =>
    random.below(4) === 0 ? quantity.toString() : Number(quantity)
  const first = measured[0]
  const quantities =
    measured.length === 1 && first !== undefined && random.below(2) === 0
      ? { meter: first.meter, quantity: numberForm(first.quantity) }
      : { usage: Object.fromEntries(measured.map(({ meter, quantity }) => [meter, numberForm(quantity)])) }
  const hasLabels = Object.keys(event.labels).length > 0
  const usage = hasLabels ? { ...quantities, dimensions: event.labels } : quantities
  const subject = draft.subject === draft.device && random.below(2) === 0 ? {} : { subject: draft.subject }
  const id = draft.id === null ? {} : { id: draft.id }
  // CloudEvents demands an id, so what has none is always plain.
  const cloud = draft.id !== null && random.below(4) === 0
  if (cloud) {
    const time = draft.timeMs === null ? {} : { time: formatInstant(draft.timeMs) }
    const json = {
      specversion: '1.0',
      ...id,
      source: ownSource ?? draft.device,
      type: 'usage',
      ...subject,
      ...time,
      data: usage,
    }
    return { json, piece: { kind: 'event', event } }
  }
  const source = ownSource === null ? {} : { source: ownSource }
  const time = draft.timeMs === null ? {} : { time: draft.timeMs }
  return { json: { ...id, ...source, ...subject, ...time, ...usage }, piece: { kind: 'event', event } }
}

/** An AI call under the OpenTelemetry names, with its token classes as the world counts them: disjoint. */
export function aiPiece(random: Random, draft: EventDraft): WrittenPiece {
  const input = 20 + random.below(4000)
  const cached = random.below(3) === 0 ? random.below(input) : 0
  const creation = random.below(5) === 0 ? random.below(input - cached) : 0
  const output = 1 + random.below(600)
  const reasoning = random.below(4) === 0 ? random.below(output) : 0
  const subsets: readonly (readonly [string, number])[] = [
    ['ai.cached_input_tokens', cached],
    ['ai.cache_creation_tokens', creation],
    ['ai.reasoning_tokens', reasoning],
  ]
  const measured = [
    { meter: 'ai.input_tokens', quantity: BigInt(input - cached - creation) },
    { meter: 'ai.output_tokens', quantity: BigInt(output - reasoning) },
    ...subsets.filter(([, tokens]) => tokens > 0).map(([meter, tokens]) => ({ meter, quantity: BigInt(tokens) })),
  ]
  const model = modelNames[random.below(modelNames.length)] ?? modelNames[0]
  const region = drawLabels(random, { region: deviceLabels.region })
  const attributes = {
    'gen_ai.response.id': draft.id ?? undefined,
    'gen_ai.response.model': model,
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    'gen_ai.usage.cache_read.input_tokens': cached > 0 || random.below(2) === 0 ? cached : undefined,
    'gen_ai.usage.cache_creation.input_tokens': creation > 0 ? creation : undefined,
    'gen_ai.usage.reasoning.output_tokens': reasoning > 0 ? reasoning : undefined,
  }
  const time = draft.timeMs === null ? {} : { time: draft.timeMs }
  const event: MeantEvent = {
    source: draft.device,
    id: draft.id,
    subject: draft.subject,
    timeMs: draft.timeMs,
    measured,
    labels: { ...region, model },
    facts: { [sizeFact]: BigInt(input) },
  }
  const said = Object.keys(region).length === 0 ? time : { ...time, dimensions: region }
  const json = random.below(3) === 0 ? { attributes, ...said } : { ...attributes, ...said }
  return { json, piece: { kind: 'event', event } }
}

/** Some of the labels that there are, each with one of its texts. */
function drawLabels(
  random: Random,
  known: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> {
  const drawn = Object.entries(known).map(([name, texts]) => [name, texts[random.below(texts.length + 1)]] as const)
  return Object.fromEntries(drawn.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}

/** One of the things broken devices send as an element of a payload. */
export function malformedPiece(random: Random, kind: 'usage' | 'ai', draft: EventDraft): WrittenPiece {
  const id = draft.id ?? undefined
  const base = { id, time: draft.timeMs ?? undefined }
  const usage: readonly (readonly [string, object])[] = [
    ['negative', { ...base, meter: 'data.bytes', quantity: -5 }],
    ['negative text', { ...base, usage: { 'data.bytes': '-12' } }],
    ['fraction', { ...base, meter: 'data.bytes', quantity: 1.5 }],
    ['too large', { ...base, meter: 'data.bytes', quantity: '9223372036854775808' }],
    ['unsafe number', { ...base, meter: 'data.bytes', quantity: 2 ** 53 }],
    ['no meter', { ...base, quantity: 4 }],
    ['no quantity', { ...base, meter: 'data.bytes' }],
    ['no time', { ...base, meter: 'data.bytes', quantity: 4, time: 'yesterday' }],
    ['long id', { ...base, id: `${draft.id ?? 'x'}${'y'.repeat(200)}`, meter: 'data.bytes', quantity: 4 }],
    ['one bad of two', { ...base, usage: { 'data.bytes': 10, messages: -1 } }],
  ]
  const ai: readonly (readonly [string, object])[] = [
    ['no usage', { ...base, 'gen_ai.response.model': 'm' }],
    ['cached above input', { ...base, 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 6 }],
    ['negative tokens', { ...base, 'gen_ai.usage.input_tokens': -5, 'gen_ai.usage.output_tokens': 6 }],
  ]
  const choices = kind === 'usage' ? usage : ai
  const [why, json] = choices[random.below(choices.length)] ?? ['empty', {}]
  return { json, piece: { kind: 'malformed', why } }
}
