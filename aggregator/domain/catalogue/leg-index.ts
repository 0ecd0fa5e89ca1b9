import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Account } from '../accounts/account-tree.ts'
import type { MeterRule } from '../metering/meter-rule.ts'
import type {
  Catalogue,
  CatalogueSubscription,
  Leg,
  LegFaultCode,
  LegIndex,
  LegPlan,
  MeterPlans,
  SubjectPlan,
} from './catalogue.ts'

/** Sorts a catalogue's subscriptions into an index. Linear in the subjects they list. */
export function buildLegIndex(subscriptions: readonly CatalogueSubscription[]): LegIndex {
  const purchases = new Map<string, CatalogueSubscription[]>()
  const subjects = new Map<string, SubjectPlan>()
  // Subjects with the same subscriptions share a plan; it is reached from the plan without the last of them.
  const extended = new Map<SubjectPlan | null, Map<CatalogueSubscription, SubjectPlan>>()
  for (const subscription of subscriptions) {
    if (subscription.kind === 'wholesale') {
      const known = purchases.get(subscription.account.id)
      if (known === undefined) purchases.set(subscription.account.id, [subscription])
      else known.push(subscription)
    }
    for (const subject of subscription.subjects ?? []) {
      const before = subjects.get(subject) ?? null
      const extensions = extended.get(before) ?? new Map<CatalogueSubscription, SubjectPlan>()
      extended.set(before, extensions)
      const plan = extensions.get(subscription) ?? {
        subscriptions: [...(before?.subscriptions ?? []), subscription],
        meters: new Map<string, MeterPlans>(),
      }
      extensions.set(subscription, plan)
      subjects.set(subject, plan)
    }
  }
  return { subjects, purchases, costs: subscriptions.filter(({ kind }) => kind === 'cost') }
}

/**
 * The legs a quantity is charged on: retail first, then each wholesale leg up to the operator, then partner costs. A seller
 * that buys from nobody makes it `no_price`, so that usage is never free by omission; a missing partner cost is no fault,
 * since the operator's own network costs nothing per use.
 */
export function legsOf(
  catalogue: Catalogue,
  subject: string,
  meter: string,
  timeMs: number,
): Result<readonly Leg[], Fault<LegFaultCode>> {
  const subjectPlan = catalogue.index.subjects.get(subject)
  if (subjectPlan === undefined) return failed(legFault('unknown_subject', subject, meter))
  const { legs, code } = legPlanOf(catalogue, subjectPlan, meter, timeMs)
  return code === null ? ok(legs) : failed(legFault(code, subject, meter))
}

/** The plan of a meter at an instant for the subjects of one plan; kept until the catalogue is dropped. */
export function legPlanOf(catalogue: Catalogue, subjectPlan: SubjectPlan, meter: string, timeMs: number): LegPlan {
  const known = subjectPlan.meters.get(meter)
  if (known !== undefined) {
    if (timeMs >= known.last.fromMs && timeMs < known.last.toMs) return known.last
    const kept = known.all.find(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs)
    if (kept !== undefined) {
      known.last = kept
      return kept
    }
  }
  const found = findPlan(catalogue, subjectPlan, meter, timeMs)
  if (known !== undefined) {
    known.all.push(found)
    known.last = found
    // Meters of devices are not to be trusted, so plans are only kept for those the catalogue declares.
  } else if (found.code !== 'unknown_meter') subjectPlan.meters.set(meter, { last: found, all: [found] })
  return found
}

/** Says why usage cannot be charged, and what to do about it. */
export function legFault(code: LegFaultCode, subject: string, meter: string): Fault<LegFaultCode> {
  switch (code) {
    case 'unknown_subject':
      return fault(code, `no subscription lists the subject ${subject}: add it to one and replay`)
    case 'unknown_meter':
      return fault(code, `the meter ${meter} is not declared: add it under meters, price it and replay`)
    case 'no_price':
      return fault(code, `${meter} of ${subject} has no price on some leg: add it to the offering there and replay`)
    case 'subscription_not_active':
      return fault(code, `no subscription of ${subject} for ${meter} is in force at the time of use: check from and to`)
    default:
      assertThat(false, `an unknown reason: ${String(code satisfies never)}`)
  }
}

/** Works out the plan at an instant, and how long around it nothing it depends on begins or ends. */
function findPlan(catalogue: Catalogue, { subscriptions }: SubjectPlan, meter: string, timeMs: number): LegPlan {
  const span: Span = { timeMs, fromMs: -Infinity, toMs: Infinity }
  const rule = catalogue.meterRules.get(meter)
  if (rule === undefined) return plan(span, null, [], 'unknown_meter')
  const candidates = subscriptions.filter((subscription) => subscription.prices(meter))
  if (candidates.length === 0) return plan(span, rule, [], 'no_price')
  const retail = inForce(span, candidates, meter)
  if (retail === null) return plan(span, rule, [], 'subscription_not_active')
  if (retail.leg === null) return plan(span, rule, [], 'no_price')

  const legs = [retail.leg]
  for (let reseller = resellerAbove(retail.account); reseller !== null; reseller = resellerAbove(reseller)) {
    const purchase = inForce(span, catalogue.index.purchases.get(reseller.id) ?? [], meter)
    if (purchase === null || purchase.leg === null) return plan(span, rule, [], 'no_price')
    legs.push(purchase.leg)
  }
  for (const cost of catalogue.index.costs) {
    const bought = inForce(span, [cost], meter)
    if (bought !== null && bought.leg !== null) legs.push(bought.leg)
  }
  return plan(span, rule, legs, null)
}

/** The time around an instant in which everything looked at so far stays as it is. */
interface Span {
  readonly timeMs: number
  fromMs: number
  toMs: number
}

function plan(
  { fromMs, toMs }: Span,
  rule: MeterRule | null,
  legs: readonly Leg[],
  code: LegFaultCode | null,
): LegPlan {
  return { fromMs, toMs, legs, rule, code }
}

/** What was found at an instant: the leg is null where the subscription's version then has no price for the meter. */
interface Found {
  /** Who subscribed, in the place of then. */
  readonly account: Account
  readonly leg: Leg | null
}

/**
 * The subscription in force at the span's instant that prices the meter then, or else one in force that prices it at other
 * times, or null; narrows the span to where that answer holds.
 */
function inForce(span: Span, subscriptions: readonly CatalogueSubscription[], meter: string): Found | null {
  let found: Found | null = null
  for (const subscription of subscriptions) {
    if (!subscription.prices(meter)) continue
    narrow(span, subscription.fromMs)
    narrow(span, subscription.toMs)
    const version = subscription.versionAt(span.timeMs)
    if (version === null) continue
    narrow(span, version.fromMs)
    narrow(span, version.toMs)
    const leg = version.legs.get(meter) ?? null
    if (found === null || found.leg === null) found = { account: version.account, leg }
  }
  return found
}

/** Keeps a span on its instant's side of a boundary. */
function narrow(span: Span, boundaryMs: number): void {
  if (boundaryMs <= span.timeMs) span.fromMs = Math.max(span.fromMs, boundaryMs)
  else span.toMs = Math.min(span.toMs, boundaryMs)
}

/** The nearest reseller strictly above an account; null once only the operator sells. */
function resellerAbove(account: Account): Account | null {
  return account.seller?.kind === 'reseller' ? account.seller : null
}
