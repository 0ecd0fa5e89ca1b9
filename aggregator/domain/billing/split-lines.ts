import { assertThat } from '@meterline/shared/base/errors.ts'
import { formatDecimal, parseDecimal } from '@meterline/shared/units/decimal.ts'
import { divideRounded, formatMicros } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Account } from '../accounts/account-tree.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import type { DueLine } from './due-line.ts'
import { writtenMoney } from './written-amounts.ts'

/** What a buyer is owed for from one seller in one currency, before anything of it is shared. */
export interface UnsharedLines {
  readonly relation: Relation
  /** After discounts. */
  readonly lines: readonly DueLine[]
}

export interface SplitInput extends UnsharedLines {
  /** Those of `splitSources`, as far as they have lines. */
  readonly shared: readonly UnsharedLines[]
  readonly catalogue: Catalogue
  readonly period: Period
}

/** An account that has a share of its documents paid by somebody above. */
interface Sharer {
  readonly account: Account
  /** Who pays the share: the payer of its parent. */
  readonly payer: Account
  /** Decimal text above 0 and up to 1. */
  readonly share: string
}

/** What lines come to, by period and then by tax code; the empty text is no tax code. */
type TaxedSums = Map<string, Map<string, bigint>>

/**
 * The relations whose lines a buyer's share lines need beside his own: those of accounts below him a share of whose
 * documents he pays, and of accounts that share with them in turn. Nearly always none, which costs nothing.
 */
export function splitSources(relation: Relation, catalogue: Catalogue, period: Period): readonly Relation[] {
  return sharersBelow(relation.buyer, sharersOf(catalogue, period)).map(({ account }) => relationOf(account, relation))
}

/** The relation on whose document a share of a buyer's own stands, whatever else it holds; null: he shares with nobody. */
export function splitPayer(relation: Relation, catalogue: Catalogue, period: Period): Relation | null {
  const sharer = sharersOf(catalogue, period).byAccount.get(relation.buyer)
  return sharer === undefined ? null : relationOf(sharer.payer, relation)
}

/**
 * What sharing changes on a buyer's document: his part of the documents of accounts below him, and less what somebody
 * above pays of his own, each by tax code and for each period that the lines belong to. Both sides of a share are the same
 * exact amount, and the parts of an account's tax codes add up to the rounded share of the whole.
 */
export function splitLines({ relation, lines, shared, catalogue, period }: SplitInput): readonly DueLine[] {
  const sharers = sharersOf(catalogue, period)
  const own = sharers.byAccount.get(relation.buyer)
  const below = sharersBelow(relation.buyer, sharers)
  if (own === undefined && below.length === 0) return []
  const sums = new Map(shared.map((other) => [other.relation.buyer, sumsOf(other.lines)]))
  sums.set(relation.buyer, sumsOf(lines))
  const found: DueLine[] = []
  // From below to above, so that what an account pays of others is shared on with the rest of its document.
  for (const sharer of [...below.toSorted(byDepth), ...(own === undefined ? [] : [own])]) {
    const parts = partsOf(sums.get(sharer.account.id) ?? new Map<string, never>(), sharer.share)
    const above = sums.get(sharer.payer.id) ?? new Map<string, Map<string, bigint>>()
    sums.set(sharer.payer.id, above)
    for (const part of parts) {
      addTo(above, part.periodKey, part.taxCode, part.amountMicros)
      if (sharer.payer.id === relation.buyer) found.push(shareLine(sharer, part, relation, 'payer'))
      if (sharer === own) found.push(shareLine(sharer, part, relation, 'account'))
    }
  }
  return found
}

/** A share of what an account's lines of one period and tax code come to. */
interface SharedPart {
  readonly periodKey: string
  /** Empty: none. */
  readonly taxCode: string
  readonly wholeMicros: bigint
  readonly amountMicros: bigint
}

/** Sums in the order of tax codes are multiplied as they grow and the differences taken, so that parts add up. */
function partsOf(sums: TaxedSums, share: string): readonly SharedPart[] {
  const parsed = parseDecimal(share)
  assertThat(parsed.ok, `the share ${share} of a checked account is a decimal`)
  const { coefficient, scale } = parsed.value
  const divisor = 10n ** BigInt(scale)
  return [...sums].flatMap(([periodKey, byCode]) => {
    let wholeSoFar = 0n
    let sharedSoFar = 0n
    return [...byCode].toSorted(byText).map(([taxCode, wholeMicros]): SharedPart => {
      wholeSoFar += wholeMicros
      const rounded = divideRounded(wholeSoFar * coefficient, divisor, 'half-away')
      const amountMicros = rounded - sharedSoFar
      sharedSoFar = rounded
      return { periodKey, taxCode, wholeMicros, amountMicros }
    })
  })
}

