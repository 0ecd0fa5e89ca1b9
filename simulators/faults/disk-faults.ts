import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultMode } from './fault-mode.ts'

/** How the disks of machines behave. Means are in minutes of true time; `null`: never. */
export interface DiskFaults {
  /** Of a thousand crashes that take the machine with them, those in which what was not synchronised is lost. */
  readonly powerCuts: number
  /** The power also fails by itself, at a commit. */
  readonly powerFailsEveryMin: number | null
  readonly fullEveryMin: number | null
  readonly fullMaxMs: number
  /** Writing fails, for some time. */
  readonly writesFailEveryMin: number | null
  readonly writesFailMaxMs: number
  /** One synchronisation fails. */
  readonly syncFailsEveryMin: number | null
  readonly slowEveryMin: number | null
  readonly slowMaxMs: number
  /** The longest that one write takes while the disk is slow. */
  readonly slowWriteMaxMs: number
  /** Of a thousand ends of a process, those after which something on its disk is damaged before the next one starts. */
  readonly damage: number
}

/** Disks that keep what they are told, at once. */
export const noDiskFaults: DiskFaults = {
  powerCuts: 0,
  powerFailsEveryMin: null,
  fullEveryMin: null,
  fullMaxMs: 0,
  writesFailEveryMin: null,
  writesFailMaxMs: 0,
  syncFailsEveryMin: null,
  slowEveryMin: null,
  slowMaxMs: 0,
  slowWriteMaxMs: 0,
  damage: 0,
}

/** Draws how disks behave in a run of this mode: each kind of fault in about two of three runs, power cuts in all. */
export function drawDiskFaults(random: Random, mode: FaultMode): DiskFaults {
  if (mode !== 'disk' && mode !== 'damage' && mode !== 'actors') return noDiskFaults
  const every = (fastestMin: number, slowestMin: number): number | null =>
    random.below(3) === 0 ? null : fastestMin + random.below(slowestMin - fastestMin + 1)
  return {
    powerCuts: 200 + random.below(801),
    powerFailsEveryMin: 2 + random.below(15),
    fullEveryMin: every(5, 30),
    fullMaxMs: 1000 + random.below(240_000),
    writesFailEveryMin: every(10, 40),
    writesFailMaxMs: 1000 + random.below(30_000),
    syncFailsEveryMin: every(4, 30),
    slowEveryMin: every(5, 30),
    slowMaxMs: 1000 + random.below(300_000),
    slowWriteMaxMs: random.below(4) === 0 ? 20_000 : 500,
    damage: mode === 'damage' ? 100 + random.below(400) : 0,
  }
}
