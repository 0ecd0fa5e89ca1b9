import type { Decimal } from '@meterline/shared/units/decimal.ts'

/** A price as a tenant file writes it, without name and meter. */
export type WrittenPrice = { readonly model: string } & { readonly [key: string]: unknown }

/** One usage event of a case. */
export interface CaseUsage {
  /** Base units. */
  readonly quantity: bigint
  readonly timeMs: number
  readonly labels: readonly (readonly [string, string])[]
  readonly facts: readonly (readonly [string, bigint])[]
}

/** One price of a case with what is charged by it. */
export interface CaseCharge {
  /** Such as `output`; empty where the case has only one. */
  readonly name: string
  readonly price: WrittenPrice
  /** What was used earlier in the period; its charges are not asked for. */
  readonly before: readonly CaseUsage[]
  readonly usage: readonly CaseUsage[]
}

/** A case as the catalogue would hold it. */
export interface MappedCase {
  readonly charges: readonly CaseCharge[]
  /** What a single unit is divided by to give an average price; null where that is not asked. */
  readonly units: Decimal | null
  /** What earlier bills of the period came to, where the case says so. */
  readonly previouslyBilled: Decimal | null
  /** Which of the ways of its source to count the case follows, for people; empty where there is only one. */
  readonly convention: string
}

/** A mapped case of one charge. */
export function singleCharge(
  charge: Omit<CaseCharge, 'name'>,
  units: Decimal | null,
  previouslyBilled: Decimal | null = null,
): MappedCase {
  return { charges: [{ ...charge, name: '' }], units, previouslyBilled, convention: '' }
}

/** Usage events that follow each other. */
export function usageOf(quantities: readonly bigint[]): readonly CaseUsage[] {
  return quantities.map((quantity, timeMs) => usageAt(quantity, timeMs))
}

/** One usage event at an instant. */
export function usageAt(quantity: bigint, timeMs: number, facts: CaseUsage['facts'] = []): CaseUsage {
  return { quantity, timeMs, labels: [], facts }
}
