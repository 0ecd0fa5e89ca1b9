import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultMode } from './fault-mode.ts'

/** How the disks of machines behave. */
export interface DiskFaults {
  /** Of a thousand crashes that take the machine with them, those in which the disk loses what was not synchronised. */
  readonly powerCuts: number
}

/** Disks that keep what they are told, at once. */
export const noDiskFaults: DiskFaults = { powerCuts: 0 }

/** Draws how disks behave in a run of this mode. */
export function drawDiskFaults(random: Random, mode: FaultMode): DiskFaults {
  if (mode !== 'disk' && mode !== 'damage' && mode !== 'actors') return noDiskFaults
  return { powerCuts: random.below(1001) }
}
