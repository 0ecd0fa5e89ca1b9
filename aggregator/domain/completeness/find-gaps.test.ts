import { describe, expect, test } from 'vitest'
import { agentGaps } from './agent-gaps.ts'
import type { AgentReportView, AgentView } from './agent-gaps.ts'
import { expectationGaps, sequenceGaps } from './find-gaps.ts'
import type { DayCount } from './find-gaps.ts'
import { mergedSighting } from './sighting.ts'
import type { ActiveExpectation } from './watch.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Noon of day 100. */
const nowMs = 100 * dayMs + 12 * hourMs
const isConnected = (agent: string): boolean => agent === 'gw-1'

function expectation(given: Partial<ActiveExpectation> = {}): ActiveExpectation {
  const definition = {
    id: 'heartbeat',
    meter: null,
    subjects: ['trk-1'],
    sources: null,
    subscription: null,
    everyMs: hourMs,
    fromMs: null,
    toMs: null,
  }
  return { definition, fromMs: -Infinity, toMs: Infinity, named: ['trk-1'], ...given }
}

/** An expectation whose own beginning and end are written in the tenant file. */
function from(bounds: { readonly fromMs: number; readonly toMs: number }): ActiveExpectation {
  const open = expectation(bounds)
  return { ...open, definition: { ...open.definition, ...bounds } }
}

function gapsOf(
  given: ActiveExpectation,
  sighting: { readonly firstMs: number; readonly lastMs: number } | null,
  days: readonly DayCount[] = [],
): readonly unknown[] {
  const sightings = new Map(sighting === null ? [] : [['trk-1', { ...sighting, agent: 'gw-1' }]])
  return expectationGaps({ expectation: given, sightings, days }, nowMs, 97, isConnected)
}

function count(day: number, events: number, agent = 'gw-1'): DayCount {
  return { day, watched: 'trk-1', agent, events }
}

describe('a heartbeat', () => {
  test('that was missed is a silence, with the agent used last', () => {
    const lastMs = nowMs - hourMs - 1
    expect(gapsOf(expectation(), { firstMs: lastMs, lastMs })).toEqual([
      {
        kind: 'silent',
        expectation: 'heartbeat',
        watched: 'trk-1',
        everyMs: hourMs,
        lastSeenMs: lastMs,
        agent: 'gw-1',
        agentConnected: true,
      },
    ])
  })

  test('that came in time is none', () => {
    expect(gapsOf(expectation(), { firstMs: nowMs - hourMs, lastMs: nowMs - hourMs })).toEqual([])
  })

  test.each([
    ['never came', expectation(), [{ kind: 'silent', lastSeenMs: null, agent: null, agentConnected: null }]],
    ['is not expected yet', expectation({ fromMs: nowMs + 1 }), []],
    ['has just begun to be expected', expectation({ fromMs: nowMs - hourMs }), []],
    ['is expected no more', expectation({ toMs: nowMs }), []],
  ])('that %s', (_what, given, expected) => {
    expect(gapsOf(given, null)).toMatchObject(expected)
    expect(gapsOf(given, null)).toHaveLength(expected.length)
  })
})

describe('days', () => {
  const seen = { firstMs: 97 * dayMs, lastMs: nowMs }

  test('with fewer events than heartbeats are short, counted by agent', () => {
    const days = [count(97, 24), count(98, 10, 'gw-2'), count(98, 13), count(99, 30)]
    expect(gapsOf(expectation(), seen, days)).toEqual([
      {
        kind: 'short-day',
        expectation: 'heartbeat',
        watched: 'trk-1',
        day: '1970-04-09',
        expected: 24,
        received: 23,
        byAgent: [
          { agent: 'gw-1', events: 13 },
          { agent: 'gw-2', events: 10 },
        ],
      },
    ])
  })

  test('without any event are short as well, and the day that still runs is not judged', () => {
    expect(gapsOf(expectation(), seen, [count(97, 24)])).toMatchObject([
      { day: '1970-04-09', received: 0, byAgent: [] },
      { day: '1970-04-10', received: 0 },
    ])
  })

  test('in which something was first seen, or begins and ends to be expected, expect as much less', () => {
    const late = { firstMs: 98 * dayMs + 20 * hourMs, lastMs: nowMs }
    expect(gapsOf(expectation(), late, [count(98, 3), count(99, 24)])).toMatchObject([{ expected: 4, received: 3 }])
    const bounded = from({ fromMs: 98 * dayMs + 18 * hourMs, toMs: 99 * dayMs + 2 * hourMs })
    expect(gapsOf(bounded, seen, [])).toMatchObject([{ expected: 6 }, { expected: 2 }])
    expect(gapsOf(bounded, null, [])).toMatchObject([{ expected: 6 }, { expected: 2 }])
  })

  test('before something was first seen are not judged because its subscription is older', () => {
    const subscribed = expectation({ fromMs: 0 })
    const late = { firstMs: 99 * dayMs + 20 * hourMs, lastMs: nowMs }
    expect(gapsOf(subscribed, late, [])).toMatchObject([{ day: '1970-04-10', expected: 4 }])
    expect(gapsOf(expectation({ fromMs: 99 * dayMs + 22 * hourMs }), late, [])).toMatchObject([{ expected: 2 }])
  })

  test('of a heartbeat longer than a day are not judged', () => {
    const weekly = expectation()
    const definition = { ...weekly.definition, everyMs: 7 * dayMs }
    expect(gapsOf({ ...weekly, definition }, seen, [])).toEqual([])
  })

  test('of those that are named by nobody are judged once they were seen', () => {
    const open = expectation({ named: [] })
    expect(gapsOf(open, null)).toEqual([])
    expect(gapsOf(open, { firstMs: 99 * dayMs, lastMs: nowMs }, [])).toMatchObject([{ kind: 'short-day', received: 0 }])
  })
})

