import { runWorld } from '../world/run-world.ts'
import type { WorldOptions } from '../world/world-options.ts'
import type { FaultMode } from '../faults/fault-mode.ts'
import type { Violation } from '../oracle/findings.ts'
import type { CaughtInWorld } from './source-defect.ts'

/** The modes that seeds take turns through: those that promise most first, none in which things may be lost. */
export const huntModes: readonly FaultMode[] = ['stream', 'misbehaving', 'disk', 'actors']

/** The world of a seed's number: short, and dense with faults. The same number gives the same world. */
export function huntWorld(seed: number, mode?: FaultMode): WorldOptions & { readonly faults: FaultMode } {
  const turn = huntModes[seed % huntModes.length] ?? 'stream'
  return { seed: `planted-${seed}`, faults: mode ?? turn, hours: 0.25, publishesPerDevice: 16 }
}

/** What a hunt came to. */
export interface Hunt {
  /** The first finding that counts; null when no world of the list had one. */
  readonly caught: { readonly seed: number; readonly invariant: string; readonly message: string } | null
  readonly seedsRun: number
  /** What else was found on the way, for who has to correct the entry of a defect that was not caught as it says. */
  readonly otherwise: readonly string[]
}

const mostOtherwise = 5

/** Runs worlds in the order of `seeds` until one shows the defect that is planted in this thread. */
export async function huntInWorlds(seeds: readonly number[], caughtBy: CaughtInWorld): Promise<Hunt> {
  const isIt = ({ invariant, message }: Violation): boolean =>
    caughtBy.invariants.includes(invariant) && caughtBy.saying.test(message)
  const otherwise: string[] = []
  let seedsRun = 0
  for (const seed of seeds) {
    seedsRun += 1
    const { violations } = await runWorld({
      ...huntWorld(seed, caughtBy.mode),
      ...(caughtBy.replacesAgent === undefined ? {} : { replacesAgent: caughtBy.replacesAgent }),
      endsAt: isIt,
    })
    const found = violations.find(isIt)
    if (found !== undefined) {
      return { caught: { seed, invariant: found.invariant, message: found.message }, seedsRun, otherwise }
    }
    for (const { invariant, message } of violations)
      if (otherwise.length < mostOtherwise) otherwise.push(`seed ${seed}: ${invariant} ${message}`)
  }
  return { caught: null, seedsRun, otherwise }
}
