import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { usageEventFault, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { normalise } from './normalise.ts'
import { findEventSpans } from './payload/json-text.ts'

const device = 'trk-1'
const received = 1_790_000_000_000

// The schema says the same as the decoder in other words: it is what a reader of the documentation would write.
const fits = (maxBytes: number) => (text: string) =>
  new TextEncoder().encode(text).length <= maxBytes && text.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(text)
const textUpTo = (maxBytes: number) => z.string().min(1).refine(fits(maxBytes))
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype))
const notInherited = (name: string) => !inherited.has(name)
const notOurs = (name: string) => !name.startsWith('@') && !name.startsWith('+')
const quantity = z
  .union([
    z.int().min(0).transform(String),
    z
      .string()
      .regex(/^(0|[1-9]\d*|-0)$/)
      .max(40),
  ])
  .transform((digits) => BigInt(digits))
  .refine((value) => value < 2n ** 63n)
const time = z.union([
  z.int().min(0).max(253_402_300_799_999),
  z.literal('2026-11-05T10:00:00Z').transform(() => 1_793_872_800_000),
])
const entriesOf = <Value>(value: z.ZodType<Value, unknown>) =>
  z.unknown().transform((input, context): (readonly [string, Value])[] => {
    const entries: (readonly [string, Value])[] = []
    if (typeof input !== 'object' || input === null || Array.isArray(input)) context.addIssue('not an object')
    else {
      for (const [key, member] of Object.entries(input)) {
        const parsed = value.safeParse(member)
        if (parsed.success) entries.push([key, parsed.data])
        else context.addIssue('a member is invalid')
      }
    }
    return entries
  })

const label = z.union([z.string(), z.boolean().transform(String), z.int().transform(String)]).refine(fits(128))
const dimensions = entriesOf(label)
  .refine((labels) => labels.length <= 16 && labels.every(([key]) => key !== '' && fits(64)(key)))
  .refine((labels) => labels.every(([key]) => notInherited(key) && notOurs(key)))
  .transform((labels) => labels.toSorted(([a], [b]) => (a < b ? -1 : 1)))
const meters = entriesOf(quantity)
  .refine((entries) => entries.length >= 1 && entries.length <= 16)
  .refine((entries) => entries.every(([meter]) => meter !== '' && fits(64)(meter) && notInherited(meter)))
const common = {
  id: textUpTo(128).nullish().default(null),
  source: textUpTo(128 - device.length - 1).nullish(),
  subject: textUpTo(128).nullish(),
  time: time.nullish(),
  dimensions: dimensions.nullish(),
  extra: z.unknown().optional(),
}
const oneMeter = z.object({ ...common, meter: textUpTo(64).refine(notInherited), quantity, usage: z.null().optional() })
const meterMap = z.object({ ...common, usage: meters, meter: z.null().optional(), quantity: z.null().optional() })
/** What is kept of the one unknown member, beside so many dimensions: its value, that there was one, or nothing. */
const annotation = (value: unknown, dimensionCount: number): (readonly [string, string])[] => {
  if (value === undefined || value === null || dimensionCount === 16) return []
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return typeof value !== 'object' && fits(128)(text) ? [['+extra', text]] : [['+unkept', '1']]
}
const usageSchema = z
  .union([oneMeter, meterMap])
  .transform((event) => ({
    id: event.id,
    source: (event.source ?? device) === device ? device : `${device}/${event.source}`,
    subject: event.subject ?? device,
    timeMs: event.time ?? received,
    labels: [...annotation(event.extra, event.dimensions?.length ?? 0), ...(event.dimensions ?? [])].toSorted(
      ([a], [b]) => (a < b ? -1 : 1),
    ),
    facts: [],
    measured:
      'meter' in event && typeof event.meter === 'string'
        ? [{ meter: event.meter, quantity: event.quantity }]
        : (event.usage ?? []).map(([meter, amount]) => ({ meter, quantity: amount })),
  }))

const oddTexts = fc.constantFrom(
  '',
  'x',
  '__proto__',
  'constructor',
  'a\u0000',
  '\ud800',
  'é'.repeat(64),
  'é'.repeat(65),
  'm'.repeat(64),
  '@unit',
  '+x',
  ':x',
  'a":',
  'x'.repeat(122),
  device,
)
const texts = fc.oneof({ weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }) }, oddTexts)
const oddValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, {}, [], [1], -1, 1.5, -0, 1e300, 2 ** 53, Number.MAX_SAFE_INTEGER),
  texts,
)
const quantities = fc.oneof(
  fc.nat(),
  fc.bigInt({ min: 0n, max: 2n ** 63n }).map(String),
  fc.constantFrom('01', '-1', '-0', '1e3', '', ' 1', '1.0', '9223372036854775807', '9223372036854775808'),
)
const usually = <Value>(usual: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: usual }, oddValues)
const objectOf = (names: fc.Arbitrary<string>, values: fc.Arbitrary<unknown>) =>
  fc.array(fc.tuple(names, values), { maxLength: 18, size: 'small' }).map((entries) => Object.fromEntries(entries))
