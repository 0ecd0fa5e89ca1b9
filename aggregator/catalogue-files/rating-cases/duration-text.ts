import { parseDecimal, type Decimal } from '@meterline/shared/units/decimal.ts'
import { optionalNumbers, optionalText, requiredNumber, scaledTo, type CaseFields } from './case-fields.ts'

const secondsPerUnit: Readonly<Record<string, bigint>> = { h: 3600n, m: 60n, s: 1n }

/** Durations in seconds: numbers, or texts such as `2m10s`. A list gives all of them. */
export function readDurations(fields: CaseFields, names: readonly string[]): readonly Decimal[] {
  const text = optionalText(fields, names)
  const seconds = text === null ? null : secondsOf(text)
  if (seconds !== null) return [seconds]
  return optionalNumbers(fields, names) ?? [requiredNumber(fields, names, 'how long it took, in seconds')]
}

/** The seconds of a text such as `2m10s` or `1.5h`; null where it is none. */
export function secondsOf(text: string): Decimal | null {
  if (!/^(?:\d+(?:\.\d+)?[hms])+$/.test(text)) return null
  const thousandths = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)].reduce((total, [, number = '', unit = '']) => {
    const parsed = parseDecimal(number)
    const amount = parsed.ok ? scaledTo(parsed.value, 1000n) : 0n
    return total + amount * (secondsPerUnit[unit] ?? 0n)
  }, 0n)
  return thousandths % 1000n === 0n
    ? { coefficient: thousandths / 1000n, scale: 0 }
    : { coefficient: thousandths, scale: 3 }
}
