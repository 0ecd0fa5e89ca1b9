import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { compilerMissing } from '../faults/shim/build-faulty-disk.ts'
import { agentFailures, cutAndStart, problemsAfter, type DiskOwner } from './disk-errors-story.ts'
import { receiptsGoOn, until, type KillRun } from './kill-cycles.ts'
import type { StackDisks } from './power-cut-disks.ts'
import type { Trial } from './power-cut-trial.ts'

const cycles = 100
/** Messages of each of the two devices that may be under way. */
const windowPerDevice = 50
/** How often the agent of a run has ended by itself and was started again. */
const handledEnds = new WeakMap<KillRun, number>()

describe.skipIf(compilerMissing !== null)(
  'disk errors at random moments: nothing is acknowledged that is not there (needs a C compiler)',
  () => {
    test.each<DiskOwner>(['agent', 'aggregator'])(`${cycles} times %s`, async (owner) => {
      const problems = await problemsAfter(owner, async (run, disks, trial) => {
        for (let cycle = 0; cycle < cycles; cycle += 1) await cycleOf(owner, run, disks, trial)
      })
      expect(problems).toEqual([])
    })
  },
)

/** A disk that is full for a while or fails some fsyncs, and after every other one a power cut. */
async function cycleOf(owner: DiskOwner, run: KillRun, disks: StackDisks, { random }: Trial): Promise<void> {
  await goesOnSupervised(run)
  if (owner === 'aggregator') await receiptsGoOn(run)
  if (random.below(2) === 0) disks[owner].fill(true)
  else disks[owner].failSyncs(1 + random.below(6))
  await pause(random.below(1_500))
  disks[owner].fill(false)
  disks[owner].failSyncs(0)
  await goesOnSupervised(run)
  if (random.below(2) === 0) await cutAndStart(run, disks, owner)
}

/** Waits until more gets in than can have been under way before, and starts an agent again that has ended. */
async function goesOnSupervised(run: KillRun): Promise<void> {
  const { stack, load } = run
  const before = load.acknowledged.size
  const goesOn = async (): Promise<boolean> => {
    const ends = agentFailures(run)
    if (ends > (handledEnds.get(run) ?? 0)) {
      handledEnds.set(run, ends)
      await stack.startAgent(0)
    }
    return load.acknowledged.size > before + 2 * windowPerDevice
  }
  await until(goesOn, 'the load goes on', 60_000)
}
