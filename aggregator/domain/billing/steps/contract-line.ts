import type { DueLine, LineKind } from '../due-line.ts'

/** What a line of a contract says; the rest follows. */
export interface ContractLine {
  readonly kind: Extract<LineKind, 'commitment' | 'minimum' | 'discount'>
  readonly periodKey: string
  readonly contract: string
  /** Id of the rule, and behind `~` which of its lines it is where it makes several. */
  readonly rule: string
  /** Whose section it stands in. */
  readonly account: string
  readonly taxCode: string | null
  /** Whether the tax code tells it from other lines of the rule. */
  readonly isByTaxCode: boolean
  readonly description: string
  readonly terms: string
  readonly amountMicros: bigint
}

/** A line that a contract makes: one of its kind, without charges, with itself as its only tier. */
export function contractLine(own: ContractLine): DueLine {
  const { kind, periodKey, contract, rule, account, taxCode, isByTaxCode, description, terms, amountMicros } = own
  const [price = rule] = rule.split('~')
  return {
    key: `${periodKey}/${contract}/${kind}/${rule}/${account}${isByTaxCode && taxCode !== null ? `/${taxCode}` : ''}`,
    kind,
    periodKey,
    account,
    description,
    subscription: '',
    offering: '',
    price,
    terms,
    meter: kind,
    unit: kind,
    quantity: 1n,
    events: 0,
    chargesMicros: 0n,
    amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: [{ fromUnits: 0n, upToUnits: null, quantity: 1n, amountMicros, terms }],
    limit: null,
    taxCode,
    fee: null,
    usage: null,
  }
}
