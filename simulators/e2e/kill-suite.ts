import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { mosquittoMissing } from '../scenarios/mosquitto.ts'
import { outcomeProblems, runKillCycles, type Victim } from './kill-cycles.ts'
import type { DoorName } from './kill-doors.ts'

/** The same suite in the short and the long tier; only the number of kills differs. */
export function describeKills(cycles: number, timeoutMs: number): void {
  describe('kill -9 at random moments under load: everything acknowledged is charged exactly once (I7, I8)', () => {
    test.each<[DoorName, Victim]>([
      ['mqtt', 'agent'],
      ['mqtt', 'aggregator'],
      ['mqtt', 'both'],
      ['http', 'agent'],
    ])(
      `by the %s door, ${cycles} times %s`,
      async (door, victim) => expect(await problemsOf(door, victim, cycles)).toEqual([]),
      timeoutMs,
    )

    test.skipIf(mosquittoMissing).each<[DoorName, Victim]>([
      ['bridge', 'agent'],
      ['bridge', 'broker'],
    ])(
      `by the %s, ${cycles} times %s (needs mosquitto)`,
      async (door, victim) => expect(await problemsOf(door, victim, cycles)).toEqual([]),
      timeoutMs,
    )
  })
}

/** What a run of kills shows to be wrong, in words with its seed. */
async function problemsOf(door: DoorName, victim: Victim, cycles: number): Promise<readonly string[]> {
  const seed = randomUUID()
  const folder = mkdtempSync(join(tmpdir(), `meterline-kill-${door}-${victim}-`))
  const outcome = await runKillCycles({ folder, door, victim, cycles, random: seededRandom(seed) })
  const { kills, acknowledged } = outcome
  const problems = outcomeProblems(outcome)
  if (kills !== (victim === 'both' ? 2 * cycles : cycles)) problems.push(`${kills} kills`)
  if (acknowledged <= cycles) problems.push(`only ${acknowledged} events acknowledged`)
  if (problems.length > 0) return [...problems, `seed ${seed}, files in ${folder}`]
  rmSync(folder, { recursive: true, force: true })
  return []
}
