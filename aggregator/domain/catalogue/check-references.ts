import { knownCurrencies, minorDigitsOf } from '@meterline/shared/units/currency.ts'
import type { Draft, Placed } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import type { ListKey } from './tenant-file.ts'

/** Every id is declared once, and everything named exists. */
export function checkReferences(draft: Draft): readonly Problem[] {
  return [
    ...checkDuplicates(draft, ['meters']),
    ...checkDuplicates(draft, ['prices']),
    ...checkDuplicates(draft, ['offerings']),
    // Accounts, the operator and partners stand side by side in ledgers and invoices, so they share one set of names.
    ...checkDuplicates(draft, ['accounts', 'partners']),
    ...checkDuplicates(draft, ['subscriptions']),
    ...checkDuplicates(draft, ['agents']),
    ...checkDuplicates(draft, ['expectations']),
    ...checkDuplicates(draft, ['correlations']),
    ...checkDuplicates(draft, ['taxCodes']),
    ...checkDuplicates(draft, ['matrices']),
    ...checkDuplicates(draft, ['zones']),
    ...checkDuplicates(draft, ['cycles']),
    ...checkDuplicates(draft, ['billingProfiles']),
    ...checkDuplicates(draft, ['contracts']),
    ...checkDuplicates(draft, ['exchangeRates']),
    ...checkCurrencies(draft),
    ...checkOfferings(draft),
    ...checkSubscriptionReferences(draft),
    ...checkAgentKeys(draft),
  ]
}

function checkDuplicates(draft: Draft, lists: readonly ListKey[]): readonly Problem[] {
  const problems: Problem[] = []
  const places = new Map<string, string>()
  if (lists.includes('accounts') && draft.operator !== null) places.set(draft.operator.id, 'the operator')
  for (const list of lists) {
    for (const { value: id, index } of draft.declared[list]) {
      const place = places.get(id)
      if (place === undefined) places.set(id, `${list}[${index}]`)
      else
        problems.push(problem([list, index, 'id'], `is ${id}, which ${place} is already called`, 'choose another id'))
    }
  }
  return problems
}

function checkCurrencies(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const currencies = new Set(knownCurrencies())
  const check = (currency: string | null, path: readonly (string | number)[]): void => {
    if (currency === null || minorDigitsOf(currency) !== undefined) return
    const found = problem(path, `is ${currency}, an unknown currency`, 'write an ISO 4217 code such as EUR')
    problems.push({ ...found, unknown: { word: currency, candidates: currencies } })
  }
  check(draft.currency, ['currency'])
  for (const { value, index } of draft.prices) check(value.currency, ['prices', index, 'currency'])
  return problems
}

function checkOfferings(draft: Draft): readonly Problem[] {
  const prices = namesOf(draft.declared.prices)
  const meterOf = new Map(draft.prices.map(({ value }) => [value.id, value.meter]))
  return draft.offerings.flatMap(({ value: offering, index }) => [
    ...checkVersionPrices(offering.prices, ['offerings', index, 'prices'], prices, meterOf),
    ...offering.versions.flatMap((version, place) =>
      checkVersionPrices(version.prices, ['offerings', index, 'versions', place, 'prices'], prices, meterOf),
    ),
  ])
}

/** The prices of one version are there, each once, and at most one per meter. */
function checkVersionPrices(
  ids: readonly string[],
  path: readonly (string | number)[],
  prices: ReadonlySet<string>,
  meterOf: ReadonlyMap<string, string | null>,
): readonly Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  const priceOfMeter = new Map<string, string>()
  ids.forEach((id, position) => {
    const at = [...path, position]
    problems.push(...unknownName(id, prices, 'price', at))
    if (seen.has(id)) {
      problems.push(problem(at, `is ${id}, which this offering already lists`, 'remove one'))
      return
    }
    seen.add(id)
    const meter = meterOf.get(id) ?? null
    if (meter === null) return
    const other = priceOfMeter.get(meter)
    if (other === undefined) priceOfMeter.set(meter, id)
    else problems.push(problem(at, `is ${id}, a second price for ${meter} beside ${other}`, 'keep one price per meter'))
  })
  return problems
}

function checkSubscriptionReferences(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const operator = draft.operator === null ? [] : [draft.operator.id]
  const accounts = new Set([...operator, ...namesOf(draft.declared.accounts)])
  const offerings = namesOf(draft.declared.offerings)
  const partners = namesOf(draft.declared.partners)
  for (const { value, index } of draft.subscriptions) {
    // An operator that cannot be read may be the account that is meant.
    if (draft.operator !== null) {
      problems.push(...unknownName(value.account, accounts, 'account', ['subscriptions', index, 'account']))
    }
    problems.push(...unknownName(value.offering, offerings, 'offering', ['subscriptions', index, 'offering']))
    if (value.seller !== null && value.account === draft.operator?.id) {
      problems.push(...unknownName(value.seller, partners, 'partner', ['subscriptions', index, 'seller']))
    }
  }
  return problems
}

function checkAgentKeys(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  for (const { value, index } of draft.agents) {
    const owner = owners.get(value.signingKey)
    if (owner === undefined) owners.set(value.signingKey, value.id)
    else if (owner !== value.id) {
      const message = `is the key of ${owner}, so their batches could not be told apart`
      problems.push(problem(['agents', index, 'signingKey'], message, 'give each agent a key of its own'))
    }
  }
  return problems
}

/** The problem of a name that none of the candidates has; none when one has it. */
export function unknownName(
  name: string,
  candidates: ReadonlySet<string>,
  kind: string,
  path: readonly (string | number)[],
): readonly Problem[] {
  if (candidates.has(name)) return []
  const message = `is ${name}, but there is no such ${kind}`
  const suggestion = candidates.size === 0 ? 'the file declares none' : undefined
  return [{ ...problem(path, message, suggestion), unknown: { word: name, candidates } }]
}

/** The ids that a list declares. */
export function namesOf(ids: readonly Placed<string>[]): ReadonlySet<string> {
  return new Set(ids.map(({ value }) => value))
}
