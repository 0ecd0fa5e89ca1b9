import type { Random } from '@meterline/shared/base/random.ts'
import { boundsOf } from '../oracle/billing-cycles.ts'
import { dayMs } from '../oracle/calendar.ts'
import type { Stepper } from './stepper.ts'
import type { Surroundings } from './surroundings.ts'
import type { World } from './world.ts'

const minuteMs = 60_000
const restEveryMs = 5_000
const furthestClosingMs = 60 * dayMs
/** Whoever waits for his bill waits for days at most; each asking again brings nearer who waits longest. */
const mostAskings = 40
const patienceMs = 3 * 3_600_000
const mostCrashCalls = 12

/** What the end of a world is made of. */
export interface ClosingParts {
  readonly surroundings: Surroundings
  readonly world: World
  readonly stepper: Stepper
  readonly random: Random
  /** Whether the aggregator may crash on the way. */
  readonly crashes: boolean
}

/**
 * Closes every period that was charged in, once it is over and in the order in which they end, until nobody waits for his
 * bill; the aggregator may crash on the way. Answers with the keys, in that order.
 */
export async function closePeriods(parts: ClosingParts): Promise<readonly string[]> {
  const { surroundings, world, stepper, random } = parts
  const { findings, oracle } = surroundings
  const latestMs = surroundings.queue.nowMs + furthestClosingMs
  const closed: string[] = []
  // What is used on the way may lie in periods of other cycles.
  for (let next = nextToClose(parts, closed, latestMs); next !== null; next = nextToClose(parts, closed, latestMs)) {
    if (findings.full) return []
    const { key, endMs } = next
    closed.push(key)
    await stepper.runUntil(Math.max(surroundings.queue.nowMs, endMs + random.below(dayMs)))
    // Armed before the last usage comes, it can strike between receiving and rating, or within the closing.
    if (parts.crashes && random.below(3) > 0) world.aggregator.crash(1 + random.below(mostCrashCalls), false)
    await useNow(parts, endMs)
    world.operator.replaySuspense()
    await closeInFull(parts, key)
    world.aggregator.spare()
    oracle.afterClose()
  }
  return closed
}

/** Has everything billed that came after closings; the oracle then finds nothing that is left. */
export async function correct(parts: ClosingParts): Promise<void> {
  const { world, surroundings } = parts
  if (parts.crashes && parts.random.below(3) === 0)
    world.aggregator.crash(1 + parts.random.below(mostCrashCalls), false)
  await until(parts, 'corrections cannot be issued', (done) => world.operator.issueCorrections(done))
  world.aggregator.spare()
  surroundings.oracle.afterCorrections()
}

/**
 * The period that ends first of those that were charged in or whose closing has begun, but for those of far years that some
 * wrong clock gave usage to; null when all of them are closed.
 */
function nextToClose(
  { surroundings, world }: ClosingParts,
  closed: readonly string[],
  latestMs: number,
): { readonly key: string; readonly endMs: number } | null {
  const plan = world.operator.plans.at(-1)
  if (plan === undefined) return null
  const open = [...surroundings.oracle.periodsInUse]
    .map((key) => ({ key, endMs: boundsOf(plan, key).endMs }))
    .filter(({ key, endMs }) => endMs <= latestMs && !closed.includes(key))
  return open.toSorted((a, b) => a.endMs - b.endMs)[0] ?? null
}

/** In half of the runs usage of the period is still under way when it is closed. */
async function useNow({ surroundings, world, stepper, random }: ClosingParts, endMs: number): Promise<void> {
  if (random.below(2) === 0) return
  world.publishOnce(endMs - 10 * dayMs)
  await stepper.runUntil(surroundings.queue.nowMs + random.below(500))
}

async function closeInFull(parts: ClosingParts, key: string): Promise<void> {
  const { surroundings, world, stepper } = parts
  for (let askings = 0; askings < mostAskings && !surroundings.findings.full; askings++) {
    let waitsUntilMs: number | null = null
    await until(parts, `period ${key} cannot be closed`, (done) => {
      world.operator.closePeriod(key, ({ untilMs }) => {
        waitsUntilMs = untilMs
        done()
      })
    })
    if (waitsUntilMs === null) return
    // The aggregator goes by its own clock, which may be behind.
    await stepper.runUntil(Math.max(surroundings.queue.nowMs + patienceMs, waitsUntilMs))
  }
  surroundings.findings.add('I18', `somebody still waits for his bill of ${key}`)
}

/** Lets time pass until a command is done, starting what has gone down. */
async function until(parts: ClosingParts, otherwise: string, ask: (done: () => void) => void): Promise<void> {
  const { surroundings, world, stepper } = parts
  const { queue, findings } = surroundings
  let isDone = false
  ask(() => {
    isDone = true
  })
  const limitMs = queue.nowMs + 10 * minuteMs
  while (!isDone && queue.nowMs < limitMs && !findings.full) {
    await stepper.runUntil(queue.nowMs + restEveryMs)
    world.aggregator.start()
  }
  findings.demand(isDone, 'I18', () => otherwise)
}
