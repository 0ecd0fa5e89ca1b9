import type { Billed } from './billed-book.ts'
import { periodAfter } from './billing-cycles.ts'
import { allowanceDues, chargedParts } from './due-charges.ts'
import type { KnownBefore, Standing } from './due-charges.ts'
import { contractDues } from './due-contract.ts'
import type { DuePart } from './due-contract.ts'

/** What contracts and included units make of a period, and what documents say of it, in words that are the same. */
export interface ContractComparison {
  readonly expected: string
  readonly found: string
}

/**
 * Compares what is included in a period and what contracts ask for with what documents say so far. `billed` are the lines
 * between the two of the period and, where the document `isOwn` and asks for sums in advance, of the next one. `known`: what
 * corrections go by.
 */
export function compareContracts(
  standing: Standing,
  period: string,
  isOwn: boolean,
  billed: readonly Billed[],
  known: KnownBefore,
): ContractComparison {
  const { plan, buyer } = standing
  const memory = new Map<string, readonly DuePart[]>()
  const charged = (of: string): readonly DuePart[] => {
    const parts = memory.get(of) ?? chargedParts(standing, of, known)
    memory.set(of, parts)
    return parts
  }
  const dues = new Map<string, bigint>()
  const add = (sums: Map<string, bigint>, name: string, micros: bigint): void =>
    void sums.set(name, (sums.get(name) ?? 0n) + micros)
  for (const { subscription, allowance, amountMicros } of allowanceDues(standing, period))
    add(dues, `${period} allowance ${subscription} ${allowance}`, amountMicros)
  if ((plan.contracts ?? []).some(({ account }) => account === buyer))
    for (const due of contractDues({ plan, buyer, charged }, period))
      if (isOwn || due.period === period)
        add(dues, `${due.period} ${due.kind} ${due.contract} ${due.rule}`, due.amountMicros)
  const stated = new Map<string, bigint>()
  for (const { key, amountMicros } of billed) {
    const [of = '', owner = '', kind = '', name = ''] = key.split('/')
    if (kind === 'split') continue
    add(stated, `${of} ${kind} ${owner} ${name.split('~')[0] ?? ''}`, amountMicros)
  }
  return { expected: textOf(dues), found: textOf(stated) }
}

/** The period of a document and the one after, which it may ask for in advance. */
export function periodsOfBill(standing: Standing, period: string): readonly string[] {
  return [period, periodAfter(standing.plan, period)]
}

function textOf(sums: ReadonlyMap<string, bigint>): string {
  const all = [...sums].filter(([, micros]) => micros !== 0n).map(([name, micros]) => `${name} ${micros}`)
  return all.toSorted().join(', ')
}
