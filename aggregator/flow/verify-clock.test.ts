import { describe, expect, test } from 'vitest'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { clockEntry } from '../domain/periods/clock-decision.ts'
import type { ClockMove } from '../store/test-clock-table.ts'
import { ClockCheck } from './verify-clock.ts'

const ms = (day: number): number => Date.UTC(2026, 10, day)
const move = (logIndex: number, from: number, to: number): ClockMove => ({ logIndex, fromMs: ms(from), toMs: ms(to) })

/** What is reported of entries that move a clock, each at the log index of its place, beside these rows. */
function problems(entries: readonly DecisionLogEntry[], rows: readonly ClockMove[], isTest = true): readonly string[] {
  const found: string[] = []
  const check = new ClockCheck(rows, { isTest, report: (problem) => void found.push(problem) })
  for (const [logIndex, entry] of entries.entries()) check.take(logIndex, entry)
  check.finish()
  return found
}

const moved = (from: number, to: number): DecisionLogEntry => clockEntry({ fromMs: ms(from), toMs: ms(to), by: 'Ada' })
const content = (value: Readonly<Record<string, string>>): DecisionLogEntry => ({
  ...moved(1, 2),
  content: new TextEncoder().encode(canonicalJson(value)),
})

describe('moves of the clock of a test tenant', () => {
  test('that follow each other, with their rows, are right', () => {
    expect(problems([moved(1, 2), moved(2, 5)], [move(0, 1, 2), move(1, 2, 5)])).toEqual([])
  })

  test.each([
    ['of a tenant that is no test', [moved(1, 2)], [move(0, 1, 2)], false, 'of a tenant that is no test'],
    ['with a gap', [moved(1, 2), moved(3, 5)], [move(0, 1, 2), move(1, 3, 5)], true, 'but it stood at 2026-11-02'],
    ['without a row', [moved(1, 2)], [], true, 'no row'],
    ['with another row', [moved(1, 2)], [move(0, 1, 3)], true, 'no row'],
    ['without an entry', [], [move(0, 1, 2)], true, 'there are 1 moves of the clock, the log has 0'],
    ['that say something else', [content({ by: 'Ada' })], [], true, 'says something else'],
    [
      'backwards',
      [content({ from: '2026-11-02T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z', by: 'Ada' })],
      [],
      true,
      'does not move the clock forward',
    ],
    ['to no instant', [content({ from: 'now', to: 'then', by: 'Ada' })], [], true, 'names no instants'],
  ] as const)('%s are reported', (_words, entries, rows, isTest, problem) => {
    expect(problems(entries, rows, isTest).join('\n')).toContain(problem)
  })
})
