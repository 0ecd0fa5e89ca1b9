import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@meterline/shared/base/random.ts'
import type { CutCounts, CutMix } from '../faults/shim/cut-power.ts'
import { environmentOfDisks, FaultyDisk } from '../faults/shim/faulty-disk.ts'
import type { PowerSupply } from './kill-cycles.ts'

/** The disks of the two processes of a stack in `folder`, its agent being gw-1. */
export interface StackDisks extends PowerSupply {
  readonly agent: FaultyDisk
  readonly aggregator: FaultyDisk
  /** What all power cuts together did. */
  readonly done: Readonly<Record<keyof CutCounts, number>>
  close(): void
}

// About what a good solid-state disk takes. Without it, what is not synchronised would be so for too short a time.
const syncMicros = 1_000
const longestWaitMs = 2_000
const mixes: readonly CutMix[] = ['everything', 'everything', 'some', 'torn']

/** Makes the disks; the stack is to be started with their `env`. */
export function stackDisks(folder: string, library: string, random: Random): StackDisks {
  const agent = new FaultyDisk(join(folder, 'gw-1'), join(folder, 'gw-1.disk'))
  const aggregator = new FaultyDisk(join(folder, 'aggregator'), join(folder, 'aggregator.disk'))
  const disks = { agent, aggregator }
  for (const disk of Object.values(disks)) disk.delaySyncs(syncMicros)
  const done = { dropped: 0, kept: 0, torn: 0, lostBefore: 0, names: 0 }
  const readyFiles = { agent: join(folder, 'gw-1.ready.json'), aggregator: join(folder, 'aggregator.ready.json') }
  return {
    ...disks,
    env: environmentOfDisks(library, [agent, aggregator]),
    done,
    moment: async (of) => {
      // Half of the cuts come at any moment, such as right after a commit; the others while something is being written.
      if (random.below(2) === 0) await stoppedWhileWriting(disks[of], readyFiles[of], random)
    },
    cut: (of) => {
      const counts = disks[of].cutPower(mixes[random.below(mixes.length)] ?? 'everything', random)
      for (const kind of Object.keys(done) as (keyof CutCounts)[]) done[kind] += counts[kind]
    },
    close: () => {
      agent.close()
      aggregator.close()
    },
  }
}

/** Holds the process at a moment when it has written something and not synchronised it; it is killed where it stands. */
async function stoppedWhileWriting(disk: FaultyDisk, readyFile: string, random: Random): Promise<void> {
  const { pid } = JSON.parse(readFileSync(readyFile, 'utf8')) as { readonly pid: number }
  const deadlineMs = performance.now() + longestWaitMs
  while (performance.now() < deadlineMs) {
    process.kill(pid, 'SIGSTOP')
    if (disk.hasUnsynced()) return
    process.kill(pid, 'SIGCONT')
    await pause(random.below(4))
  }
}
