import { describe, expect, test } from 'vitest'
import { noFaults } from '../faults/fault-plan.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { plantedDefects } from '../faults/planted-defects.ts'
import type { Violation } from '../oracle/findings.ts'
import { runWorld } from './run-world.ts'
import type { WorldOptions } from './world-options.ts'

/** Enough of everything that the defects need to show: crashes inside of steps, repeats through both agents. */
const faults: FaultPlan = {
  link: { ...noFaults.link, breaks: 10 },
  device: { ...noFaults.device, breaks: 10, throughBothAgents: 100, lateRepeats: 20 },
  machine: { ...noFaults.machine, agentCrashEveryMin: 2, insideAStep: 700, downMaxMs: 2000 },
  disk: noFaults.disk,
  actors: noFaults.actors,
}
const run: WorldOptions = { seed: 'planted', hours: 0.25, publishesPerDevice: 16, faults }

test('without a defect the oracle has nothing to say', async () => {
  const { violations, statistics } = await runWorld({ ...run, replacesAgent: true })
  expect(violations).toEqual([])
  expect(statistics.charged).toBeGreaterThan(100)
  expect(statistics.documents).toBeGreaterThan(0)
})

describe('the oracle catches', () => {
  test.each(plantedDefects)('$name', async ({ tampering, caughtAs, saying, replacesAgent = false }) => {
    const isIt = ({ invariant, message }: Violation): boolean => caughtAs.includes(invariant) && saying.test(message)
    const { violations } = await runWorld({ ...run, replacesAgent, tampering: tampering(), endsAt: isIt })
    const told = violations.map(({ invariant, message }) => `${invariant} ${message}`)
    expect({ caught: violations.filter(isIt).length, told }).toMatchObject({ caught: 1 })
  })
})
