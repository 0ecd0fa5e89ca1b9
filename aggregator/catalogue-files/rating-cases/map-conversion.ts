import { exchangeAt, exchangeMicros } from '../../domain/margin/exchange.ts'
import { named, optionalMoney, partsOf, unitsOf, type BillFigures } from './bill-fields.ts'
import { optionalNumber, optionalText, textOf, type CaseFields } from './case-fields.ts'

const amountNames = ['localAmount', 'amount', 'total', 'price', 'charge', 'value', 'local']
const rateNames = ['exchangeRate', 'rate', 'fxRate', 'conversionRate']

/**
 * An amount in another currency at a stated rate: times the rate, or divided by it where the rule of the case says so, which
 * is the rate of the pair the other way round. Without a rule both are tried.
 */
export function mapConversion(fields: CaseFields): readonly BillFigures[] {
  const amount = optionalMoney(fields, amountNames)
  const stated = optionalNumber(fields, rateNames)
  if (amount === null || stated === null || stated.coefficient === 0n) return []
  const rule = optionalText(fields, ['rule', 'formula', 'operation'])
  const isDivided = rule === null ? null : /\/|divi|÷/i.test(rule)
  const ways = isDivided === null ? [false, true] : [isDivided]
  return ways.flatMap((divided) => {
    const [from, to] = divided ? ['other', 'own'] : ['own', 'other']
    const exchange = exchangeAt([{ id: 'case', from, to, rate: textOf(stated), fromMs: 0 }], 'own', 'other', 0)
    if (!exchange.ok) return []
    const converted = unitsOf(exchangeMicros(partsOf(amount), exchange.value))
    const names = [
      'converted',
      'convertedamount',
      'total',
      'sdr',
      'sdramount',
      'sdrunrounded',
      'result',
      'exactunrounded',
    ]
    return [{ numbers: named([[names, converted]]), lists: new Map() }]
  })
}
