import type { Random } from '@meterline/shared/base/random.ts'
import { drawActorFaults, noActorFaults } from './actor-faults.ts'
import type { ActorFaults } from './actor-faults.ts'
import { drawDiskFaults, noDiskFaults } from './disk-faults.ts'
import type { DiskFaults } from './disk-faults.ts'
import type { FaultMode } from './fault-mode.ts'

const dayMs = 86_400_000
const tenYearsMs = 3653 * dayMs

/** How the link between an agent and the aggregator behaves. Rates are per thousand messages unless said otherwise. */
export interface LinkFaults {
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** Per thousand connection attempts. */
  readonly refusedConnects: number
  /** The connection breaks; what is still under way in either direction is lost. */
  readonly breaks: number
  /** Of a thousand breaks, those that neither side is told about before its keepalive runs out. */
  readonly silentBreaks: number
  readonly misbehaviour: Misbehaviour | null
}

/**
 * What an ordered stream cannot do but a broken peer or a bad proxy can. Each of these ends in a broken connection
 * after a while, because nothing else heals a hole in an ordered stream.
 */
export interface Misbehaviour {
  readonly lost: number
  readonly repeated: number
  readonly reordered: number
  readonly corrupted: number
}

/** How devices reach their gateway and what they publish. Rates are per thousand publishes. */
export interface DeviceFaults {
  readonly breaks: number
  /** The same bytes once more through another agent. */
  readonly throughBothAgents: number
  /** The same bytes once more, much later. */
  readonly lateRepeats: number
  /** A device hops to the other agent when it reconnects. */
  readonly roaming: number
  readonly malformed: number
  readonly conflicting: number
  readonly unknownSubject: number
  readonly unsoldMeter: number
  readonly withoutId: number
  /** The event leaves its time to the agent. */
  readonly withoutTime: number
  /** Usage of before the subscription began. */
  readonly tooEarly: number
  /** Usage of days or weeks to come, by a device whose clock is ahead. */
  readonly inTheFuture: number
  /** Kept by the device, and sent up to `spoolMaxMs` later. */
  readonly spooled: number
  readonly spoolMaxMs: number
}

/** Crashes and the like come at random moments; `null`: never. Means are in minutes of true time. */
export interface MachineFaults {
  readonly agentCrashEveryMin: number | null
  readonly aggregatorCrashEveryMin: number | null
  /** Of a thousand crashes, those in the middle of a step: at a call the process makes to the world. */
  readonly insideAStep: number
  /** Of a thousand crashes, those that take the machine with them: another boot id, monotonic time from zero. */
  readonly reboots: number
  readonly downMaxMs: number
  readonly partitionEveryMin: number | null
  readonly partitionMaxMs: number
  /** Of a thousand partitions, those where packets vanish instead of being refused. */
  readonly silentPartitions: number
  readonly clockStepEveryMin: number | null
  readonly clockStepMaxMs: number
  /** Of a thousand timers, those that fire late: the disk is slow, or the processor has others to serve. */
  readonly lateTimers: number
  readonly lateMaxMs: number
}

/** Everything that goes wrong in one run. */
export interface FaultPlan {
  readonly link: LinkFaults
  readonly device: DeviceFaults
  readonly machine: MachineFaults
  readonly disk: DiskFaults
  readonly actors: ActorFaults
}

/** A run in which only time passes. */
export const noFaults: FaultPlan = {
  link: { minDelayMs: 5, maxDelayMs: 25, refusedConnects: 0, breaks: 0, silentBreaks: 0, misbehaviour: null },
  device: {
    breaks: 0,
    throughBothAgents: 0,
    lateRepeats: 0,
    roaming: 0,
    malformed: 0,
    conflicting: 0,
    unknownSubject: 0,
    unsoldMeter: 0,
    withoutId: 0,
    withoutTime: 0,
    tooEarly: 0,
    inTheFuture: 0,
    spooled: 0,
    spoolMaxMs: 0,
  },
  machine: {
    agentCrashEveryMin: null,
    aggregatorCrashEveryMin: null,
    insideAStep: 0,
    reboots: 0,
    downMaxMs: 0,
    partitionEveryMin: null,
    partitionMaxMs: 0,
    silentPartitions: 0,
    clockStepEveryMin: null,
    clockStepMaxMs: 0,
    lateTimers: 0,
    lateMaxMs: 0,
  },
  disk: noDiskFaults,
  actors: noActorFaults,
}

/**
 * Draws what goes wrong in a run. Each kind is on in about two of three runs and its strength varies, because a run
 * with everything at once hides the bugs that need one fault to stay away (swarm testing, Groce et al., ISSTA 2012).
 */
export function drawFaultPlan(random: Random, mode: FaultMode): FaultPlan {
  if (mode === 'none') return noFaults
  const upTo = (most: number): number => (random.below(3) === 0 ? 0 : 1 + random.below(most))
  const every = (fastestMin: number, slowestMin: number): number | null =>
    random.below(3) === 0 ? null : fastestMin + random.below(slowestMin - fastestMin + 1)
  const slow = random.below(4) === 0
  return {
    link: {
      minDelayMs: 1 + random.below(20),
      maxDelayMs: slow ? 2000 + random.below(8000) : 30 + random.below(300),
      refusedConnects: upTo(400),
      breaks: upTo(60),
      silentBreaks: upTo(500),
      misbehaviour:
        mode === 'misbehaving'
          ? { lost: upTo(40), repeated: upTo(80), reordered: upTo(40), corrupted: upTo(10) }
          : null,
    },
    device: {
      breaks: upTo(60),
      throughBothAgents: upTo(250),
      lateRepeats: upTo(60),
      roaming: upTo(500),
      malformed: upTo(60),
      conflicting: upTo(40),
      unknownSubject: upTo(40),
      unsoldMeter: upTo(30),
      withoutId: upTo(60),
      withoutTime: upTo(250),
      tooEarly: upTo(20),
      inTheFuture: random.below(4) === 0 ? upTo(20) : 0,
      spooled: upTo(60),
      spoolMaxMs: random.below(3) === 0 ? 6 * dayMs : 600_000,
    },
    machine: {
      agentCrashEveryMin: every(1, 20),
      aggregatorCrashEveryMin: every(1, 20),
      insideAStep: upTo(1000),
      reboots: upTo(600),
      downMaxMs: 500 + random.below(120_000),
      partitionEveryMin: every(5, 30),
      partitionMaxMs: 5000 + random.below(900_000),
      silentPartitions: upTo(800),
      clockStepEveryMin: every(5, 40),
      clockStepMaxMs: [60_000, 60_000, 60_000, dayMs, dayMs, tenYearsMs][random.below(6)] ?? dayMs,
      lateTimers: upTo(300),
      lateMaxMs: random.below(4) === 0 ? 5000 : 100,
    },
    disk: drawDiskFaults(random, mode),
    actors: drawActorFaults(random, mode),
  }
}

/** The same plan with everything that can heal healed: the world still looks the same, but nothing goes wrong any more. */
export function calmed(plan: FaultPlan): FaultPlan {
  return { ...noFaults, device: { ...plan.device, breaks: 0, roaming: 0, spooled: 0 } }
}

/** True `perMille` times in a thousand. */
export function happens(random: Random, perMille: number): boolean {
  return perMille > 0 && random.below(1000) < perMille
}
