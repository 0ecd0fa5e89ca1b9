import { assertThat } from '@meterline/shared/base/errors.ts'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import type { TenantFile } from '../../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from '../parse-tenant-file.ts'

/** A tenant file with a customer that has moved and will again, fleets paid for in two ways, and billing cycles. */
export const movingFile = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters: [{ id: data, unit: byte }, { id: calls, unit: call }]
prices: [{ id: data-price, meter: data, model: per-unit, amount: "1" }]
offerings: [{ id: all, name: All, prices: [data-price] }]
partners: [{ id: roam, name: Roam }]
accounts:
  - { id: upper, kind: reseller, parent: acme, name: Upper, payer: self }
  - { id: lower, kind: reseller, parent: acme, name: Lower, payer: self }
  - { id: north, kind: customer, parent: upper, name: North, payer: self, moves: [{ at: 2026-03-14T23:00:00Z, parent: lower }, { at: 2026-09-14T22:00:00Z, parent: acme }] }
  - { id: east, kind: fleet, parent: north, name: East, payer: parent }
  - { id: west, kind: fleet, parent: north, name: West, payer: self, parentPays: { meters: [data] } }
cycles: [{ id: mid, day: 15, zone: Europe/Berlin }, { id: spare, day: 7 }]
billingProfiles: [{ id: north, cycle: mid }, { id: west, cycle: mid }, { id: roam, paymentDays: 30 }]
subscriptions:
  - { id: upper-buys, account: upper, offering: all, from: 2026-01-01 }
  - { id: lower-buys, account: lower, offering: all, from: 2026-01-01 }
  - { id: east-uses, account: east, offering: all, from: 2026-01-01, subjects: [a] }
  - { id: west-uses, account: west, offering: all, from: 2026-08-01, subjects: [b] }
`.trimStart()
/** 2026-06-15, after the first move and before the second. */
const june = Date.UTC(2026, 5, 15)

/** Reads a file in June, after another version of it or none. */
export function read(text: string, earlier: TenantFile | null): ReturnType<typeof parseTenantFile> {
  return parseTenantFile('acme.yaml', text, earlier, june)
}

/** A file that is right. */
export function accepted(text: string): TenantFile {
  const parsed = read(text, null)
  if (!parsed.ok) throw new Error(formatMistakes(parsed.mistakes))
  return parsed.value
}

/** The mistakes of the file with one text replaced, each with what stands at its place. */
export function mistakesWith(text: string, replacement: string, earlier: TenantFile | null): string {
  assertThat(movingFile.includes(text), `the file has ${text}`)
  const changed = movingFile.replace(text, replacement)
  const parsed = read(changed, earlier)
  const lines = changed.split('\n')
  return (parsed.ok ? [] : parsed.mistakes)
    .map((mistake) => {
      const excerpt = lines[mistake.line - 1]?.slice(mistake.column - 1).slice(0, 9) ?? ''
      return formatMistake({ ...mistake, file: `«${excerpt.trimEnd()}»`, line: 0, column: 0 })
    })
    .join('\n')
}
