/** Something that changed what a buyer owes: a document, money received, money paid back. */
export interface StatementEvent {
  readonly atMs: number
  /** Log index of the document or the decision, which orders what happened at the same time. */
  readonly logIndex: number
  readonly kind: 'invoice' | 'credit-note' | 'debit-note' | 'payment' | 'refund' | 'reversal'
  /** Number of the document, or the reference of the money. */
  readonly reference: string
  /** What the buyer owes more by it; below zero: less. */
  readonly micros: bigint
}

export interface StatementRow extends StatementEvent {
  /** What he owes after it; below zero is his credit. */
  readonly balanceMicros: bigint
}

export interface Statement {
  readonly openingMicros: bigint
  readonly rows: readonly StatementRow[]
  readonly closingMicros: bigint
}

/**
 * The account of one buyer with one seller in one currency from an instant until before another. How payments were allocated
 * changes nothing in it: what is owed is what documents ask for less what was paid.
 */
export function statementOf(events: readonly StatementEvent[], fromMs: number, toMs: number): Statement {
  let balanceMicros = 0n
  let openingMicros = 0n
  const rows: StatementRow[] = []
  for (const event of events.toSorted((left, right) => left.atMs - right.atMs || left.logIndex - right.logIndex)) {
    if (event.atMs >= toMs) continue
    balanceMicros += event.micros
    if (event.atMs < fromMs) openingMicros = balanceMicros
    else rows.push({ ...event, balanceMicros })
  }
  return { openingMicros, rows, closingMicros: balanceMicros }
}
