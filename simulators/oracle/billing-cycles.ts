import { dayMs, instantOf, periodOf, startOfDay } from './calendar.ts'
import type { PlannedCycle, TenantPlan } from './tenant-plan.ts'
import { wallDay } from './zone-clock.ts'

const stepMs = 900_000
/** Clocks are nowhere further from UTC than this. */
const furthestMs = 15 * 3_600_000
/** Between the month a period begins in and its cycle. */
const separator = '~'
const beginnings = new Map<string, number>()
const mostBeginnings = 100_000

/** When a period begins, and when it is over: the first instant that is not in it any more. */
export interface Bounds {
  readonly startMs: number
  readonly endMs: number
}

/** The key of the period of a buyer that an instant lies in: of his own cycle, else a calendar month in UTC. */
export function buyersPeriod(plan: TenantPlan, buyer: string, atMs: number): string {
  return periodIn(cycleOf(plan, buyer), atMs)
}

/** The cycle a buyer is billed in; undefined for calendar months in UTC. */
export function cycleOf({ billingProfiles = [], cycles = [] }: TenantPlan, buyer: string): PlannedCycle | undefined {
  const named = billingProfiles.find(({ id }) => id === buyer)?.cycle
  return named === undefined ? undefined : cycles.find(({ id }) => id === named)
}

/** The key of the period of a cycle that an instant lies in: named after the month that it begins in. */
export function periodIn(cycle: PlannedCycle | undefined, atMs: number): string {
  if (cycle === undefined) return periodOf(atMs)
  const [year = 0, month = 0] = periodOf(atMs).split('-').map(Number)
  // A cycle's month begins within days of the calendar's: the last of the neighbours that has begun.
  const begun = [1, 0, -1, -2].find((by) => beginningOf(cycle, year, month + by) <= atMs)
  if (begun === undefined) throw new Error(`no period of ${cycle.id} holds ${atMs}`)
  return keyOf(cycle, year, month + begun)
}

/** When the period of a key begins and ends. */
export function boundsOf({ cycles = [] }: TenantPlan, key: string): Bounds {
  const [text = '', id] = key.split(separator)
  const [year = 0, month = 0] = text.split('-').map(Number)
  if (id === undefined) return { startMs: startOfDay(year, month, 1), endMs: startOfDay(year, month + 1, 1) }
  const cycle = cycles.find((each) => each.id === id)
  if (cycle === undefined) throw new Error(`${key} is of no cycle of the plan`)
  return { startMs: beginningOf(cycle, year, month), endMs: beginningOf(cycle, year, month + 1) }
}

/** The period after another one of the same cycle. */
export function periodAfter(plan: TenantPlan, key: string): string {
  const id = key.split(separator)[1]
  return periodIn(
    plan.cycles?.find((each) => each.id === id),
    boundsOf(plan, key).endMs,
  )
}

/** When the days of a period begin, by the clocks of its zone. */
export function midnightsIn(plan: TenantPlan, key: string): readonly number[] {
  const { startMs, endMs } = boundsOf(plan, key)
  const zone = plan.cycles?.find(({ id }) => id === key.split(separator)[1])?.zone ?? 'UTC'
  const days: number[] = []
  for (let dayStartMs = instantOf(wallDay(zone, startMs)); ; dayStartMs += dayMs) {
    const atMs = midnightOf(zone, dayStartMs)
    if (atMs >= endMs) return days
    days.push(atMs)
  }
}

function keyOf({ id }: PlannedCycle, year: number, month: number): string {
  // A month before the first or after the twelfth is one of another year.
  return `${periodOf(startOfDay(year, month, 1))}${separator}${id}`
}

/** Midnight of the cycle's day in a month, or of the last one of a month that has no such day. */
function beginningOf({ day, zone }: PlannedCycle, year: number, month: number): number {
  const startMs = startOfDay(year, month, 1)
  const lengthDays = Math.round((startOfDay(year, month + 1, 1) - startMs) / dayMs)
  return midnightOf(zone, startOfDay(year, month, Math.min(day, lengthDays)))
}

/** The first instant at which a clock on the wall says that day or a later one, found by looking at it every quarter. */
function midnightOf(zone: string, dayStartMs: number): number {
  if (zone === 'UTC') return dayStartMs
  const name = `${zone} ${dayStartMs}`
  const known = beginnings.get(name)
  if (known !== undefined) return known
  let atMs = dayStartMs - furthestMs
  while (instantOf(wallDay(zone, atMs)) < dayStartMs) atMs += stepMs
  if (beginnings.size >= mostBeginnings) beginnings.clear()
  beginnings.set(name, atMs)
  return atMs
}
