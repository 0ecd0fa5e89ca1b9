/** Commas between the thousands of the whole part of a decimal text: `1234567.5` is `1,234,567.5`. */
export function withThousands(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.')
  const grouped = whole.replaceAll(/\B(?=([0-9]{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** A decimal amount with at least two digits after the point, as money is written: `3` is `3.00`. */
export function writtenMoney(amount: string): string {
  const [whole = '0', fraction = ''] = amount.split('.')
  return withThousands(`${whole}.${fraction.padEnd(2, '0')}`)
}

/** A count of base units: `1,000,000`. */
export function writtenCount(count: bigint): string {
  return withThousands(count.toString())
}

/** What an amount is for: `EUR per token`, `EUR per 1,000,000 token`. */
export function perUnits(per: bigint, currency: string, unit: string): string {
  return per === 1n ? `${currency} per ${unit}` : `${currency} per ${writtenCount(per)} ${unit}`
}
