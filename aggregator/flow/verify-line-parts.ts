import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { tierShares } from '@meterline/shared/rating/tier-shares.ts'
import { billDays } from '../domain/billing/bill-parts.ts'
import type { InvoiceLine } from '../documents/invoice.ts'
import type { StoredDay } from '../store/books-rows.ts'

/**
 * What is wrong with the parts a line is shown in, for the end of a sentence: its days are those of its segment, each at
 * what its usage adds to the price, and its tiers are what the price makes of its quantity (I9).
 */
export function linePartsFault(
  line: InvoiceLine,
  price: CompiledPrice,
  storedDays: readonly StoredDay[],
): string | undefined {
  // Every line shows at least one tier, but in documents issued before lines showed their parts.
  if (line.days.length === 0 && line.tiers.length === 0) return undefined
  const quantity = BigInt(line.quantity)
  if (storedDays.reduce((sum, day) => sum + day.quantity, 0n) > quantity) return 'is less than the days of its segment'
  const days = billDays(price, quantity, storedDays).map((day) => [
    day.day,
    day.quantity.toString(),
    day.amountMicros.toString(),
  ])
  const shownDays = line.days.map((day) => [day.day, day.quantity, day.amountMicros])
  if (canonicalJson(shownDays) !== canonicalJson(days)) return 'does not show the days of its segment'
  const tiers = tierShares(price, quantity).map((tier) => [
    tier.fromUnits.toString(),
    tier.upToUnits === null ? null : tier.upToUnits.toString(),
    tier.quantity.toString(),
    tier.amountMicros.toString(),
  ])
  const shownTiers = line.tiers.map((tier) => [tier.fromUnits, tier.upToUnits, tier.quantity, tier.amountMicros])
  return canonicalJson(shownTiers) === canonicalJson(tiers) ? undefined : 'does not show what its tiers come to'
}
