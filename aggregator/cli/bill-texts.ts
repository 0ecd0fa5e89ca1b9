import { counted } from '@meterline/shared/command-line/counted.ts'
import { table } from '@meterline/shared/command-line/output.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { BillRun, ClosedPeriod, WaitingBill } from '../flow/bill-answers.ts'
import { documentsText } from './texts.ts'

/** How a closing ended, for people. */
export function closedText(closed: ClosedPeriod, isDryRun: boolean): string {
  if (isDryRun) return billRunText(closed, true)
  const head =
    closed.state === 'closed'
      ? `Period ${closed.period} is closed.`
      : `Period ${closed.period} is not closed yet: ${counted(closed.waiting.length, 'bill')} wait${closed.waiting.length === 1 ? 's' : ''}. Ask for it again.`
  return [head, documentsText(closed.documents), ...waitingTexts(closed)].join('\n')
}

/** What a run issued, or in a dry run would issue, for people. */
export function billRunText(run: BillRun, isDryRun: boolean): string {
  const head = isDryRun ? [] : [run.documents.length === 0 ? 'Nothing was issued.' : documentsText(run.documents)]
  const nothing = isDryRun && run.bills.length === 0 ? ['Nothing would be issued.'] : []
  return [...head, ...nothing, ...waitingTexts(run, isDryRun)].join('\n')
}

function waitingTexts({ bills, digest, waiting }: BillRun, isDryRun = false): readonly string[] {
  const listed =
    bills.length === 0
      ? []
      : [
          isDryRun ? 'Would be issued:' : 'Waiting for approval:',
          table(
            ['seller', 'buyer', 'kind', 'lines', 'total', 'currency'],
            bills.map(({ seller, buyer, kind, lines, total, currency }) => {
              return [seller, buyer, kind, String(lines), total, currency]
            }),
          ),
          `digest ${digest ?? ''}`,
        ]
  const others = waiting.filter(({ reason }) => reason !== 'approval')
  return [...listed, ...others.map(waitingText)]
}

function waitingText({ seller, buyer, currency, reason, untilMs }: WaitingBill): string {
  const who = `The bill of ${seller} to ${buyer} (${currency})`
  if (reason === 'grace') return `${who} waits for late usage until ${formatInstant(untilMs ?? 0)}.`
  return `${who} waits for the one of an earlier period.`
}
