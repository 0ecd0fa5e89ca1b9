import type { Random } from '@meterline/shared/base/random.ts'
import type { Surroundings } from './surroundings.ts'
import { MachineClock } from './virtual-clock.ts'

/** Machines disagree about the time: by up to a few seconds, and by how fast it goes. */
export function drawMachine({ queue }: Surroundings, random: Random): MachineClock {
  return new MachineClock(queue, {
    bootId: Buffer.from(random.bytes(16)).toString('hex'),
    wallOffsetMs: random.below(6001) - 3000,
    fastPpm: random.below(201) - 100,
    syncState: random.below(3) === 0 ? 'unknown' : 'synced',
  })
}
