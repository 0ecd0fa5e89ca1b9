import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { clockEntry } from '../domain/periods/clock-decision.ts'
import { dueClosings, nextDueMs } from '../domain/periods/due-closings.ts'
import { billProgressive } from './bill-now.ts'
import { closePeriod } from './close-period.ts'
import { closingCalendar } from './closing-calendar.ts'
import type { StoreFault, TenantService } from './tenant-service.ts'

/** How far the clock of a test tenant is moved, and the name of who does it. */
export interface AdvanceOrder {
  readonly toMs: number
  readonly by: string
}

/** Something that fell due on the way. */
export interface ClockStep {
  readonly atMs: number
  /** `closed`: a period with everything. `waits`: some bills of it wait, for grace or approval. `progressive`: within it. */
  readonly what: 'closed' | 'waits' | 'progressive'
  readonly period: string
  /** Numbers of the documents that were issued. */
  readonly documents: readonly string[]
}

/** How a clock was moved. */
export interface AdvanceReport {
  readonly tenant: string
  readonly fromMs: number
  readonly toMs: number
  /** In the order in which they happened. */
  readonly steps: readonly ClockStep[]
}

/** How the clock of a test tenant stands. */
export interface ClockAnswer {
  readonly tenant: string
  readonly nowMs: number
  /** When something falls due next; null: nothing does, since nobody gets documents. */
  readonly nextDueMs: number | null
  /** Keys of periods that are over and not closed: their bills wait. */
  readonly unclosed: readonly string[]
}

type Progress = (message: string) => void

/** What is moved further at once has more closings than anybody waits for. */
const furthestMs = 10 * 366 * 86_400_000

/** How the clock of a test tenant stands, and what it comes to next. */
export function showClock(service: TenantService): Result<ClockAnswer> {
  const { clock, tenant } = service
  if (!clock.isOwn) return failed(noTestTenant(tenant))
  const calendar = closingCalendar(service)
  const nowMs = clock.wallMs()
  const dueMs = nextDueMs(calendar, nowMs)
  return ok({
    tenant,
    nowMs,
    nextDueMs: dueMs === Infinity ? null : dueMs,
    unclosed: dueClosings(calendar, nowMs).map(({ key }) => key),
  })
}

/**
 * Moves the clock of a test tenant on. It stops at every instant on the way at which something falls due (the end of a
 * period of some cycle, the end of a grace) and does that before it goes on: closes periods, bills whoever has reached
 * his amount. Each move is a decision of the log, so what was cut off goes on when it is asked for again; asked for the
 * instant it stands at, it does what is due by then. Refused for tenants that have no clock of their own.
 */
export async function advanceClock(
  service: TenantService,
  order: AdvanceOrder,
  progress: Progress = () => undefined,
): Promise<Result<AdvanceReport>> {
  const { clock, tenant } = service
  if (!clock.isOwn) return failed(noTestTenant(tenant))
  const fromMs = clock.wallMs()
  if (order.toMs < fromMs) {
    const text = `The clock of ${tenant} stands at ${formatInstant(fromMs)} and never goes back to ${formatInstant(order.toMs)}.`
    return failed(fault('clock_backwards', text))
  }
  if (order.toMs - fromMs > furthestMs) {
    const text = `The clock of ${tenant} is moved by ten years at most at once: go in parts.`
    return failed(fault('clock_too_far', text))
  }
  const moved = await clock.moving(() => advance(service, order, progress))
  if (moved === null) {
    return failed(fault('clock_moving', `The clock of ${tenant} is being moved by another command: wait for it.`))
  }
  return moved.ok ? ok({ tenant, fromMs, toMs: clock.wallMs(), steps: moved.value }) : moved
}

async function advance(
  service: TenantService,
  { toMs, by }: AdvanceOrder,
  progress: Progress,
): Promise<Result<readonly ClockStep[]>> {
  const { clock } = service
  const steps: ClockStep[] = []
  for (;;) {
    const done = await doWhatIsDue(service, steps, progress)
    if (!done.ok) return done
    const nowMs = clock.wallMs()
    if (nowMs >= toMs) return ok(steps)
    const moved = moveTo(service, Math.min(toMs, nextDueMs(closingCalendar(service), nowMs)), by)
    if (!moved.ok) return moved
  }
}

/** One move, as a decision of the log; what is decided from then on is decided at that instant. */
function moveTo(service: TenantService, toMs: number, by: string): Result<null, StoreFault> {
  const { clock, store } = service
  const fromMs = clock.wallMs()
  const logIndex = store.log.size
  const committed = service.attempt(() =>
    store.commitClockMove(
      { entries: [encodeLogEntry(clockEntry({ fromMs, toMs, by }))], move: { logIndex, fromMs, toMs } },
      { logSize: logIndex },
    ),
  )
  if (!committed.ok) return committed
  clock.standAt(toMs)
  service.scheduleCheckpoint()
  return ok(null)
}

async function doWhatIsDue(service: TenantService, steps: ClockStep[], progress: Progress): Promise<Result<null>> {
  const { clock } = service
  const take = (step: ClockStep): void => {
    steps.push(step)
    progress(`${formatInstant(step.atMs)} ${step.period} ${step.what}, ${step.documents.length} documents`)
  }
  for (const period of dueClosings(closingCalendar(service), clock.wallMs())) {
    const closed = await closeDue(service, period, progress)
    if (!closed.ok) return closed
    if (closed.value !== null) take(closed.value)
  }
  if (service.inForce === null || service.inForce.progressiveBuyers.size === 0) return ok(null)
  const billed = await billProgressive(service, clock, {}, progress)
  if (!billed.ok) return billed
  for (const [period, documents] of Map.groupBy(billed.value.documents, (document) => document.period)) {
    const numbers = documents.map(({ number }) => number)
    take({ atMs: clock.wallMs(), what: 'progressive', period, documents: numbers })
  }
  return ok(null)
}

/** Closes a period as far as it can be; null where that changed nothing. */
async function closeDue(
  service: TenantService,
  { key }: Period,
  progress: Progress,
): Promise<Result<ClockStep | null>> {
  const { clock, store, tenant } = service
  const known = new Set(store.documents.list(key).map(({ number }) => number))
  const wasClosing = store.documents.isBarred(key)
  const closed = await closePeriod(service, clock, { tenant, period: key }, progress)
  if (!closed.ok) return closed
  const { state, documents } = closed.value
  const numbers = documents.map(({ number }) => number).filter((number) => !known.has(number))
  if (state !== 'closed' && wasClosing && numbers.length === 0) return ok(null)
  return ok({ atMs: clock.wallMs(), what: state === 'closed' ? 'closed' : 'waits', period: key, documents: numbers })
}

function noTestTenant(tenant: string): ReturnType<typeof fault<'not_a_test_tenant'>> {
  const text = `${tenant} goes by the clock of the machine. Only a tenant whose file says "test: true" from the first apply has one that can be moved.`
  return fault('not_a_test_tenant', text)
}
