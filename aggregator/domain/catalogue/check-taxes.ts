import { compareDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { Draft } from './draft.ts'
import { treeOfParts } from './draft-tree.ts'
import { problem, type Problem } from './problem.ts'
import type { TaxCode, TaxRate } from './tax-code.ts'
import type { TenantFile } from './tenant-file.ts'

const mostPercent = { coefficient: 100n, scale: 0 }

/** Every rate is one, has a date of its own in its region, and buyers are taxed in regions that there are rates for. */
export function checkTaxes(draft: Draft): readonly Problem[] {
  return [...draft.taxCodes.flatMap(({ value, index }) => checkRates(value, index)), ...checkRegions(draft)]
}

function checkRates({ rates }: TaxCode, index: number): readonly Problem[] {
  const seen = new Set<string>()
  return rates.flatMap(({ region, percent, fromMs }, place) => {
    const path = ['taxCodes', index, 'rates', place]
    const problems: Problem[] = []
    const parsed = parseDecimal(percent)
    if (parsed.ok && compareDecimal(parsed.value, mostPercent) > 0) {
      problems.push(
        problem([...path, 'percent'], `is ${percent}, above 100`, 'write percent: 19 is nineteen hundredths'),
      )
    }
    const key = rateKey(region, fromMs)
    if (seen.has(key)) {
      const message = `is ${formatInstant(fromMs)}, when another rate of ${region} begins`
      problems.push(problem([...path, 'from'], message, 'give each rate of a region a date of its own'))
    }
    seen.add(key)
    return problems
  })
}

function checkRegions({ taxCodes, declared, billingProfiles }: Draft): readonly Problem[] {
  const regions = new Set(taxCodes.flatMap(({ value }) => value.rates.map(({ region }) => region)))
  // A code that cannot be read may be the one with the rate.
  const isComplete = taxCodes.length === declared.taxCodes.length
  return billingProfiles.flatMap(({ value: { region, taxExemption }, index }) => {
    const path = ['billingProfiles', index]
    if (region === null) {
      if (taxExemption === null) return []
      const message = 'says why no tax is due, but the profile has no region where it would be'
      return [problem([...path, 'taxExemption'], message, 'add the region, or leave the exemption out')]
    }
    if (taxExemption !== null || regions.has(region) || !isComplete) return []
    const message = `is ${region}, a region that no tax code has a rate for`
    const suggestion = 'write its rates under taxCodes (0 where none is due), or leave the region out'
    return [{ ...problem([...path, 'region'], message, suggestion), unknown: { word: region, candidates: regions } }]
  })
}

/**
 * What was taxed stays taxed at the rate it was: rates in force by `nowMs` (epoch milliseconds) stay, and no other begins
 * before then where there is one in force. Documents that are out have that tax on them, and nothing would correct it. Where
 * bills are shared or contracts have begun, prices keep their codes: lines of shares and contracts are told apart by them.
 * Whoever has sold something keeps to prices with or without tax, as documents with lines of both kinds would say nothing.
 */
export function checkTaxesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  return [
    ...checkRatesKept(before, draft, nowMs),
    ...checkCodesKept(before, draft, nowMs),
    ...checkInclusionKept(before, draft, nowMs),
  ]
}

function checkRatesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const after = new Map(draft.taxCodes.map((placed) => [placed.value.id, placed]))
  const declared = new Set(draft.declared.taxCodes.map(({ value }) => value))
  return before.taxCodes.flatMap((known) => {
    const inForce = known.rates.filter(({ fromMs }) => fromMs <= nowMs)
    const now = after.get(known.id)
    if (inForce.length === 0 || (now === undefined && declared.has(known.id))) return []
    if (now === undefined) {
      const message = `leave out ${known.id}, which has rates in force`
      return [{ ...problem(['taxCodes'], message, 'put it back; prices need not name it'), part: 'key' as const }]
    }
    const path = ['taxCodes', now.index, 'rates']
    return [...ratesLeftOut(inForce, now.value, path), ...ratesChanged(inForce, now.value, path, nowMs)]
  })
}

