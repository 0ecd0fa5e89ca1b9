import type { Random } from '@meterline/shared/base/random.ts'
import type { ActorFaults } from '../faults/actor-faults.ts'
import type { AgentSite } from './agent-site.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * What people do to the machines of agents during the storm, each at its own moment: one agent's disk is copied into
 * another box, another agent is thrown back to an image of before.
 */
export function meddle(
  world: Surroundings,
  random: Random,
  faults: ActorFaults,
  sites: readonly AgentSite[],
  stormMs: number,
): void {
  const { queue } = world
  const startMs = queue.nowMs
  const moments = [0, 0].map(() => startMs + random.below(stormMs)).toSorted((a, b) => a - b)
  const [earlierMs = startMs, laterMs = startMs] = moments
  const first = random.below(sites.length)
  const [copied, thrownBack] = [sites[first], sites[(first + 1) % sites.length]]
  if (faults.clonesAgent && copied !== undefined) {
    const atMs = startMs + random.below(stormMs)
    queue.at(atMs, 'somebody', `copies the disk of ${copied.agent}`, () => copied.cloneBox())
  }
  if (faults.restoresAgent && thrownBack !== undefined) {
    const name = thrownBack.agent
    queue.at(earlierMs, 'somebody', `makes an image of ${name}`, () => thrownBack.takeImage())
    queue.at(laterMs, 'somebody', `throws ${name} back`, () => thrownBack.throwBack())
  }
}
