import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { runKillCycles, type Victim } from './kill-cycles.ts'

/** The same suite in the short and the long tier; only the number of kills differs. */
export function describeKills(cycles: number, timeoutMs: number): void {
  describe('kill -9 at random moments under load', () => {
    test.each<Victim>(['agent', 'aggregator', 'both'])(
      `${cycles} times %s: everything acknowledged is charged exactly once (I7, I8)`,
      async (victim) => {
        const seed = randomUUID()
        const folder = mkdtempSync(join(tmpdir(), `meterline-kill-${victim}-`))
        const outcome = await runKillCycles({ folder, victim, cycles, random: seededRandom(seed) })
        expect(outcome.otherwise, `seed ${seed}`).toEqual([])
        expect(outcome.bookProblems, `seed ${seed}`).toEqual([])
        expect(outcome.billedQuantity, `seed ${seed}`).toBe(outcome.publishedQuantity)
        expect(outcome.kills).toBe(victim === 'both' ? 2 * cycles : cycles)
        expect(outcome.acknowledged).toBeGreaterThan(cycles)
        rmSync(folder, { recursive: true, force: true })
      },
      timeoutMs,
    )
  })
}