function checkCodesKept({ accounts, contracts, prices }: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const isDivided =
    accounts.some(({ parentPays }) => (parentPays?.share ?? null) !== null) ||
    contracts.some(({ fromMs }) => fromMs <= nowMs)
  if (!isDivided) return []
  const known = new Map(prices.map((price) => [price.id, price]))
  return draft.prices.flatMap(({ value, index }) => {
    const was = known.get(value.id)
    if (was === undefined || was.tax === value.tax) return []
    const [code, now] = [was.tax ?? 'none', value.tax ?? 'none']
    const message = `was ${code} before and cannot change to ${now}: what was shared or agreed on was billed under it`
    const suggestion = 'add a price with the other code, and a version of the offering that has it'
    return [problem(['prices', index, ...(value.tax === null ? [] : ['tax'])], message, suggestion)]
  })
}

function checkInclusionKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const included = (profiles: readonly BillingProfile[]): ReadonlySet<string> =>
    new Set(profiles.filter(({ pricesIncludeTax }) => pricesIncludeTax).map(({ id }) => id))
  const now = draft.billingProfiles.map(({ value }) => value)
  const [was, is] = [included(before.billingProfiles), included(now)]
  const changed = [...new Set([...was, ...is])].filter((id) => was.has(id) !== is.has(id))
  if (changed.length === 0) return []
  const sellers = sellersInForce(before, nowMs)
  return changed
    .filter((id) => sellers.has(id))
    .map((id): Problem => {
      const profile = draft.billingProfiles.find(({ value }) => value.id === id)
      const key = profile === undefined ? [] : [profile.index, ...(is.has(id) ? ['pricesIncludeTax'] : [])]
      const message = `was ${was.has(id)} for the prices of ${id} before and cannot change to ${is.has(id)}: he has sold at them`
      return problem(['billingProfiles', ...key], message, 'put it back; change the prices instead')
    })
}

/** Everybody who has sold something that has begun. */
function sellersInForce(before: TenantFile, nowMs: number): ReadonlySet<string> {
  const tree = treeOfParts(before)
  const begun = before.subscriptions.filter(({ fromMs }) => fromMs <= nowMs)
  const places = [...new Set(begun.map(({ account }) => account))].flatMap((account) => tree.placesOf(account))
  return new Set(places.filter(({ fromMs }) => fromMs <= nowMs).flatMap(({ account }) => account.seller?.id ?? []))
}

function ratesLeftOut(
  inForce: readonly TaxRate[],
  { id, rates }: TaxCode,
  path: readonly (string | number)[],
): readonly Problem[] {
  const present = new Set(rates.map(({ region, fromMs }) => rateKey(region, fromMs)))
  return inForce
    .filter(({ region, fromMs }) => !present.has(rateKey(region, fromMs)))
    .map(({ region, percent, fromMs }) => {
      const message = `leave out the rate of ${id} in ${region} from ${formatInstant(fromMs)} (${percent}), which is in force`
      return { ...problem(path, message, 'put it back, and let another begin when it ends'), part: 'key' as const }
    })
}

function ratesChanged(
  inForce: readonly TaxRate[],
  { rates }: TaxCode,
  path: readonly (string | number)[],
  nowMs: number,
): readonly Problem[] {
  const known = new Map(inForce.map(({ region, fromMs, percent }) => [rateKey(region, fromMs), percent]))
  const regions = new Set(inForce.map(({ region }) => region))
  return rates.flatMap(({ region, percent, fromMs }, place) => {
    if (fromMs > nowMs || !regions.has(region)) return []
    const was = known.get(rateKey(region, fromMs))
    if (was === percent) return []
    if (was === undefined) {
      const message = `is ${formatInstant(fromMs)}, but ${region} had another rate then, and documents have it`
      return [problem([...path, place, 'from'], message, 'let it begin in the future')]
    }
    const message = `was ${was} before and cannot change to ${percent}: documents have it`
    return [problem([...path, place, 'percent'], message, 'put it back, and add a rate that begins in the future')]
  })
}

function rateKey(region: string, fromMs: number): string {
  return `${region} ${fromMs}`
}
