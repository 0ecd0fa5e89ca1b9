import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Account, Party } from '../accounts/account-tree.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { assertBalanced } from '../ledger/entry.ts'
import { invoiceIssued, taxInvoiced, usageSold, type Relation } from '../ledger/templates.ts'
import { lineRounding, type Bill, type BillKind, type BillLine, type BillSection, type BillTotal } from './bill.ts'
import { billedDifference, rounded, type BilledDifference } from './billed-lines.ts'
import { billingContracts, type ContractSources } from './billing-contract.ts'
import { documentParty, paymentDaysOf } from './document-party.ts'
import type { BilledLine, DueLine } from './due-line.ts'
import { dueLines, noHistory, type SegmentState } from './due-lines.ts'
import { pathOf } from './item-order.ts'
import { taxesOf, type BillTaxes } from './taxes.ts'

/** What is due for one period, and what documents already say of it. */
export interface DuePart {
  /**
   * `own`: the period of the bill; what of it is billed and due no more is taken back. `progressive`: the same in the middle
   * of the period; what is not due yet is left alone. `correction`: an earlier period.
   */
  readonly role: 'own' | 'progressive' | 'correction'
  readonly period: Period
  /** With those of the period the ones in advance for the next, which are left out of a correction. */
  readonly lines: readonly DueLine[]
  /** By key: of the period, and of `lines`. */
  readonly billed: ReadonlyMap<string, BilledLine>
  readonly segments: ReadonlyMap<string, SegmentState>
  /** Number of the ordinary document of the period; null when there is none. */
  readonly document: string | null
}

/** What a bill is made of beside its lines. */
export interface BillSources {
  readonly relation: Relation
  /** The bill's own. */
  readonly period: Period
  /** Newest first; the first is in force. */
  readonly catalogues: readonly Catalogue[]
  readonly progressive?: boolean
}

/** A line and where it stands. */
interface PlacedLine extends BilledDifference {
  readonly account: string
}

/**
 * What a seller has to bill a buyer now: of every key what is due less what documents say, the period's own first in every
 * section, then what corrects earlier periods, as the parts come. Null where nothing changes. Pure: the same for closing a
 * period and for trying it out.
 */
export function makeBill(sources: BillSources, parts: readonly DuePart[]): Bill | null {
  const { relation, period, catalogues } = sources
  const [newest] = catalogues
  assertThat(newest !== undefined, 'bills are made with a catalogue')
  const minorDigits = minorDigitsOf(relation.currency)
  assertThat(minorDigits !== undefined, `${relation.currency} is a currency of a checked tenant file`)
  const placed = parts.flatMap((part) => differencesOf(relation, part, minorDigits))
  if (placed.length === 0) return null
  const sections = sectionsOf(sources, placed, minorDigits)
  const lines = sections.flatMap((section) => section.lines)
  const total = totalOf(lines, minorDigits)
  const taxes = taxesOf(lines, relation, newest)
  const taxOf = new Map(lines.map((line, index) => [line, taxes.lines[index] ?? null]))
  const openingEntries = usageSold(
    relation,
    lines.reduce((sum, line) => sum + line.openingMicros, 0n),
  )
  const issueEntries =
    relation.kind === 'sale'
      ? [
          ...invoiceIssued(relation, total.amountMicros, total.invoicedMicros),
          ...taxInvoiced(relation, taxes.taxMicros, taxes.inclusive),
        ]
      : []
  assertBalanced(openingEntries)
  assertBalanced(issueEntries)
  return {
    kind: kindOf(taxes, sources.progressive === true),
    isTest: newest.file.test,
    relation,
    seller: documentParty(partyOf(catalogues, relation.seller), newest),
    buyer: documentParty(partyOf(catalogues, relation.buyer), newest),
    paymentDays: paymentDaysOf(relation.buyer, newest),
    minorDigits,
    rounding: lineRounding,
    period,
    sections,
    total,
    taxes,
    openingEntries,
    issueEntries,
    billed: placed.map(({ line, billed }) => ({ ...billed, tax: taxOf.get(line) ?? null })),
  }
}

/**
 * The bills of all sellers for a period of which no document says anything yet and before which nothing was used, in the
 * order of seller, buyer and currency; `segments` by segment key. For trying prices out.
 */