test('sightings of different agents are one, whichever came first', () => {
  const early = { firstMs: 1, lastMs: 5, agent: 'gw-2' }
  const late = { firstMs: 3, lastMs: 9, agent: 'gw-1' }
  const same = { firstMs: 9, lastMs: 9, agent: 'gw-3' }
  expect(mergedSighting(early, late)).toEqual({ firstMs: 1, lastMs: 9, agent: 'gw-1' })
  expect(mergedSighting(late, early)).toEqual({ firstMs: 1, lastMs: 9, agent: 'gw-1' })
  expect(mergedSighting(late, same)).toEqual(mergedSighting(same, late))
})

test('holes of a sequence are named, and those given up are counted', () => {
  const run = {
    source: 'trk-1',
    subject: 'trk-1',
    reset: '',
    low: 1,
    head: 9,
    startMs: 0,
    headMs: 5,
    agent: 'gw-1',
    missing: [
      [3, 4],
      [8, 8],
    ] as const,
    givenUp: 2,
  }
  expect(sequenceGaps(run)).toMatchObject([
    { range: null, missing: 2 },
    { range: { first: 3, last: 4 }, missing: 2, head: 9, agent: 'gw-1' },
    { range: { first: 8, last: 8 }, missing: 1 },
  ])
  expect(sequenceGaps({ ...run, missing: [], givenUp: 0 })).toEqual([])
})

describe('an agent', () => {
  const report: AgentReportView = {
    receivedMs: nowMs - 1_000,
    refusedMs: null,
    refusedDeliveries: 0,
    suspendedRows: 0,
    suspended: [],
    clockSync: 'synced',
    outboxBatches: 0,
    outboxOldestMs: null,
  }
  const old = nowMs - 300_001
  const view = (given: Partial<AgentReportView>, connected = true): AgentView => {
    return { agent: 'gw-1', connected, report: { ...report, ...given } }
  }
  const counts = [{ code: 'payload_malformed', device: 'trk-1', rows: 3 }]

  test.each([
    ['that is well', view({}), []],
    [
      'that never came',
      { agent: 'gw-1', connected: false, report: null },
      [{ kind: 'agent-silent', lastReportMs: null }],
    ],
    ['of an earlier version, connected', { agent: 'gw-1', connected: true, report: null }, []],
    ['that has just gone', view({}, false), []],
    ['that is gone', view({ receivedMs: old }, false), [{ kind: 'agent-silent', lastReportMs: old }]],
    [
      'with suspense',
      view({ suspendedRows: 3, suspended: counts }),
      [{ kind: 'agent-suspense', rows: 3, largest: counts }],
    ],
    [
      'that refuses deliveries',
      view({ refusedMs: nowMs - 3_600_000, refusedDeliveries: 4 }),
      [{ kind: 'agent-refusals', deliveries: 4 }],
    ],
    ['that refused some long ago', view({ refusedMs: nowMs - 3_600_001, refusedDeliveries: 4 }), []],
    ['with a wrong clock', view({ clockSync: 'unsynced' }), [{ kind: 'agent-clock' }]],
    [
      'that cannot send',
      view({ outboxBatches: 2, outboxOldestMs: report.receivedMs - 900_001 }),
      [{ kind: 'agent-backlog', batches: 2 }],
    ],
  ])('%s', (_what, given, expected) => {
    expect(agentGaps(given, nowMs)).toMatchObject(expected)
    expect(agentGaps(given, nowMs)).toHaveLength(expected.length)
  })
})
