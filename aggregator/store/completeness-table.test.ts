import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { CompletenessTable } from './completeness-table.ts'
import { SequenceTable } from './completeness-table-sequences.ts'
import { CorrelationTable } from './correlation-table.ts'
import type { ComparedRow } from './correlation-table.ts'
import { completenessTables } from './migrations/completeness.ts'
import { correlationTables } from './migrations/correlation.ts'
import { writeObservations } from './observation-writes.ts'
import type { ObservationTables, ObservationWrites } from './observation-writes.ts'

const dayMs = 86_400_000
let folder = ''
let db: Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-observations-'))
  db = openDatabase({ file: join(folder, 'tenant.db'), disk: temporaryDisk })
  db.exec(completenessTables + correlationTables)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

function tables(most = 100): ObservationTables {
  return {
    completeness: new CompletenessTable(db, most),
    sequences: new SequenceTable(db, most),
    correlation: new CorrelationTable(db, most),
  }
}

function writes(given: Partial<ObservationWrites>): ObservationWrites {
  return {
    sightings: [],
    days: [],
    sequences: [],
    newStreams: 0,
    unfollowed: 0,
    controls: [],
    compared: [],
    firstKeptDay: 0,
    ...given,
  }
}

function seen(watched: string, lastMs: number, agent = 'gw-1') {
  return { expectation: 'beat', watched, sighting: { firstMs: lastMs, lastMs, agent } }
}

const day = { expectation: 'beat', watched: 'a', day: 10, agent: 'gw-1', events: 3 }
const compared: ComparedRow = {
  rule: 'network',
  side: 'charge',
  subject: 'trk-1',
  timeMs: 10 * dayMs,
  source: 'net',
  eventId: null,
  quantity: 2n ** 63n,
  batchIndex: 4,
  unit: 2,
}
const run = { low: 1, head: 5, startMs: 1, headMs: 10 * dayMs, agent: 'gw-1', missing: [], givenUp: 0 }

describe('observations', () => {
  test('add up, whichever comes first', () => {
    const { completeness, ...rest } = tables()
    const all = { completeness, ...rest }
    writeObservations(all, writes({ sightings: [seen('a', 9, 'gw-2')], days: [day] }))
    writeObservations(all, writes({ sightings: [seen('a', 4)], days: [day, { ...day, agent: 'gw-2' }] }))
    expect([...completeness.sightings('beat')]).toEqual([['a', { firstMs: 4, lastMs: 9, agent: 'gw-2' }]])
    expect(completeness.days('beat', 10)).toEqual([
      { day: 10, watched: 'a', agent: 'gw-1', events: 6 },
      { day: 10, watched: 'a', agent: 'gw-2', events: 3 },
    ])
    expect(completeness.days('beat', 11)).toEqual([])
    expect(completeness.days('other', 0)).toEqual([])
  })

  test('are forgotten once they are old, but for who was ever seen and what the log decided', () => {
    const all = tables()
    const controls = [{ logIndex: 4, unit: 2, rule: 'network' }]
    const sequences = [{ source: 's', subject: 's', reset: '', runs: [run] }]
    writeObservations(
      all,
      writes({ sightings: [seen('a', 9)], days: [day], sequences, newStreams: 1, controls, compared: [compared] }),
    )
    expect(all.correlation.records('network', 'trk-1', 0, Number.MAX_SAFE_INTEGER)).toEqual([
      { side: 'charge', timeMs: 10 * dayMs, source: 'net', eventId: null, quantity: 2n ** 63n, batchIndex: 4, unit: 2 },
    ])
    writeObservations(all, writes({ firstKeptDay: 10 }))
    expect(all.completeness.days('beat', 0)).toHaveLength(1)
    expect(all.correlation.subjects('network', 0, Number.MAX_SAFE_INTEGER)).toEqual(['trk-1'])
    writeObservations(all, writes({ firstKeptDay: 11 }))
    expect(all.completeness.days('beat', 0)).toEqual([])
    expect(all.correlation.subjects('network', 0, Number.MAX_SAFE_INTEGER)).toEqual([])
    expect(all.sequences.runs({ source: 's', subject: 's', reset: '' })).toBeUndefined()
    expect(all.completeness.sightings('beat').size).toBe(1)
    expect(all.correlation.controlRule(4, 2)).toBe('network')
  })

  test('of more than are kept are refused and counted, and those known go on', () => {
    const sightings = [seen('new', 9), seen('dev-7', 9)]
    writeObservations(tables(), writes({ sightings: [seen('dev-6', 1), seen('dev-7', 1)] }))
    // The count outlives a restart.
    const all = tables(2)
    const days = [
      { ...day, watched: 'new' },
      { ...day, watched: 'dev-7' },
    ]
    writeObservations(all, writes({ sightings, days, unfollowed: 4 }))
    const { completeness } = all
    expect(completeness.sightings('beat').get('dev-7')).toMatchObject({ lastMs: 9 })
    expect(completeness.sightings('beat').has('new')).toBe(false)
    expect(completeness.days('beat', 0)).toEqual([{ day: 10, watched: 'dev-7', agent: 'gw-1', events: 3 }])
    expect(completeness.unobserved()).toEqual([
      { what: 'sequences', events: 4 },
      { what: 'watched', events: 3 },
    ])
  })

  test('of streams above the cap are not followed', () => {
    const sequences = [{ source: 's', subject: 's', reset: '', runs: [run] }]
    const all = tables(2)
    expect(all.sequences.hasRoom(1)).toBe(true)
    writeObservations(all, writes({ sequences, newStreams: 1 }))
    expect(all.sequences.hasRoom(0)).toBe(true)
    expect(all.sequences.hasRoom(1)).toBe(false)
    expect(tables(2).sequences.hasRoom(1)).toBe(false)
  })

  test('to compare are refused and counted above the cap', () => {
    const all = tables(1)
    writeObservations(all, writes({ compared: [compared, compared] }))
    expect(all.completeness.unobserved()).toEqual([{ what: 'compared', events: 1 }])
    expect(all.correlation.records('network', 'trk-1', 0, Number.MAX_SAFE_INTEGER)).toHaveLength(1)
  })
})