const members = fc.record(
  {
    id: usually(texts),
    source: usually(texts),
    subject: usually(texts),
    time: usually(fc.oneof(fc.nat(), fc.constant('2026-11-05T10:00:00Z'))),
    dimensions: usually(objectOf(texts, usually(texts))),
    extra: fc.jsonValue({ maxDepth: 3 }),
  },
  { requiredKeys: [] },
)
const forms = fc.oneof(
  fc.record({ meter: usually(texts), quantity: usually(quantities) }),
  fc.record({ usage: usually(objectOf(texts, usually(quantities))) }),
  fc.record({ meter: usually(texts), quantity: usually(quantities), usage: oddValues }, { requiredKeys: [] }),
)
const usageEvents = fc.tuple(members, forms).map(([rest, form]) => ({ ...rest, ...form }))

test('the decoder accepts exactly what the schema accepts, and reads the same out of it', () => {
  fc.assert(
    fc.property(usageEvents, (event) => {
      const text = JSON.stringify(event)
      const result = normalise('usage', device, Buffer.from(text), received)
      const expected = usageSchema.safeParse(JSON.parse(text))
      expect(result.events).toEqual(expected.success ? [expected.data] : [])
      expect(result.rejected).toHaveLength(expected.success ? 0 : 1)
    }),
    { numRuns: 3000 },
  )
})

const tokens = z
  .union([
    z.int().min(0),
    z
      .string()
      .regex(/^(0|[1-9]\d*)$/)
      .max(18),
  ])
  .transform((count) => BigInt(count))
const aiSchema = z
  .object({
    'gen_ai.usage.input_tokens': tokens.optional(),
    'gen_ai.usage.output_tokens': tokens.optional(),
    'gen_ai.usage.cache_read.input_tokens': tokens.default(0n),
    'gen_ai.usage.cache_creation.input_tokens': tokens.default(0n),
    'gen_ai.usage.reasoning.output_tokens': tokens.default(0n),
  })
  .transform((call, context) => {
    const input = call['gen_ai.usage.input_tokens']
    const output = call['gen_ai.usage.output_tokens']
    const cached = call['gen_ai.usage.cache_read.input_tokens']
    const creation = call['gen_ai.usage.cache_creation.input_tokens']
    const reasoning = call['gen_ai.usage.reasoning.output_tokens']
    if (input === undefined && output === undefined) context.addIssue('nothing was used')
    if (cached + creation > (input ?? 0n) || reasoning > (output ?? 0n)) context.addIssue('a part exceeds its whole')
    return { total: (input ?? 0n) + (output ?? 0n) }
  })
const counts = fc.oneof(
  { weight: 10, arbitrary: fc.nat(2000) },
  fc.nat(50).map(String),
  fc.constantFrom(-1, 1.5, 'x', true),
)
const aiCalls = fc.record(
  {
    'gen_ai.usage.input_tokens': counts,
    'gen_ai.usage.output_tokens': counts,
    'gen_ai.usage.cache_read.input_tokens': counts,
    'gen_ai.usage.cache_creation.input_tokens': counts,
    'gen_ai.usage.reasoning.output_tokens': counts,
  },
  { requiredKeys: [] },
)

test('token classes are disjoint: they sum to input plus output, whenever the schema accepts the call', () => {
  fc.assert(
    fc.property(aiCalls, fc.boolean(), (call, nested) => {
      const payload = Buffer.from(JSON.stringify(nested ? { attributes: call } : call))
      const { events, rejected } = normalise('ai', device, payload, received)
      const expected = aiSchema.safeParse(call)
      expect(events.length).toBe(expected.success ? 1 : 0)
      expect(rejected.length).toBe(expected.success ? 0 : 1)
      const sum = events[0]?.measured.reduce((total, { quantity: tokensOfClass }) => total + tokensOfClass, 0n)
      expect(sum).toBe(expected.data?.total)
    }),
    { numRuns: 2000 },
  )
})

const everyEvent = (events: readonly UsageEvent[]) => events.map((event) => usageEventFault(event))

test('whatever the bytes: no throw, nothing lost, and what is accepted can be journalled', () => {
  const jsons = fc.jsonValue({ maxDepth: 6 }).map((value) => Buffer.from(JSON.stringify(value)))
  const arrays = fc.array(fc.oneof(usageEvents, fc.jsonValue())).map((value) => Buffer.from(JSON.stringify(value)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), jsons, arrays), fc.constantFrom('usage', 'ai'), (bytes, kind) => {
      const { events, rejected } = normalise(kind, device, bytes, received)
      expect(everyEvent(events).every((problem) => problem === null)).toBe(true)
      expect(events.length + rejected.length).toBeGreaterThanOrEqual(1)
    }),
    { numRuns: 2000 },
  )
})

test('the spans of an array are its elements, byte for byte, with any whitespace between', () => {
  const spaces = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.jsonValue(), spaces, spaces), { minLength: 1 }), spaces, (elements, around) => {
      const texts = elements.map(([value]) => JSON.stringify(value))
      const text = `${around}[${elements.map(([, before, after], i) => `${before}${texts[i]}${after}`).join(',')}]${around}`
      const bytes = Buffer.from(text)
      const spans = findEventSpans(bytes)
      expect(spans.map(({ start, end }) => bytes.subarray(start, end).toString())).toEqual(texts)
      expect(spans.every(({ duplicate }) => duplicate === null)).toBe(true)
    }),
  )
})