/** The line of one side: what the account does not pay stands on its document below zero, and on the payer's above. */
function shareLine(
  { account, payer, share }: Sharer,
  { periodKey, taxCode, wholeMicros, amountMicros }: SharedPart,
  { currency }: Relation,
  side: 'account' | 'payer',
): DueLine {
  const buyer = side === 'account' ? account : payer
  const percent = percentOf(share)
  const key = [periodKey, account.id, 'split', buyer.id, currency, ...(taxCode === '' ? [] : [taxCode])].join('/')
  return {
    key,
    kind: 'split',
    periodKey,
    account: account.id,
    description: side === 'account' ? `Paid by ${payer.name}: ${percent} %` : `Share of ${account.name}: ${percent} %`,
    subscription: '',
    offering: '',
    price: '',
    terms: `${percent} % of ${writtenMoney(formatMicros(wholeMicros))} ${currency}`,
    meter: 'split',
    unit: '',
    quantity: 0n,
    events: 0,
    chargesMicros: 0n,
    amountMicros: side === 'account' ? -amountMicros : amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode: taxCode === '' ? null : taxCode,
    fee: null,
    usage: null,
  }
}

function sumsOf(lines: readonly DueLine[]): TaxedSums {
  const sums: TaxedSums = new Map()
  for (const { periodKey, taxCode, amountMicros } of lines) addTo(sums, periodKey, taxCode ?? '', amountMicros)
  return sums
}

function addTo(sums: TaxedSums, periodKey: string, taxCode: string, micros: bigint): void {
  const byCode = sums.get(periodKey) ?? new Map<string, bigint>()
  sums.set(periodKey, byCode)
  byCode.set(taxCode, (byCode.get(taxCode) ?? 0n) + micros)
}

interface Sharers {
  readonly byAccount: ReadonlyMap<string, Sharer>
  readonly byPayer: ReadonlyMap<string, readonly Sharer[]>
}

/** Periods whose sharers are kept: a billing run asks for its own and those it corrects, again for each of its relations. */
const keptPeriods = 16
const keptSharers = new WeakMap<Catalogue, Map<number, Sharers>>()

/** Accounts stay in their place for whole periods, so what holds as one begins holds to its end. */
function sharersOf(catalogue: Catalogue, { startMs }: Period): Sharers {
  const kept = keptSharers.get(catalogue) ?? new Map<number, Sharers>()
  keptSharers.set(catalogue, kept)
  const known = kept.get(startMs)
  if (known !== undefined) return known
  if (kept.size >= keptPeriods) kept.clear()
  const sharers = sharersAt(catalogue, startMs)
  kept.set(startMs, sharers)
  return sharers
}

function sharersAt(catalogue: Catalogue, atMs: number): Sharers {
  const byAccount = new Map<string, Sharer>()
  const byPayer = new Map<string, Sharer[]>()
  for (const { id, parentPays } of catalogue.file.accounts) {
    const share = parentPays?.share ?? null
    const account = share === null ? undefined : catalogue.tree.accountAt(id, atMs)
    const payer = account?.parent?.payer
    if (share === null || account === undefined || payer === undefined || payer === account.seller) continue
    const sharer = { account, payer, share }
    byAccount.set(id, sharer)
    const others = byPayer.get(payer.id) ?? []
    byPayer.set(payer.id, others)
    others.push(sharer)
  }
  return { byAccount, byPayer }
}

/** Those who share with a buyer, and those who share with them. */
function sharersBelow(buyer: string, { byPayer }: Sharers): readonly Sharer[] {
  const found: Sharer[] = []
  const open = [buyer]
  for (let payer = open.pop(); payer !== undefined; payer = open.pop()) {
    const sharers = byPayer.get(payer) ?? []
    found.push(...sharers)
    open.push(...sharers.map(({ account }) => account.id))
  }
  return found
}

/** The same seller and currency with another buyer; who shares or pays shares is no reseller and keeps no books. */
function relationOf({ id }: Account, { seller, kind, currency }: Relation): Relation {
  return { seller, buyer: id, kind, currency, buyerKeepsBooks: false }
}

function byDepth(left: Sharer, right: Sharer): number {
  return right.account.depth - left.account.depth || (left.account.id < right.account.id ? -1 : 1)
}

/** A share as percent: `0.255` is `25.5`. */
function percentOf(share: string): string {
  const parsed = parseDecimal(share)
  assertThat(parsed.ok, `the share ${share} of a checked account is a decimal`)
  const { coefficient, scale } = parsed.value
  return formatDecimal({
    coefficient: coefficient * 10n ** BigInt(Math.max(0, 2 - scale)),
    scale: Math.max(0, scale - 2),
  })
}

function byText([left]: readonly [string, bigint], [right]: readonly [string, bigint]): number {
  return left < right ? -1 : left > right ? 1 : 0
}
