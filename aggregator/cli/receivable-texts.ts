import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import type { DecisionContent } from '../domain/receivables/decision-content.ts'
import type { MoneyDecision } from '../flow/money-decisions.ts'
import type {
  AgingAnswer,
  DecisionItem,
  DisputeItem,
  ReceivableItem,
  ReceivableLine,
  ShownDispute,
  StatementAnswer,
} from '../flow/receivable-reports.ts'

/** Charge blocks of a dispute that are shown to people; programs get all of them. */
const shownCharges = 20

/** What was decided, for people. */
export function moneyDecisionText({ logIndex, repeated, decision }: MoneyDecision): string {
  const known = repeated ? ' It was decided before, and nothing was changed.' : ''
  return [`${headText(decision)} (log entry ${logIndex}).${known}`, ...moveLines(decision)].join('\n')
}

/** Open documents as a table. */
export function receivablesText(items: readonly ReceivableItem[]): string {
  if (items.length === 0) return 'Nothing is open.'
  return table(
    ['document', 'seller', 'buyer', 'due', 'days overdue', 'total', 'open', 'disputed', 'currency'],
    items.map((item) => [
      item.document,
      item.seller,
      item.buyer,
      day(item.dueMs),
      item.daysOverdue === 0 ? '' : String(item.daysOverdue),
      money(item.grossMicros),
      money(item.openMicros),
      item.disputedMicros === '0' ? '' : money(item.disputedMicros),
      item.currency,
    ]),
  )
}

/** The lines of a document as a table. */
export function receivableLinesText(lines: readonly ReceivableLine[]): string {
  return table(
    ['amount', 'to give back', 'disputed', 'line', 'key'],
    lines.map(({ key, description, amount, creditableMicros, disputedMicros }) => [
      amount,
      money(creditableMicros),
      disputedMicros === '0' ? '' : money(disputedMicros),
      oneLine(description),
      key,
    ]),
  )
}

/** Who owes what for how long, as a table. */
export function agingText({ asOfMs, rows }: AgingAnswer): string {
  const head = `As of ${formatInstant(asOfMs)}`
  if (rows.length === 0) return `${head}: nobody owes anything.`
  return `${head}:\n${table(
    ['seller', 'buyer', 'not due', '1-30', '31-60', '61-90', 'over 90', 'disputed', 'credit', 'balance', 'currency'],
    rows.map((row) => [
      row.seller,
      row.buyer,
      money(row.currentMicros),
      money(row.days30Micros),
      money(row.days60Micros),
      money(row.days90Micros),
      money(row.olderMicros),
      money(row.disputedMicros),
      money(row.creditMicros),
      money(row.balanceMicros),
      row.currency,
    ]),
  )}`
}

/** The account of a buyer as a table. */
export function statementText({ seller, buyer, currency, fromMs, toMs, ...statement }: StatementAnswer): string {
  const rows = statement.rows.map(({ atMs, kind, reference, micros, balanceMicros }) => [
    formatInstant(atMs).slice(0, 16).replace('T', ' '),
    kind,
    oneLine(reference),
    money(micros),
    money(balanceMicros),
  ])
  return [
    `${buyer} with ${seller} in ${currency}, from ${formatInstant(fromMs)} until before ${formatInstant(toMs)}`,
    table(
      ['when', 'what', 'reference', 'amount', 'balance'],
      [
        ['', 'opening', '', '', money(statement.openingMicros)],
        ...rows,
        ['', 'closing', '', '', money(statement.closingMicros)],
      ],
    ),
  ].join('\n')
}

/** What was decided, as a list. */
export function decisionsText(items: readonly DecisionItem[]): string {
  if (items.length === 0) return 'Nothing was decided.'
  return items.map(({ logIndex, decision }) => `${logIndex}  ${decision.at}  ${headText(decision)}`).join('\n')
}

/** Disputes as a table. */
export function disputesText(items: readonly DisputeItem[]): string {
  if (items.length === 0) return 'Nothing is disputed.'
  return table(
    ['dispute', 'opened', 'document', 'amount with tax', 'state', 'line'],
    items.map(({ logIndex, openedMs, document, micros, resolution, line }) => [
      String(logIndex),
      day(openedMs),
      document,
      money(micros),
      resolution === null ? 'open' : resolution.outcome,
      line,
    ]),
  )
}

/** A dispute with its evidence. */
export function shownDisputeText({ opened, resolved, charges, more, ...dispute }: ShownDispute): string {
  const said = (decision: DecisionContent): string =>
    `${headText(decision)} at ${decision.at}: ${'reason' in decision ? oneLine(decision.reason) : ''}`
  const blocks = charges
    .slice(0, shownCharges)
    .map(({ batchIndex, amountMicros, leaf }) => [String(batchIndex), money(amountMicros), leaf])
  const rest = charges.length > shownCharges || more ? ['and more; --json lists them'] : []
  return [
    `dispute ${dispute.logIndex}: ${dispute.document}, line ${dispute.line}`,
    said(opened),
    ...(resolved === null ? ['It is open.'] : [said(resolved)]),
    ...(blocks.length === 0 ? ['The line has no charges of usage.'] : [table(['batch', 'charged', 'leaf'], blocks)]),
    ...rest,
  ].join('\n')
}

function headText(decision: DecisionContent): string {
  const by = decision.by === null ? 'by itself' : `by ${oneLine(decision.by)}`
  const { currency, moves } = decision
  switch (decision.name) {
    case 'payment':
      return `${decision.buyer} paid ${money(moves.cashMicros)} ${currency} (${oneLine(decision.reference)}), recorded ${by}`
    case 'payment-reversal':
      return `Payment ${decision.payment} of ${decision.buyer} was taken back ${by}: ${oneLine(decision.reason)}`
    case 'allocation':
      return `Credit of ${decision.buyer} was used ${by}`
    case 'refund':
      return `${decision.buyer} was paid back ${money(negated(moves.cashMicros))} ${currency} (${oneLine(decision.reference)}), recorded ${by}`
    case 'credit-note':
    case 'debit-note':
      return `${decision.note} about ${decision.document} was issued ${by}: ${oneLine(decision.reason)}`
    case 'void':
      return `${decision.document} was taken back by ${decision.note} ${by}: ${oneLine(decision.reason)}`
    case 'dispute':
      return `${money(decision.disputedMicros)} ${currency} of ${decision.document} are disputed, recorded ${by}`
    case 'dispute-resolution':
      return `Dispute ${decision.dispute} was ${decision.outcome}${decision.note === null ? '' : ` with ${decision.note}`} ${by}`
  }
}

function moveLines({ moves, currency }: DecisionContent): readonly string[] {
  const settled = moves.settlements.map(({ document, micros }) => `  ${document}  ${money(micros)} ${currency}`)
  const credit = BigInt(moves.creditMicros)
  if (credit === 0n) return settled
  const text = credit > 0n ? `now credit: ${formatMicros(credit)}` : `of credit used: ${formatMicros(-credit)}`
  return [...settled, `  ${text} ${currency}`]
}

function money(micros: string): string {
  return formatMicros(BigInt(micros))
}

function negated(digits: string): string {
  return (-BigInt(digits)).toString()
}

function day(ms: number): string {
  return formatInstant(ms).slice(0, 10)
}
