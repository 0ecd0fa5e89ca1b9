import { describe, expect, test } from 'vitest'
import { compilerMissing } from '../faults/shim/build-faulty-disk.ts'
import { outcomeProblems, runKillCycles } from './kill-cycles.ts'
import { tryOnFaultyDisks } from './power-cut-trial.ts'

/** The same suite in the short and the long tier; only the number of power cuts differs. */
export function describePowerCuts(cycles: number, timeoutMs: number): void {
  describe.skipIf(compilerMissing !== null)(
    'power cut under load: everything acknowledged is there and charged exactly once (I7, I8; needs a C compiler)',
    () => {
      test.each<'agent' | 'aggregator'>(['agent', 'aggregator'])(
        `${cycles} times %s`,
        async (victim) => expect(await problemsOf(victim, cycles)).toEqual([]),
        timeoutMs,
      )
    },
  )
}

async function problemsOf(victim: 'agent' | 'aggregator', cycles: number): Promise<readonly string[]> {
  return await tryOnFaultyDisks(`power-cut-${victim}`, async (trial) => {
    const outcome = await runKillCycles({ ...trial, victim, cycles })
    const problems = outcomeProblems(outcome)
    if (outcome.acknowledged <= cycles) problems.push(`only ${outcome.acknowledged} events acknowledged`)
    // Cuts that found nothing unsynchronised would prove nothing about waiting for it.
    if (trial.power.done.dropped === 0) problems.push('no power cut lost a write')
    return problems
  })
}
