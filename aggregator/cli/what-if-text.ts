import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import type { SimulatedBill, SimulatedLine, Simulation } from '../flow/simulation-answers.ts'

/** What a file would change, for people: of every bill the lines that differ, then the totals. */
export function simulationText(simulation: Simulation): string {
  const { account, period, bills, batches, units } = simulation
  const bodies =
    bills.length === 0 ? [`Nothing is owed by ${account} for ${period}, now or then.`] : bills.map(billText)
  return [
    ...bodies,
    `Rated again: ${counted(units, 'unit')} of ${counted(batches, 'batch', 'batches')}. Nothing was written.`,
    ...notes(simulation),
  ].join('\n')
}

function billText(bill: SimulatedBill): string {
  const { seller, buyer, currency, lines, now, tried, difference, billed } = bill
  const differing = lines.filter(differs)
  const same = lines.length - differing.length
  const rows = [
    ...differing.map(lineCells),
    ['', 'all lines', now.lines, tried.lines, difference.lines, billed, isAmount(billed) ? bill.sinceBilled : ''],
    ...(isAmount(now.tax) || isAmount(tried.tax) ? [['', 'tax', now.tax, tried.tax, difference.tax, '', '']] : []),
    ['', 'to pay', now.toPay, tried.toPay, difference.toPay, '', ''],
  ]
  const head = ['account', 'line', 'now', 'then', 'difference', 'billed', 'since billed']
  const others = same === 0 ? [] : [`${counted(same, 'line')} would stay as ${same === 1 ? 'it is' : 'they are'}.`]
  const added = BigInt(bill.suspendedMicros)
  const suspense =
    added === 0n ? [] : [`Usage in suspense would add ${formatMicros(added)} ${currency} to its charges.`]
  const shown = table(head, rows).replaceAll(/ +$/gm, '')
  return [`${seller} to ${buyer} in ${currency}`, shown, ...others, ...suspense].join('\n')
}

/** Whether a line is worth showing: by the file it is another one, or documents say otherwise. */
function differs({ now, tried, sinceBilled, billed }: SimulatedLine): boolean {
  if (now?.amountMicros !== tried?.amountMicros || now?.quantity !== tried?.quantity) return true
  return isAmount(billed) && isAmount(sinceBilled)
}

function isAmount(text: string): boolean {
  return /[1-9]/.test(text)
}

function lineCells(line: SimulatedLine): readonly string[] {
  const { account, description, now, tried, difference, billed, sinceBilled } = line
  return [
    account,
    oneLine(description),
    now?.amount ?? '-',
    tried?.amount ?? '-',
    difference,
    billed,
    isAmount(billed) ? sinceBilled : '',
  ]
}

function notes({ notCharged, suspended, obstacles, file }: Simulation): readonly string[] {
  const left = notCharged.map(({ code, units, message }) => {
    return `Would not be charged any more (${code}): ${counted(units, 'unit')}, the first because ${oneLine(message)}`
  })
  const listed = suspended.listed.map(({ logIndex, unit, code, source, eventId, timeMs }) => {
    const event = `${source} ${eventId ?? 'without id'} of ${formatInstant(timeMs)}`
    return `  ${logIndex}:${unit}  ${code}  ${oneLine(event)}`
  })
  const more = suspended.units - suspended.listed.length
  const chargeable =
    suspended.units === 0
      ? []
      : [
          `In suspense, and would be charged once it is replayed: ${counted(suspended.units, 'unit')}, on none of these bills.`,
          ...listed,
          ...(more === 0 ? [] : [`  and ${more} more`]),
        ]
  const refused =
    obstacles.length === 0
      ? []
      : [`${file} could not be applied as it is, only tried:`, ...obstacles.map((text) => `  ${text}`)]
  return [...left, ...chargeable, ...refused]
}
