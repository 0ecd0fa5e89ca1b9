import { describe, expect, test } from 'vitest'
import type { CorrelationItem, Gap, GapsAnswer } from '../flow/completeness-answers.ts'
import { correlationsText, gapsText } from './completeness-texts.ts'

const atMs = Date.UTC(2026, 10, 26, 12)
const answer: GapsAnswer = { atMs, counts: {}, gaps: [], more: 0, unobserved: [] }

const pair: CorrelationItem = {
  rule: 'network',
  meter: 'data.bytes',
  subject: 'trk-1',
  state: 'differs',
  charge: { timeMs: atMs, source: 'core', eventId: 'c1', quantity: '100', logIndex: 1, unit: 0 },
  control: { timeMs: atMs, source: 'trk-1', eventId: null, quantity: '90', logIndex: 2, unit: 0 },
  difference: '10',
}

function line(gap: Gap): string {
  return (
    gapsText({ ...answer, counts: { [gap.kind]: 1 }, gaps: [gap] })
      .split('\n')
      .at(-1) ?? ''
  )
}

describe('gaps for people', () => {
  test('none', () => {
    expect(gapsText(answer)).toBe('No gaps at 2026-11-26T12:00:00.000Z.')
  })

  test('with counts, what is beyond the limit, and what was not followed', () => {
    const gaps: readonly Gap[] = [{ kind: 'agent-silent', agent: 'gw-1', lastReportMs: null }]
    const unobserved = [{ what: 'sequences', events: 4 }]
    const text = gapsText({ ...answer, counts: { 'agent-silent': 3 }, gaps, more: 2, unobserved })
    expect(text).toContain('Gaps at 2026-11-26T12:00:00.000Z: 3 agent-silent')
    expect(text).toContain('and 2 more')
    expect(text).toContain('Not followed for want of room: 4 events (sequences).')
  })

  const sequence = {
    kind: 'sequence',
    source: 'core',
    subject: 'trk-1',
    reset: '',
    missing: 2,
    head: 9,
    headMs: atMs,
    agent: 'gw-1',
  } as const
  const silent = {
    kind: 'silent',
    expectation: 'beat',
    watched: 'trk-1',
    everyMs: 900_000,
    lastSeenMs: null,
    agent: null,
    agentConnected: null,
  } as const
  test.each<readonly [gap: Gap, text: string]>([
    [silent, 'trk-1 (beat)  never seen, expected every 15m'],
    [
      { ...silent, lastSeenMs: atMs, agent: 'gw-1', agentConnected: false },
      'last seen 2026-11-26T12:00:00.000Z by agent gw-1, NOT connected; expected every 15m',
    ],
    [
      {
        kind: 'short-day',
        expectation: 'beat',
        watched: 'trk-1',
        day: '2026-11-25',
        expected: 96,
        received: 90,
        byAgent: [{ agent: 'gw-1', events: 90 }],
      },
      '2026-11-25: 90 of 96 expected (gw-1 90)',
    ],
    [
      { ...sequence, range: { first: 3, last: 4 } },
      'core trk-1  numbers 3 to 4 missing (2); at 9 since 2026-11-26T12:00:00.000Z by agent gw-1',
    ],
    [{ ...sequence, range: null, reset: 'r2' }, '2 numbers of run r2 missing, too many holes to name them'],
    [
      {
        kind: 'agent-suspense',
        agent: 'gw-1',
        reportedMs: atMs,
        rows: 3,
        largest: [{ code: 'payload_malformed', device: 'trk-1', rows: 3 }],
      },
      'gw-1  3 entries in its suspense: payload_malformed of trk-1 3',
    ],
    [
      { ...pair, kind: 'difference' },
      'trk-1 (network)  charged 100 at 2026-11-26T12:00:00.000Z by core c1, control 90',
    ],
    [{ ...pair, kind: 'difference' }, 'difference 10'],
    [
      { ...pair, kind: 'control-without-charge', charge: null, difference: null },
      'no charge, control 90 at 2026-11-26T12:00:00.000Z by trk-1',
    ],
  ])('%j', (gap, text) => {
    expect(line(gap)).toContain(text)
  })

  test('what devices call themselves cannot write lines of its own', () => {
    expect(line({ ...silent, watched: 'a\nNo gaps' })).not.toMatch(/^No gaps/)
  })
})

describe('correlations for people', () => {
  const counts = { matched: 7, differs: 1, 'control-without-charge': 0, 'charge-without-control': 0, waiting: 0 }
  const rules = [{ rule: 'network', meter: 'data.bytes', counts, charged: '800', controlled: '790' }]
  const whole = { atMs, fromMs: 0, toMs: atMs, rules, items: [pair], more: 3 }

  test('sums first, then the pairs', () => {
    const text = correlationsText(whole)
    expect(text).toMatch(/network +data\.bytes +7 +1 +0 +0 +0 +800 +790/)
    expect(text).toMatch(/network +trk-1 +differs +charged 100/)
    expect(text).toContain('and 3 more')
  })

  test('none', () => {
    expect(correlationsText({ ...whole, rules: [], items: [] })).toBe('The tenant file has no correlations.')
    expect(correlationsText({ ...whole, items: [], more: 0 })).not.toContain('differs')
  })
})
