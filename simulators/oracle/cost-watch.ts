import { cycleOf, periodAfter } from './billing-cycles.ts'
import { feesOnBill } from './due-fees.ts'
import { unusedIn } from './due-openings.ts'
import type { Findings } from './findings.ts'
import type { SegmentSums } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import type { TenantPlan } from './tenant-plan.ts'
import type { Owing } from './who-owes-whom.ts'

type Segments = ReadonlyMap<string, SegmentSums>

/**
 * Follows what closings post of what is due to partners without usage, who send documents of their own: once everything
 * closed is settled it is what their prices and fees ask for (I9).
 */
export class CostWatch {
  readonly posted: Owing[] = []
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]

  constructor(findings: Findings, plans: () => readonly TenantPlan[]) {
    this.#findings = findings
    this.#plans = plans
  }

  advance(posted: readonly Owing[]): void {
    this.posted.push(...posted)
  }

  /** `closed`: keys of the periods whose closing has begun, of whatever cycle. */
  checkSettled(closed: readonly string[], segments: Segments): void {
    const plans = this.#plans()
    const [plan] = plans
    if (plan === undefined) return
    const cycle = cycleOf(plan, plan.operator)?.id
    const own = closed.filter((key) => key.split('~')[1] === cycle)
    for (const partner of plan.partners) {
      const stated = this.posted.reduce(
        (sum, { seller, amountMicros }) => sum + (seller === partner ? amountMicros : 0n),
        0n,
      )
      // Which version a period was settled with last is not told: each may be one of those that were given out.
      const sums = possibleSums(own.map((period) => plans.map((each) => dueTo(each, partner, period, own, segments))))
      this.#findings.demand(
        sums.has(stated),
        'I9',
        () =>
          `${partner} is due ${[...sums].join(' or ')} micros without usage for ${own.join(', ')}, posted are ${stated}`,
      )
    }
  }
}

/** What is due to a partner for a closed period without usage: before the first of it, for what was not used, and fees. */
function dueTo(
  plan: TenantPlan,
  partner: string,
  period: string,
  closed: readonly string[],
  segments: Segments,
): bigint {
  let due = 0n
  for (const subscription of plan.subscriptions) {
    if (subscription.seller !== partner) continue
    const used = new Set<string>()
    for (const sums of segments.values()) {
      if (sums.period !== period || sums.subscription !== subscription.id || sums.charges === 0) continue
      used.add(sums.meter)
      due += sums.usage === undefined ? 0n : openingMicros(sums.usage.model)
    }
    for (const { model } of unusedIn(plan, subscription, period, used)) due += openingMicros(model)
    for (const fee of feesOnBill({ plan, subscription }, period)) {
      // In advance with the last closed period, else with its own.
      const isOwn = fee.period === period || !closed.includes(periodAfter(plan, period))
      if (isOwn) due += fee.amountMicros
    }
  }
  return due
}

function possibleSums(choices: readonly (readonly bigint[])[]): ReadonlySet<bigint> {
  return choices.reduce<ReadonlySet<bigint>>(
    (sums, values) => new Set([...sums].flatMap((sum) => [...new Set(values)].map((value) => sum + value))),
    new Set([0n]),
  )
}
