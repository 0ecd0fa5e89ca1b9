import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { normalise } from '../../normalise.ts'

// Each dialect is generated from the classes a call really used: an arbitrary of disjoint classes, and how the provider
// writes them down. What goes in must come out in the same classes, and add up to the provider's own total.

type Classes = Readonly<Record<string, number>>

const received = 1_790_000_000_000
const few = fc.oneof(fc.constant(0), fc.nat(5), fc.nat(2_000_000))
const id = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', '0', '1', '-', '_') })
/** An optional field: left out, null where there is nothing to say, or stated even when zero. */
const detail = (name: string, value: number): fc.Arbitrary<object> =>
  value > 0 ? fc.constant({ [name]: value }) : fc.constantFrom({}, { [name]: null }, { [name]: 0 })
const merged = (...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<object> =>
  fc.tuple(...parts).map((each) => Object.assign({}, ...each) as object)
const maybe = (name: string, value: unknown): fc.Arbitrary<object> => fc.constantFrom({}, { [name]: value })
const unknownFields = fc.dictionary(
  fc.constantFrom('new_tokens', 'speed', 'region', 'nested', 'flag'),
  fc.oneof(fc.nat(9), fc.constantFrom('eu', true), fc.record({ deeper_tokens: fc.nat(9) })),
  { noNullPrototype: true },
)

interface Call {
  readonly answer: object
  readonly usage: object
  readonly where: 'usage' | 'usageMetadata' | null
  readonly id: string | null
  readonly classes: Classes
  readonly total: number
}

const classes = (names: readonly string[]): fc.Arbitrary<Classes> =>
  fc.record(Object.fromEntries(names.map((name) => [name, few])))
const sum = (of: Classes): number => Object.values(of).reduce((all, each) => all + each, 0)
const at = (of: Classes, ...names: readonly string[]): number => names.reduce((all, name) => all + (of[name] ?? 0), 0)

const openaiChat = classes([
  'input',
  'cached_input',
  'cache_creation',
  'audio_input',
  'output',
  'reasoning',
  'audio_output',
]).chain((of) => {
  const prompt = at(of, 'input', 'cached_input', 'cache_creation', 'audio_input')
  const completion = at(of, 'output', 'reasoning', 'audio_output')
  const promptDetails = merged(
    detail('cached_tokens', at(of, 'cached_input')),
    detail('cache_write_tokens', at(of, 'cache_creation')),
    detail('audio_tokens', at(of, 'audio_input')),
  )
  const completionDetails = merged(
    detail('reasoning_tokens', at(of, 'reasoning')),
    detail('audio_tokens', at(of, 'audio_output')),
    maybe('accepted_prediction_tokens', 3),
  )
  const usage = merged(
    fc.constant({ prompt_tokens: prompt, completion_tokens: completion }),
    maybe('total_tokens', prompt + completion),
    promptDetails.map((details) => ({ prompt_tokens_details: details })),
    completionDetails.map((details) => ({ completion_tokens_details: details })),
  )
  const shell = { object: 'chat.completion', created: 1_741_570_283, model: 'm', choices: [{ finish_reason: 'stop' }] }
  return callOf(shell, 'id', usage, 'usage', of)
})

const openaiResponses = classes(['input', 'cached_input', 'cache_creation', 'output', 'reasoning']).chain((of) => {
  const input = at(of, 'input', 'cached_input', 'cache_creation')
  const output = at(of, 'output', 'reasoning')
  const usage = merged(
    fc.constant({ input_tokens: input, output_tokens: output, total_tokens: input + output }),
    merged(detail('cached_tokens', at(of, 'cached_input')), detail('cache_write_tokens', at(of, 'cache_creation'))).map(
      (details) => ({ input_tokens_details: details }),
    ),
    detail('reasoning_tokens', at(of, 'reasoning')).map((details) => ({ output_tokens_details: details })),
  )
  return callOf({ object: 'response', created_at: 1_741_476_542, status: 'completed' }, 'id', usage, 'usage', of)
})

const anthropic = classes([
  'input',
  'cached_input',
  'cache_creation',
  'cache_creation_1h',
  'output',
  'reasoning',
]).chain((of) => {
  const written = at(of, 'cache_creation', 'cache_creation_1h')
  const lifetimes = {
    ephemeral_5m_input_tokens: at(of, 'cache_creation'),
    ephemeral_1h_input_tokens: at(of, 'cache_creation_1h'),
  }
  const hasHours = at(of, 'cache_creation_1h') > 0
  const usage = merged(
    fc.constant({ input_tokens: at(of, 'input'), output_tokens: at(of, 'output', 'reasoning') }),
    detail('cache_read_input_tokens', at(of, 'cached_input')),
    detail('cache_creation_input_tokens', written),
    hasHours ? fc.constant({ cache_creation: lifetimes }) : maybe('cache_creation', written > 0 ? lifetimes : null),
    detail('thinking_tokens', at(of, 'reasoning')).map((details) => ({ output_tokens_details: details })),
    maybe('service_tier', 'standard'),
  )
  return callOf({ type: 'message', role: 'assistant', stop_reason: 'end_turn', model: 'm' }, 'id', usage, 'usage', of)
})

const ollama = classes(['input', 'cached_input', 'output']).chain((of) => {
  const usage = merged(
    fc.constant({ prompt_eval_count: at(of, 'input', 'cached_input'), eval_count: at(of, 'output') }),
    detail('prompt_eval_cached_count', at(of, 'cached_input')),
  )
  const shell = { model: 'm', created_at: '2026-11-05T10:00:00.123456789Z', done: true, total_duration: 4_883_583_458 }
  return callOf(shell, null, usage, null, of)
})

const gemini = classes(['input', 'cached_input', 'audio_input', 'tool', 'output', 'reasoning', 'audio_output']).chain(
  ({ tool = 0, ...of }) => {
    const prompt = at(of, 'input', 'cached_input', 'audio_input')
    const candidates = at(of, 'output', 'audio_output')
    const modalities = (audio: number, text: number): readonly object[] => [
      { modality: 'TEXT', tokenCount: text },
      ...(audio > 0 ? [{ modality: 'AUDIO', tokenCount: audio }] : []),
    ]
    const usage = merged(
      fc.constant({ promptTokenCount: prompt, candidatesTokenCount: candidates }),
      fc.constant({ totalTokenCount: prompt + tool + candidates + at(of, 'reasoning') }),
      detail('cachedContentTokenCount', at(of, 'cached_input')),
      detail('toolUsePromptTokenCount', tool),
      detail('thoughtsTokenCount', at(of, 'reasoning')),
      fc.constant({ promptTokensDetails: modalities(at(of, 'audio_input'), prompt - at(of, 'audio_input')) }),
      fc.constant({ candidatesTokensDetails: modalities(at(of, 'audio_output'), at(of, 'output')) }),
      maybe('cacheTokensDetails', [{ modality: 'TEXT', tokenCount: at(of, 'cached_input') }]),
    )
    const shell = { candidates: [{ finishReason: 'STOP' }], modelVersion: 'm' }
    return callOf(shell, 'responseId', usage, 'usageMetadata', { ...of, input: at(of, 'input') + tool })
  },
)

const bedrock = classes(['input', 'cached_input', 'cache_creation', 'cache_creation_1h', 'output']).chain((of) => {
  const written = at(of, 'cache_creation', 'cache_creation_1h')
  const details = [
    { ttl: '1h', inputTokens: at(of, 'cache_creation_1h') },
    { ttl: '5m', inputTokens: at(of, 'cache_creation') },
  ]
  const usage = merged(
    fc.constant({ inputTokens: at(of, 'input'), outputTokens: at(of, 'output') }),
    fc.constantFrom({ totalTokens: sum(of) }, { totalTokens: at(of, 'input', 'output') }),
    detail('cacheReadInputTokens', at(of, 'cached_input')),
    detail('cacheWriteInputTokens', written),
    at(of, 'cache_creation_1h') > 0 ? fc.constant({ cacheDetails: details }) : maybe('cacheDetails', details),
  )
  return callOf(
    { output: { message: {} }, stopReason: 'end_turn', metrics: { latencyMs: 1 } },
    null,
    usage,
    'usage',
    of,
  )
})

function callOf(
  shell: object,
  idName: 'id' | 'responseId' | null,
  usages: fc.Arbitrary<object>,
  where: Call['where'],
  of: Classes,
): fc.Arbitrary<Call> {
  return fc.tuple(usages, id).map(([usage, answerId]) => {
    const named = idName === null ? shell : { ...shell, [idName]: answerId }
    const answer = where === null ? { ...named, ...usage } : { ...named, [where]: usage }
    return { answer, usage, where, id: idName === null ? null : answerId, classes: of, total: sum(of) }
  })
}

const dialects: readonly [string, fc.Arbitrary<Call>][] = [
  ['openai-chat', openaiChat],
  ['openai-responses', openaiResponses],
  ['anthropic', anthropic],
  ['ollama', ollama],
  ['gemini', gemini],
  ['bedrock', bedrock],
]

const read = (body: object): UsageEvent | undefined => {
  const { events, rejected } = normalise('ai', 'llm-1', Buffer.from(JSON.stringify(body)), received)
  expect(rejected).toEqual([])
  return events[0]
}
const countsOf = (event: UsageEvent | undefined): Classes =>
  Object.fromEntries((event?.measured ?? []).map(({ meter, quantity }) => [meter, Number(quantity)]))
const expected = (of: Classes): Classes =>
  Object.fromEntries(
    Object.entries(of)
      .filter(([name, count]) => count > 0 || name === 'input' || name === 'output')
      .map(([name, count]) => [`ai.${name}_tokens`, count]),
  )

test.each(dialects)('%s: every token comes out in its class, and the classes add up to the total', (name, calls) => {
  fc.assert(
    fc.property(calls, fc.constantFrom('itself', 'response', 'cloudevent', 'bare'), (call, place) => {
      const cloud = { specversion: '1.0', id: 'e', source: 's', type: 't' }
      const bodies = {
        itself: call.answer,
        response: { subject: 'key', response: call.answer },
        cloudevent: { ...cloud, data: call.answer },
        bare: call.where === null ? call.answer : { provider: name, [call.where]: call.usage },
      }
      const event = read(bodies[place])
      expect(countsOf(event)).toEqual(expected(call.classes))
      expect(sum(countsOf(event))).toBe(call.total)
      const inputs = Object.entries(call.classes).filter(([key]) => key.includes('input') || key.includes('creation'))
      expect(event?.facts).toEqual([['ai.total_input_tokens', BigInt(sum(Object.fromEntries(inputs)))]])
      expect(event?.labels).toContainEqual(['+dialect', `${name}/1`])
      if (place === 'itself' || place === 'response') expect(event?.id).toBe(call.id)
    }),
    { numRuns: 400 },
  )
})

test.each(dialects.filter(([name]) => name !== 'ollama'))(
  '%s: fields nobody knows yet change no count, and are kept',
  (_name, calls) => {
    fc.assert(
      fc.property(calls, unknownFields, (call, unknown) => {
        const event = read({ ...call.answer, [call.where ?? '']: { ...call.usage, ...unknown } })
        expect(countsOf(event)).toEqual(expected(call.classes))
        for (const [name, value] of Object.entries(unknown)) {
          const kept: readonly [string, string] =
            typeof value === 'object'
              ? [`+usage.${name}.deeper_tokens`, String(value.deeper_tokens)]
              : [`+usage.${name}`, String(value)]
          expect(event?.labels).toContainEqual(kept)
        }
      }),
      { numRuns: 200 },
    )
  },
)

const totals: ReadonlyMap<string, string> = new Map([
  ['openai-chat', 'total_tokens'],
  ['openai-responses', 'total_tokens'],
  ['gemini', 'totalTokenCount'],
  ['bedrock', 'totalTokens'],
])

test.each(dialects.filter(([name]) => totals.has(name)))(
  '%s: a total that contradicts its parts is noticed',
  (name, calls) => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 1000 }), (call, more) => {
        const usage = { ...call.usage, [totals.get(name) ?? '']: call.total * 2 + more }
        const body = { ...call.answer, [call.where ?? '']: usage }
        const { events, rejected } = normalise('ai', 'llm-1', Buffer.from(JSON.stringify(body)), received)
        expect(events).toEqual([])
        expect(rejected.map(({ code }) => code)).toEqual(['token_classes_inconsistent'])
      }),
    )
  },
)
