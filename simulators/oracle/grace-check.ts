import { boundsOf } from './billing-cycles.ts'
import type { StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'

const hourMs = 3_600_000

/**
 * What is wrong with the time at which the bill of a period was issued (I10): the period is over by then, and so is the time
 * that its buyer waits for what comes late. Null: nothing. Not for periods that somebody closed by force.
 */
export function graceFault({ row, buyer, issuedAtMs }: StoredDocument, plan: TenantPlan): string | null {
  if (row.purpose !== 'period') return null
  const profile = plan.billingProfiles?.find(({ id }) => id === buyer)
  const earliestMs = boundsOf(plan, row.period).endMs + graceMs(profile?.grace)
  if (issuedAtMs >= earliestMs) return null
  return `is issued ${earliestMs - issuedAtMs} ms before ${buyer} has waited long enough`
}

function graceMs(text: string | undefined): number {
  if (text === undefined) return 0
  const hours = /^(\d+)h$/.exec(text)?.[1]
  if (hours === undefined) throw new Error(`${text} is no grace of the world's`)
  return Number(hours) * hourMs
}
