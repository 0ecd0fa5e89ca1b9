import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { payersOf, type AccountTree } from '../accounts/account-tree.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { CycleDefinition } from '../periods/cycle-definition.ts'
import { accountPartsOf, treeOfParts, type AccountParts } from './draft-tree.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * The periods of an account stay as they are from when something that it pays for has begun (by `nowMs`, epoch
 * milliseconds): usage stands charged in them. That is its cycle, the day and zone of the cycle, and the offsets of the zone.
 */
export function checkCyclesKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  if (before.cycles.length === 0 && draft.cycles.length === 0) return []
  const after = accountPartsOf(draft)
  if (after === null) return []
  const [was, is] = [new PeriodsBook(before), new PeriodsBook(after)]
  const problems: Problem[] = []
  const reported = new Set<string>()
  for (const id of payersInForce(before, treeOfParts(before), nowMs)) {
    if (was.textOf(id) === is.textOf(id)) continue
    const found = changeOf(id, was, is, draft)
    const path = found.path.join('.')
    if (!reported.has(path)) problems.push(found)
    reported.add(path)
  }
  return problems
}

/** Everybody who pays for a subscription that has begun. */
function payersInForce({ operator, subscriptions }: TenantFile, tree: AccountTree, nowMs: number): ReadonlySet<string> {
  const buying = new Set(subscriptions.filter(({ fromMs }) => fromMs <= nowMs).map(({ account }) => account))
  const payers = [...buying].flatMap((account) =>
    tree
      .placesOf(account)
      .filter(({ fromMs }) => fromMs <= nowMs)
      .flatMap(({ account: placed }) => payersOf(placed).map(({ id }) => id)),
  )
  return new Set(buying.has(operator.id) ? [...payers, operator.id] : payers)
}

/** What says when the periods of accounts begin. */
class PeriodsBook {
  readonly #profiles: ReadonlyMap<string, BillingProfile>
  readonly #cycles: ReadonlyMap<string, CycleDefinition>
  readonly #zones: ReadonlyMap<string, TenantFile['zones'][number]>

  constructor({ billingProfiles, cycles, zones }: AccountParts) {
    this.#profiles = new Map(billingProfiles.map((profile) => [profile.id, profile]))
    this.#cycles = new Map(cycles.map((cycle) => [cycle.id, cycle]))
    this.#zones = new Map(zones.map((zone) => [zone.id, zone]))
  }

  cycleOf(id: string): CycleDefinition | null {
    const cycle = this.#profiles.get(id)?.cycle ?? null
    return cycle === null ? null : (this.#cycles.get(cycle) ?? null)
  }

  /** Everything that decides about the periods of an account, as one text. */
  textOf(id: string): string {
    const cycle = this.cycleOf(id)
    if (cycle === null) return ''
    // Periods of UTC need no offsets, whether or not some price has the file list them.
    const offsets = cycle.zone === 'UTC' ? [] : (this.#zones.get(cycle.zone)?.offsets ?? [])
    const said: JsonValue = [
      cycle.id,
      cycle.day,
      cycle.zone,
      ...offsets.map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes]),
    ]
    return canonicalJson(said)
  }
}

/** What of somebody's periods changed, at the place where it did. */
function changeOf(id: string, was: PeriodsBook, is: PeriodsBook, draft: Draft): Problem {
  const [known, now] = [was.cycleOf(id), is.cycleOf(id)]
  const why = `${id} is billed by its periods`
  const suggestion = 'put it back; an account keeps its periods'
  if (known === null || known.id !== now?.id) {
    const profile = draft.billingProfiles.find(({ value }) => value.id === id)
    const path = profile === undefined ? ['billingProfiles'] : ['billingProfiles', profile.index, 'cycle']
    const message = `was ${known?.id ?? 'calendar months'} for ${id} before and cannot change to ${now?.id ?? 'calendar months'}: ${why}`
    return problem(path, message, suggestion)
  }
  const cycle = draft.cycles.find(({ value }) => value.id === known.id)
  for (const key of ['day', 'zone'] as const) {
    if (known[key] === now[key] || cycle === undefined) continue
    const message = `was ${known[key]} before and cannot change to ${now[key]}: ${why}`
    return problem(['cycles', cycle.index, key], message, suggestion)
  }
  const zone = draft.zones.find(({ value }) => value.id === known.zone)
  return problem(['zones', zone?.index ?? 0, 'offsets'], `were others before: ${why}`, suggestion)
}
