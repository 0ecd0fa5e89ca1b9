/** Numbers from one to another, both included. */
export type NumberRange = readonly [first: number, last: number]

/**
 * One run of a device's sequence numbers: from `low` to `head` every number was seen but those in `missing`. A device that
 * begins to count anew begins a new run.
 */
export interface SequenceRun {
  readonly low: number
  readonly head: number
  /** Event times of the earliest and the latest number, epoch milliseconds. */
  readonly startMs: number
  readonly headMs: number
  /** The agent that the head came by. */
  readonly agent: string
  /** Ascending, without overlap or touch. */
  readonly missing: readonly NumberRange[]
  /** How many missing numbers were given up because there were too many ranges; they are not looked for any more. */
  readonly givenUp: number
}

/** A number as it came. */
export interface SequenceSighting {
  readonly number: number
  readonly timeMs: number
  readonly agent: string
}

/**
 * More holes than these are not kept apart in one run: the oldest are then only counted. A device that roams between two
 * agents leaves a hole for each change until the slower of them has sent.
 */
export const mostMissingRanges = 4_096
/** Runs kept of one stream; the oldest are dropped. */
export const mostRuns = 8
/** A number this far below the head, later than it, is of a device that counts anew and no late one. */
const farBelow = 1_000
/** And so is one of these, with which counting begins. */
const lastFirstNumber = 1

/**
 * The runs of a stream, in the order of their beginnings, after one more number. As long as numbers grow with event time, as
 * a device's do, the order of arrival makes no difference: a late number closes its gap.
 */
export function withSequence(runs: readonly SequenceRun[], seen: SequenceSighting): readonly SequenceRun[] {
  const place = runOf(runs, seen.timeMs)
  const run = runs[place]
  const grown = run === undefined ? null : inRun(run, seen)
  if (grown !== null) return runs.with(place, grown)
  const { number, timeMs, agent } = seen
  const begun: SequenceRun = {
    low: number,
    head: number,
    startMs: timeMs,
    headMs: timeMs,
    agent,
    missing: [],
    givenUp: 0,
  }
  const all = [...runs, begun].toSorted((left, right) => left.startMs - right.startMs)
  // Runs that are over and whole say nothing any more.
  const kept = all.filter((each, index) => index === all.length - 1 || each === begun || isHoled(each))
  return kept.slice(-mostRuns)
}

/** How many numbers of a run never came. */
export function missingCount(run: SequenceRun): number {
  return run.missing.reduce((sum, [first, last]) => sum + (last - first + 1), run.givenUp)
}

/** The run a time belongs to: the last one that had begun by then, or else the first. */
function runOf(runs: readonly SequenceRun[], timeMs: number): number {
  const found = runs.findLastIndex(({ startMs }) => startMs <= timeMs)
  return Math.max(found, 0)
}

/** The run with the number in it; null when the number cannot be of this run. */
function inRun(run: SequenceRun, { number, timeMs, agent }: SequenceSighting): SequenceRun | null {
  const { low, head, startMs, headMs } = run
  if (number > head) {
    // A higher number from before the run began is of a run before it.
    if (timeMs < startMs) return null
    const missing = number === head + 1 ? run.missing : [...run.missing, [head + 1, number - 1] as const]
    return capped({ ...run, head: number, headMs: Math.max(headMs, timeMs), agent, missing })
  }
  const hole = run.missing.findIndex(([first, last]) => first <= number && number <= last)
  const isFarBelow = timeMs > headMs && head - number > farBelow
  if (hole >= 0) return isFarBelow ? null : capped({ ...run, missing: without(run.missing, hole, number) })
  if (isFarBelow || (timeMs > headMs && number < head && number <= lastFirstNumber)) return null
  if (number >= low) {
    // Seen before: a repetition of an event without an id. From before the run began, it is of another run.
    return timeMs < startMs ? null : run
  }
  const missing = number === low - 1 ? run.missing : [[number + 1, low - 1] as const, ...run.missing]
  return capped({ ...run, low: number, startMs: Math.min(startMs, timeMs), missing })
}

function without(missing: readonly NumberRange[], hole: number, number: number): readonly NumberRange[] {
  const [first, last] = missing[hole] ?? [number, number]
  const left: NumberRange[] = number > first ? [[first, number - 1]] : []
  const right: NumberRange[] = number < last ? [[number + 1, last]] : []
  return missing.toSpliced(hole, 1, ...left, ...right)
}

function capped(run: SequenceRun): SequenceRun {
  const tooMany = run.missing.length - mostMissingRanges
  if (tooMany <= 0) return run
  const lost = run.missing.slice(0, tooMany).reduce((sum, [first, last]) => sum + (last - first + 1), 0)
  return { ...run, missing: run.missing.slice(tooMany), givenUp: run.givenUp + lost }
}

function isHoled(run: SequenceRun): boolean {
  return run.missing.length > 0 || run.givenUp > 0
}