export function periodBills(
  sources: Omit<ContractSources, 'segmentKeys'>,
  segments: ReadonlyMap<string, SegmentState>,
): readonly Bill[] {
  const { catalogues, period } = sources
  const [catalogue] = catalogues
  assertThat(catalogue !== undefined, 'bills are made with a catalogue')
  const contracts = billingContracts({ ...sources, segmentKeys: segments.keys() })
  return [...contracts.values()].flatMap((contract) => {
    const lines = dueLines(contract, { segments, history: noHistory, catalogue })
    const part: DuePart = { role: 'own', period, lines, billed: new Map(), segments, document: null }
    const bill = makeBill({ relation: contract.relation, period, catalogues }, [part])
    return bill === null ? [] : [bill]
  })
}

function differencesOf(relation: Relation, part: DuePart, minorDigits: number): readonly PlacedLine[] {
  const { role, period, billed } = part
  const isWanted = (line: DueLine): boolean => role !== 'correction' || line.periodKey === period.key
  const lines = part.lines.filter(isWanted)
  const due = new Set(lines.map(({ key }) => key))
  const gone = [...billed.values()].filter(({ key, periodKey }) => periodKey === period.key && !due.has(key))
  const found = lines.map((line) => differenceOf(relation, part, line, billed.get(line.key) ?? null, minorDigits))
  if (role !== 'progressive') found.push(...gone.map((was) => differenceOf(relation, part, null, was, minorDigits)))
  return found.filter((line) => line !== null)
}

function differenceOf(
  relation: Relation,
  { role, period, segments, document }: DuePart,
  due: DueLine | null,
  billed: BilledLine | null,
  minorDigits: number,
): PlacedLine | null {
  const key = due?.key ?? billed?.key ?? ''
  const correctsOwn = billed !== null && (role === 'correction' || (due ?? billed).kind === 'fee' || due === null)
  const isCorrection = role === 'correction' || correctsOwn
  const corrects = isCorrection
    ? { document: billed?.document ?? document, period: due?.periodKey ?? billed?.periodKey ?? period.key }
    : null
  const chargesRoot = segments.get(key)?.chargesRoot ?? null
  const difference = billedDifference(relation, { due, billed, chargesRoot, minorDigits, corrects })
  return difference === null ? null : { ...difference, account: due?.account ?? billed?.account ?? '' }
}

/** By what has to be paid, since lines above and below zero may be taxed at different rates. */
function kindOf({ grossMicros }: BillTaxes, isProgressive: boolean): BillKind {
  if (grossMicros < 0n) return 'credit-note'
  return isProgressive ? 'progressive' : 'invoice'
}

/** Each account before those below it, neighbours by id; the lines of an account in the order they come in. */
function sectionsOf(
  { catalogues, period }: BillSources,
  placed: readonly PlacedLine[],
  minorDigits: number,
): readonly BillSection[] {
  const byAccount = new Map<string, BillLine[]>()
  for (const { account, line } of placed) {
    const known = byAccount.get(account)
    if (known === undefined) byAccount.set(account, [line])
    else known.push(line)
  }
  return [...byAccount]
    .map(([id, lines]) => ({ place: placeOf(catalogues, id, period), id, lines }))
    .map(({ place, id, lines }) => ({ place, id, path: place === null ? id : pathOf(place), lines }))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1))
    .map(({ place, id, lines }) => ({
      account: place === null ? { id, name: id } : partyOf(catalogues, id),
      depth: place?.depth ?? 0,
      lines,
      total: totalOf(lines, minorDigits),
    }))
}

/** An account in the place it has when a period begins; null for one that no catalogue has. */
function placeOf(catalogues: readonly Catalogue[], id: string, { startMs }: Period): Account | null {
  for (const { tree } of catalogues) {
    const account = tree.accountAt(id, startMs)
    if (account !== undefined) return account
  }
  return null
}

/** Invoiced amounts are whole minor units, so rounding their sum changes nothing and only formats it. */
function totalOf(lines: readonly BillLine[], minorDigits: number): BillTotal {
  const amountMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0n)
  const invoicedMicros = lines.reduce((sum, line) => sum + line.invoicedMicros, 0n)
  return rounded(amountMicros, invoicedMicros, minorDigits)
}

/** Who somebody is, under the newest name. */
function partyOf(catalogues: readonly Catalogue[], id: string): Party {
  for (const { tree, partners } of catalogues) {
    const found = tree.accounts.get(id) ?? partners.get(id)
    if (found !== undefined) return { id, name: found.name }
  }
  assertThat(false, `${id} is an account or partner of a catalogue that is given`)
}
