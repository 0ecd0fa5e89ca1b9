import type { Acknowledger, Intake } from '@meterline/agent/flow/ports.ts'
import { expect, test } from 'vitest'
import { noFaults } from '../faults/fault-plan.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { runWorld } from './run-world.ts'

const crashing: FaultPlan = { ...noFaults, machine: { ...noFaults.machine, agentCrashEveryMin: 2, downMaxMs: 2000 } }
const run = { seed: 'zombies', hours: 0.2, publishesPerDevice: 12, faults: crashing }

/** A door of the present life that still answers to clients of the one before. */
function answeringForTheDead(): (intake: Intake) => Intake {
  let last: Acknowledger | null = null
  return (intake) => {
    const ofTheDead = last
    return {
      ...intake,
      onRoom: (room) => intake.onRoom(room),
      onReject: (rejected) => intake.onReject(rejected),
      submit(origin, kind, payload, acknowledger, token) {
        last = acknowledger
        ofTheDead?.flush()
        return intake.submit(origin, kind, payload, acknowledger, token)
      },
    }
  }
}

test('what is still called in the name of a dead process is reported', async () => {
  const tampering = { intake: () => answeringForTheDead() }
  const { violations } = await runWorld({ ...run, tampering })
  expect(violations.map(({ invariant, message }) => `${invariant} ${message}`)).toEqual([
    expect.stringMatching(/^world gw-\d \(life \d+\) is dead and acknowledges$/),
  ])
})

test('without the defect no dead process calls anything', async () => {
  const { violations, statistics } = await runWorld(run)
  expect(violations).toEqual([])
  expect(statistics.agentCrashes).toBeGreaterThan(0)
})
