import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import { tierShares } from '@meterline/shared/rating/tier-shares.ts'
import { billDays, limitEffect, daysFit } from '../domain/billing/bill-parts.ts'
import type { InvoiceLine } from '../documents/invoice.ts'
import type { StoredDay } from '../store/books-rows.ts'

/**
 * What is wrong with the parts a line is shown in, for the end of a sentence: it says what is due before usage, its days
 * are those of its segment, each at what its usage adds to the price, its tiers are what the price makes of what was used,
 * and its limit is what the price's minimum or maximum did (I9).
 */
export function linePartsFault(
  line: InvoiceLine,
  model: CompiledModel,
  position: Position,
  storedDays: readonly StoredDay[],
): string | undefined {
  const opening = openingMicros(model)
  const isOpen = position.events > 0 || line.openingMicros !== '0' || opening === 0n
  if (!isOpen) return line.tiers.length === 0 ? undefined : 'shows tiers, although all of its usage was taken back'
  if (BigInt(line.openingMicros) !== opening)
    return `says ${line.openingMicros} micros are due before usage, not ${opening}`
  if (BigInt(line.quantity) !== position.quantity || line.events !== position.events) {
    return `says ${line.quantity} units in ${line.events} records, its segment ${position.quantity} in ${position.events}`
  }
  // Every line shows at least one tier, but in documents issued before lines showed their parts.
  if (line.days.length === 0 && line.tiers.length === 0) return undefined
  if (!daysFit(position, storedDays)) return 'is less than the days of its segment'
  const days = billDays(model, position, storedDays).map((day) => [
    day.day,
    day.quantity.toString(),
    day.amountMicros.toString(),
  ])
  const shownDays = line.days.map((day) => [day.day, day.quantity, day.amountMicros])
  if (canonicalJson(shownDays) !== canonicalJson(days)) return 'does not show the days of its segment'
  const tiers = tierShares(model, position).map((tier) => [
    tier.fromUnits.toString(),
    tier.upToUnits === null ? null : tier.upToUnits.toString(),
    tier.quantity.toString(),
    tier.amountMicros.toString(),
  ])
  const shownTiers = line.tiers.map((tier) => [tier.fromUnits, tier.upToUnits, tier.quantity, tier.amountMicros])
  if (canonicalJson(shownTiers) !== canonicalJson(tiers)) return 'does not show what its tiers come to'
  const limit = limitEffect(model, position)
  const isShown = line.limit?.kind === limit?.kind && line.limit?.amountMicros === limit?.amountMicros.toString()
  return isShown ? undefined : 'does not show what the minimum or maximum of its price does'
}
