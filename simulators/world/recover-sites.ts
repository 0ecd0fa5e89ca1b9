import type { ReceivedPoint } from '@meterline/agent/flow/recover-start.ts'
import type { Stepper } from './stepper.ts'
import type { Surroundings } from './surroundings.ts'
import type { World } from './world.ts'

const minuteMs = 60_000
const askAgainMs = 5_000

/**
 * Agents of which there are two histories begin their next epoch, with one journal out of all there are. `looks`: whether
 * somebody asks the aggregator first what it has, instead of believing its receipts.
 */
export async function recoverSites(
  surroundings: Surroundings,
  world: World,
  stepper: Stepper,
  looks: () => boolean,
): Promise<void> {
  const { queue } = surroundings
  for (const site of world.sites.filter(({ hasTwoHistories }) => hasTwoHistories)) {
    site.stopBoxes()
    await stepper.runUntil(queue.nowMs + minuteMs)
    site.stopBoxes()
    await stepper.settle()
    const received = looks() ? await receivedOf(site.agent, surroundings, world, stepper) : []
    site.recover(world.operator.registerNextEpoch(site.agent), received)
  }
}

/** What the aggregator says it has of an agent, as soon as it can. */
async function receivedOf(
  agent: string,
  { queue, findings }: Surroundings,
  { operator }: World,
  stepper: Stepper,
): Promise<readonly ReceivedPoint[]> {
  const limitMs = queue.nowMs + 10 * minuteMs
  for (; queue.nowMs < limitMs && !findings.full; await stepper.runUntil(queue.nowMs + askAgainMs)) {
    const standing = operator.standing(agent)
    if (standing === null) continue
    const { epoch, receivedSeq, chainHash } = standing
    return [{ epoch, seq: receivedSeq, hash: Buffer.from(chainHash, 'hex') }]
  }
  findings.add('I18', `the aggregator does not say what it has of ${agent}`)
  return []
}
