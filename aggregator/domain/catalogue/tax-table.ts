import type { TaxCode, TaxRate } from './tax-code.ts'

/** What the tax codes of a tenant file come to. */
export interface TaxTable {
  /** What people call a code. */
  nameOf(code: string): string
  /** Percent as exact decimal text in a region at an instant; null where the code is not taxed there then. */
  percentAt(code: string, region: string, timeMs: number): string | null
}

/** Arranges the rates of all codes by code and region, in their order of time. */
export function taxTable(codes: readonly TaxCode[]): TaxTable {
  const ratesOf = new Map<string, TaxRate[]>()
  for (const { id, rates } of codes) {
    for (const rate of rates) {
      const key = tableKey(id, rate.region)
      const known = ratesOf.get(key)
      if (known === undefined) ratesOf.set(key, [rate])
      else known.push(rate)
    }
  }
  for (const rates of ratesOf.values()) rates.sort((left, right) => left.fromMs - right.fromMs)
  const names = new Map(codes.map(({ id, name }) => [id, name]))
  return {
    nameOf: (code) => names.get(code) ?? code,
    percentAt: (code, region, timeMs) =>
      ratesOf.get(tableKey(code, region))?.findLast(({ fromMs }) => fromMs <= timeMs)?.percent ?? null,
  }
}

/** No id of a tenant file holds a space. */
function tableKey(code: string, region: string): string {
  return `${code} ${region}`
}
