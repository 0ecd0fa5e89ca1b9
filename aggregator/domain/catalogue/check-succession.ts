import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { AccountDefinition } from '../accounts/account-definition.ts'
import type { Draft } from './draft.ts'
import { labelConditionJson, type LabelCondition } from './label-condition.ts'
import { problem, type Problem } from './problem.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * What one version of a tenant file may not take back from the version before: usage was charged and entries were posted
 * under these accounts and subscriptions, so they keep their place for ever, and meters with a state keep their meaning.
 * What has been sold by `nowMs` (epoch milliseconds) is kept by `checkTermsKept` and `checkVersionsKept`.
 */
export function checkSuccession(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  return [
    ...checkTenant(before, draft),
    ...checkAccountsKept(before, draft),
    ...checkMetersKept(before, draft),
    ...checkSubscriptionsKept(before, draft, nowMs),
    ...checkEpochs(before, draft),
  ]
}

function checkTenant(before: TenantFile, draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  if (draft.tenant !== null && draft.tenant !== before.tenant) {
    problems.push(problem(['tenant'], `is ${draft.tenant}, but these books are those of ${before.tenant}`))
  }
  if (draft.operator !== null && draft.operator.id !== before.operator.id) {
    problems.push(problem(['operator', 'id'], `was ${before.operator.id} before and cannot change`))
  }
  if (draft.test !== null && draft.test !== before.test) {
    const message = before.test
      ? 'was true before and cannot change: the books of a test tenant stay those of one'
      : 'cannot be said later: these books are no test, and their documents do not say so'
    problems.push(problem(['test'], message, 'use another tenant'))
  }
  return problems
}

function checkAccountsKept(before: TenantFile, draft: Draft): readonly Problem[] {
  const problems = missing(
    before.accounts,
    draft.declared.accounts,
    'accounts',
    'put it back; an account keeps its books',
  )
  const earlier = new Map(before.accounts.map((account) => [account.id, account]))
  for (const { value, index } of draft.accounts) {
    const known = earlier.get(value.id)
    if (known === undefined) continue
    for (const key of ['kind', 'parent', 'payer'] as const) {
      if (known[key] === value[key]) continue
      const message = `was ${known[key]} before and cannot change to ${value[key]}`
      const suggestion = key === 'parent' ? 'move it from a date on with moves:' : 'add a new account in its place'
      problems.push(problem(['accounts', index, key], message, suggestion))
    }
    if (parentPaysText(known) !== parentPaysText(value)) {
      const message = `was ${parentPaysText(known)} before and cannot change to ${parentPaysText(value)}`
      problems.push(problem(['accounts', index, 'parentPays'], message, 'add a new account in its place'))
    }
  }
  return problems
}

function parentPaysText({ parentPays }: AccountDefinition): string {
  if (parentPays === null) return 'not there'
  const { meters, share } = parentPays
  return [...meters.toSorted(), ...(share === null ? [] : [`a share of ${share}`])].join(', ')
}

/** What was read under one meaning must not be read under another: readings and what was charged for them stay. */
function checkMetersKept(before: TenantFile, draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const earlier = new Map(before.meters.map((meter) => [meter.id, meter]))
  const suggestion = 'add a new meter in its place'
  for (const { value, index } of draft.meters) {
    const known = earlier.get(value.id)
    if (known === undefined) continue
    const path = ['meters', index] as const
    const [was, is] = [known.metering, value.metering]
    if (was.kind !== is.kind) {
      problems.push(problem([...path, 'kind'], `was ${was.kind} before and cannot change to ${is.kind}`, suggestion))
    } else if (was.kind !== 'sum' && known.unit !== value.unit) {
      problems.push(
        problem([...path, 'unit'], `was ${known.unit} before and cannot change to ${value.unit}`, suggestion),
      )
    } else if (was.kind === 'gauge' && is.kind === 'gauge' && was.reading !== is.reading) {
      const message = `was ${was.reading} before and cannot change to ${is.reading}`
      problems.push(problem([...path, 'reading'], message, suggestion))
    }
  }
  return problems
}

function checkSubscriptionsKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const problems = missing(
    before.subscriptions,
    draft.declared.subscriptions,
    'subscriptions',
    'put it back and end it with to:',
  )
  const earlier = new Map(before.subscriptions.map((subscription) => [subscription.id, subscription]))
  for (const { value, index } of draft.subscriptions) {
    const known = earlier.get(value.id)
    if (known === undefined) continue
    for (const key of ['account', 'seller'] as const) {
      if (known[key] === value[key]) continue
      const message = `was ${known[key] ?? 'not there'} before and cannot change to ${value[key] ?? 'nothing'}`
      problems.push(problem(['subscriptions', index, key], message, 'end it with to: and add a new subscription'))
    }
    if (known.fromMs <= nowMs && conditionText(known.only) !== conditionText(value.only)) {
      const message = `was ${conditionText(known.only)} when it began (${formatInstant(known.fromMs)}) and cannot change to ${conditionText(value.only)}`
      problems.push(problem(['subscriptions', index, 'only'], message, 'end it with to: and add a new subscription'))
    }
    if (known.offering !== value.offering && known.fromMs <= nowMs) {
      const message = `was ${known.offering} when it began (${formatInstant(known.fromMs)}) and cannot change to ${value.offering}`
      problems.push(
        problem(['subscriptions', index, 'offering'], message, 'end it with to: and add a new subscription'),
      )
    }
  }
  return problems
}

function conditionText(only: LabelCondition | null): string {
  return only === null ? 'for all usage' : canonicalJson(labelConditionJson(only))
}

function checkEpochs(before: TenantFile, draft: Draft): readonly Problem[] {
  const earlier = new Map<string, number>(before.agents.map(({ id, epoch }) => [id, epoch]))
  return draft.agents.flatMap(({ value, index }) => {
    const epoch = earlier.get(value.id)
    if (epoch === undefined || value.epoch >= epoch) return []
    return [problem(['agents', index, 'epoch'], `was ${epoch} before and cannot fall to ${value.epoch}`)]
  })
}

function missing(
  before: readonly { readonly id: string }[],
  declared: readonly { readonly value: string }[],
  list: string,
  suggestion: string,
): Problem[] {
  const present = new Set(declared.map(({ value }) => value))
  return before
    .filter(({ id }) => !present.has(id))
    .map(({ id }) => ({ ...problem([list], `leave out ${id}, which was there before`, suggestion), part: 'key' }))
}
