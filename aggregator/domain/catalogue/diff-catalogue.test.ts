import { expect, test } from 'vitest'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import { diffCatalogue, formatDiffLine } from './diff-catalogue.ts'

function diff(change: (json: SampleJson) => SampleJson): readonly string[] {
  return diffCatalogue(sampleCatalogue(), sampleCatalogue(change(sampleJson()))).map(formatDiffLine)
}

function changed(json: SampleJson, list: string, id: string, change: Record<string, unknown>): SampleJson {
  const elements = json[list] as readonly Record<string, unknown>[]
  return { ...json, [list]: elements.map((element) => (element['id'] === id ? { ...element, ...change } : element)) }
}

test('the same file makes no difference', () => {
  expect(diff((json) => json)).toEqual([])
})

test('a first version is all new', () => {
  const lines = diffCatalogue(null, sampleCatalogue())
  expect(lines.every(({ sign }) => sign === '+')).toBe(true)
  expect(lines.map(formatDiffLine)).toContain(
    '+ price ai-input: meter ai.input_tokens, model per-unit, amount 3, per 1000000',
  )
  expect(lines).toHaveLength(40)
})

test.each<readonly [what: string, change: (json: SampleJson) => SampleJson, lines: readonly string[]]>([
  ['a price', (json) => changed(json, 'prices', 'ai-input', { amount: '2.50' }), ['~ price ai-input: amount 3 → 2.5']],
  [
    'subjects',
    (json) => changed(json, 'subscriptions', 'north-trackers', { subjects: ['trk-2', 'trk-7', 'trk-8'] }),
    ['~ subscription north-trackers: +2 -1 subjects'],
  ],
  [
    'the end of a subscription',
    (json) => changed(json, 'subscriptions', 'north-trackers', { to: '2027-01-01' }),
    ['~ subscription north-trackers: to 2027-01-01T00:00:00.000Z'],
  ],
  [
    'no end any more',
    (json) => changed(json, 'subscriptions', 'acme-roaming', { to: null }),
    ['~ subscription acme-roaming: no to (was 2027-01-01T00:00:00.000Z)'],
  ],
  ['an agent less', (json) => ({ ...json, agents: [] }), ['- agent gw-1']],
  ['the currency', (json) => ({ ...json, currency: 'SEK' }), ['~ tenant acme: currency EUR → SEK']],
])('%s', (_what, change, lines) => {
  expect(diff(change)).toEqual(lines)
})
