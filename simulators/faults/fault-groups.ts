import { noActorFaults } from './actor-faults.ts'
import { noDiskFaults } from './disk-faults.ts'
import { noFaults } from './fault-plan.ts'
import type { FaultPlan } from './fault-plan.ts'

/** What of a plan can be switched off as one, to find out which faults a failing run needs. */
export type FaultGroup =
  | 'crashes'
  | 'partitions'
  | 'clocks'
  | 'late-timers'
  | 'links'
  | 'misbehaviour'
  | 'device-network'
  | 'input'
  | 'disks'
  | 'actors'

const removals: Readonly<Record<FaultGroup, (plan: FaultPlan) => FaultPlan>> = {
  crashes: (plan) => ({
    ...plan,
    machine: { ...plan.machine, agentCrashEveryMin: null, aggregatorCrashEveryMin: null },
  }),
  partitions: (plan) => ({ ...plan, machine: { ...plan.machine, partitionEveryMin: null } }),
  clocks: (plan) => ({ ...plan, machine: { ...plan.machine, clockStepEveryMin: null } }),
  'late-timers': (plan) => ({ ...plan, machine: { ...plan.machine, lateTimers: 0 } }),
  links: (plan) => ({ ...plan, link: { ...noFaults.link, misbehaviour: plan.link.misbehaviour } }),
  misbehaviour: (plan) => ({ ...plan, link: { ...plan.link, misbehaviour: null } }),
  'device-network': (plan) => ({ ...plan, device: { ...plan.device, breaks: 0, roaming: 0 } }),
  input: ({ device: { breaks, roaming }, ...plan }) => ({ ...plan, device: { ...noFaults.device, breaks, roaming } }),
  disks: (plan) => ({ ...plan, disk: noDiskFaults }),
  actors: (plan) => ({ ...plan, actors: noActorFaults }),
}

/** Every group, those that change most first. */
export const faultGroups: readonly FaultGroup[] = [
  'actors',
  'disks',
  'misbehaviour',
  'crashes',
  'partitions',
  'links',
  'clocks',
  'late-timers',
  'device-network',
  'input',
]

/** The groups that this plan has anything of. */
export function groupsOf(plan: FaultPlan): readonly FaultGroup[] {
  const whole = JSON.stringify(plan)
  return faultGroups.filter((group) => JSON.stringify(removals[group](plan)) !== whole)
}

/** The plan with these groups switched off. */
export function withoutGroups(plan: FaultPlan, groups: readonly FaultGroup[]): FaultPlan {
  return groups.reduce((left, group) => removals[group](left), plan)
}
