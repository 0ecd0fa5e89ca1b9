import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import type { CaseOutcome } from '../catalogue-files/rating-cases/rate-case.ts'

/** How many cases came out which way; `notPrices` by what they are instead. */
export interface CasesSummary {
  readonly ok: number
  readonly notOk: number
  readonly notPrices: Readonly<Record<string, number>>
}

/** Counts the outcomes of a file of cases. */
export function summaryOf(outcomes: readonly CaseOutcome[]): CasesSummary {
  const count = (verdict: CaseOutcome['verdict']): number => outcomes.filter((each) => each.verdict === verdict).length
  const notPrices: Record<string, number> = {}
  for (const { verdict, remark } of outcomes) {
    if (verdict === 'not a price') notPrices[remark] = (notPrices[remark] ?? 0) + 1
  }
  return { ok: count('ok'), notOk: count('not ok'), notPrices }
}

/** One line per case and a summary below. */
export function ratedCasesText(outcomes: readonly CaseOutcome[]): string {
  const { ok, notOk, notPrices } = summaryOf(outcomes)
  const others = Object.entries(notPrices).map(([what, count]) => `${count} ${what}`)
  const sum = outcomes.length - ok - notOk
  const summary = `${ok} ok, ${notOk} not ok, ${sum} not a price${others.length === 0 ? '' : ` (${others.join(', ')})`}`
  if (outcomes.length === 0) return 'The file has no cases.'
  const rows = outcomes.map((each) => [cell(each.id), cell(each.expected), cell(each.got), oneLine(verdictText(each))])
  return `${table(['case', 'expected', 'got', 'result'], rows)}\n${summary}`
}

const widestCell = 48

/** A text that lines stay readable with; `--json` has all of it. */
function cell(text: string): string {
  const line = oneLine(text)
  if (line === '') return '-'
  return line.length > widestCell ? `${line.slice(0, widestCell - 1)}…` : line
}

function verdictText({ verdict, remark }: CaseOutcome): string {
  return remark === '' ? verdict : `${verdict} (${remark})`
}
