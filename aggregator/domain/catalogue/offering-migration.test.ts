import { expect, test } from 'vitest'
import { draftOf } from './draft.ts'
import { checkDraft } from './check-draft.ts'
import { legsOf } from './leg-index.ts'
import { sampleCatalogue, sampleFile, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import { PlanBook } from './snapshot-plans.ts'
import { soldVersions } from './sold-versions.ts'

type Part = Record<string, unknown>

/** The sample where the AI customer goes over to trackers and back, which is what `migrations` says. */
function migratedJson(more: Part = {}): SampleJson {
  const json = sampleJson()
  const migrations = [
    { at: '2026-04-01', offering: 'tracker', version: 'first' },
    { at: '2026-06-01', offering: 'ai-tokens', version: 'first' },
  ]
  const own = { subjects: ['llm-1'], migrations, ...more }
  const subscriptions = (json['subscriptions'] as readonly Part[]).map((each) =>
    each['id'] === 'bright-ai' ? { ...each, ...own } : each,
  )
  return { ...json, subscriptions }
}

const inMay = Date.UTC(2026, 4, 1)

test('usage is charged at the prices of the offering that a subscription has at its time', () => {
  const catalogue = sampleCatalogue(migratedJson())
  const shown = (meter: string, timeMs: number): unknown => {
    const legs = legsOf(catalogue, 'llm-1', meter, timeMs)
    return legs.ok ? legs.value.map(({ legKey }) => legKey.split(':')[1])[0] : legs.fault.code
  }
  expect(shown('ai.input_tokens', inMay - 40 * 86_400_000)).toBe('bright-ai')
  expect(shown('ai.input_tokens', inMay)).toBe('no_price')
  expect(shown('messages', inMay)).toBe('bright-ai')
  expect(shown('messages', Date.UTC(2026, 5, 1))).toBe('no_price')
  expect(shown('ai.input_tokens', Date.UTC(2026, 5, 1))).toBe('bright-ai')
})

test('agents are told the plans of both offerings, each for its time', () => {
  const catalogue = sampleCatalogue(migratedJson())
  const book = new PlanBook(catalogue)
  const bindings = book.bindingsOf('llm-1')
  expect(bindings.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [catalogue.subscriptions.get('bright-ai')?.fromMs, Date.UTC(2026, 3, 1)],
    [Date.UTC(2026, 3, 1), Date.UTC(2026, 5, 1)],
    [Date.UTC(2026, 5, 1), null],
  ])
  expect(bindings[0]?.plan).toBe(bindings[2]?.plan)
  expect(new PlanBook(sampleCatalogue()).bindingsOf('van-1')[0]?.plan).toBe(bindings[1]?.plan)
})

test('what was sold by migration counts as sold', () => {
  const json = {
    ...migratedJson(),
    subscriptions: (migratedJson()['subscriptions'] as readonly Part[]).filter((each) => each['id'] === 'bright-ai'),
  }
  expect([...soldVersions(sampleFile(json), inMay).keys()].toSorted()).toEqual(['ai-tokens', 'tracker'])
  expect([...soldVersions(sampleFile(json), Date.UTC(2026, 2, 1)).keys()]).toEqual(['ai-tokens'])
})

test('a subject is not covered twice at a time by going over to another offering', () => {
  const problems = (more: Part): readonly string[] =>
    checkDraft(draftOf(sampleFile(migratedJson(more))), null, Infinity).map(({ message }) => message)
  expect(problems({})).toEqual([])
  expect(problems({ subjects: ['llm-1', 'trk-1'] })).toEqual([
    'is trk-1, whose messages subscription north-trackers already covers from 2026-01-01T00:00:00.000Z on',
  ])
})
