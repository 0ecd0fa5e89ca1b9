import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { AccountDefinition } from '../accounts/account-definition.ts'
import type { Draft, Placed } from './draft.ts'
import { offeringMeters, overlap, sharedMeter, type OfferingMeters } from './offering-meters.ts'
import { problem, type Problem } from './problem.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'

type PlacedSubscription = Placed<SubscriptionDefinition>

/** Each subscription is complete for who buys, and nothing is bought or bound twice at the same time. */
export function checkSubscriptions(draft: Draft): readonly Problem[] {
  const meters = offeringMeters(draft)
  const kinds = new Map(draft.accounts.map(({ value }) => [value.id, value.kind]))
  // Subjects that somebody listed where none belong are reported once, as that.
  const retail = draft.subscriptions.filter(({ value }) => {
    const kind = kinds.get(value.account)
    return kind === 'customer' || kind === 'fleet'
  })
  return [
    ...draft.subscriptions.flatMap((subscription) => checkShape(draft.operator?.id ?? null, kinds, subscription)),
    ...checkBindings(retail, meters),
    ...checkSubtreePurchases(draft, meters),
  ]
}

function checkShape(
  operatorId: string | null,
  kinds: ReadonlyMap<string, AccountDefinition['kind']>,
  { value, index }: PlacedSubscription,
): readonly Problem[] {
  const problems: Problem[] = []
  if (value.toMs !== null && value.toMs <= value.fromMs) {
    problems.push(problem(['subscriptions', index, 'to'], 'is not after from; the end is exclusive'))
  }
  if (operatorId === null) return problems
  const buysFromPartner = value.account === operatorId
  if (buysFromPartner && value.seller === null) {
    problems.push(problem(['subscriptions', index], 'names no seller', 'add seller: with the id of a partner'))
  }
  if (!buysFromPartner && value.seller !== null) {
    const message = `is ${value.seller}, but the seller of an account is the reseller or operator above it`
    problems.push(problem(['subscriptions', index, 'seller'], message, 'remove it'))
  }
  if (!buysFromPartner && value.only !== null) {
    const message = 'is for what a partner sells to the operator: what is sold is charged whatever its labels'
    problems.push({ ...problem(['subscriptions', index, 'only'], message, 'remove it'), part: 'key' })
  }
  const kind = buysFromPartner ? 'operator' : kinds.get(value.account)
  if ((kind === 'operator' || kind === 'reseller') && value.subjects !== null) {
    const message = `are listed, but ${value.account} buys for all usage below it`
    problems.push({ ...problem(['subscriptions', index, 'subjects'], message, 'remove them'), part: 'key' })
  }
  if ((kind === 'customer' || kind === 'fleet') && value.subjects === null) {
    problems.push(
      problem(['subscriptions', index], 'lists no subjects', 'add subjects: with the devices or keys it is for'),
    )
  }
  return problems
}

/** One pair of subscriptions that bind the same subjects, with the first place where they do. */
interface SharedSubjects {
  readonly earlier: PlacedSubscription
  readonly later: PlacedSubscription
  readonly subject: string
  readonly position: number
  count: number
}

/** A subject and meter belong to one subscription at a time. Linear in the subjects, quadratic only where one repeats. */
function checkBindings(subscriptions: readonly PlacedSubscription[], meters: OfferingMeters): readonly Problem[] {
  const problems: Problem[] = []
  const holders = new Map<string, PlacedSubscription[]>()
  const shared = new Map<string, SharedSubjects>()
  for (const later of subscriptions) {
    later.value.subjects?.forEach((subject, position) => {
      const earlierOnes = holders.get(subject)
      if (earlierOnes === undefined) {
        holders.set(subject, [later])
        return
      }
      if (earlierOnes.at(-1) === later) {
        problems.push(
          problem(['subscriptions', later.index, 'subjects', position], `is ${subject}, listed twice`, 'remove one'),
        )
        return
      }
      for (const earlier of earlierOnes) {
        const pair = `${earlier.index} ${later.index}`
        const known = shared.get(pair)
        if (known === undefined) shared.set(pair, { earlier, later, subject, position, count: 1 })
        else known.count++
      }
      earlierOnes.push(later)
    })
  }
  for (const { earlier, later, subject, position, count } of shared.values()) {
    const meter = overlap(earlier.value, later.value) ? sharedMeter(earlier.value, later.value, meters) : undefined
    if (meter === undefined) continue
    const others = count === 1 ? '' : ` (and ${count - 1} more)`
    const message = `is ${subject}${others}, whose ${meter} subscription ${earlier.value.id} already covers ${spanOf(earlier.value)}`
    const suggestion = `end ${earlier.value.id} with to: before ${later.value.id} begins, or list it in one only`
    problems.push(problem(['subscriptions', later.index, 'subjects', position], message, suggestion))
  }
  return problems
}

/** A reseller, or the operator from one partner, buys a meter through one subscription at a time. */
function checkSubtreePurchases(draft: Draft, meters: OfferingMeters): readonly Problem[] {
  const problems: Problem[] = []
  const resellers = new Set(
    draft.accounts.filter(({ value }) => value.kind === 'reseller').map(({ value }) => value.id),
  )
  const byBuyer = new Map<string, PlacedSubscription[]>()
  for (const later of draft.subscriptions) {
    const { account, seller } = later.value
    if (account !== draft.operator?.id && !resellers.has(account)) continue
    const buyer = `${account} ${seller ?? ''}`
    const earlierOnes = byBuyer.get(buyer) ?? []
    byBuyer.set(buyer, earlierOnes)
    for (const earlier of earlierOnes) {
      const meter = overlap(earlier.value, later.value) ? sharedMeter(earlier.value, later.value, meters) : undefined
      if (meter === undefined) continue
      const message = `buys ${meter} for ${account} a second time: ${earlier.value.id} already covers ${spanOf(earlier.value)}`
      problems.push(problem(['subscriptions', later.index], message, 'end one with to: before the other begins'))
    }
    earlierOnes.push(later)
  }
  return problems
}

function spanOf({ fromMs, toMs }: SubscriptionDefinition): string {
  return `from ${formatInstant(fromMs)} ${toMs === null ? 'on' : `to ${formatInstant(toMs)}`}`
}
