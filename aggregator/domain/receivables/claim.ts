/** Who owes whom in which currency. */
export interface ClaimParties {
  readonly seller: string
  readonly buyer: string
  readonly currency: string
}

/** An issued document as something to be paid. */
export interface Claim extends ClaimParties {
  /** Its number. */
  readonly document: string
  readonly issuedMs: number
  readonly dueMs: number
  /** What the buyer owes by it, with tax; below zero on a credit note. */
  readonly grossMicros: bigint
  /** What payments, credit and notes have settled of it; lies between zero and `grossMicros`. */
  readonly settledMicros: bigint
  /** What of it is disputed, with tax. Disputes that were resolved do not count. */
  readonly disputedMicros: bigint
  /** Log index of the document. */
  readonly logIndex: number
}

/** What is still open of a claim; below zero on a credit note that is not settled yet. */
export function openMicros({ grossMicros, settledMicros }: Pick<Claim, 'grossMicros' | 'settledMicros'>): bigint {
  return grossMicros - settledMicros
}

/** What can be asked for now: open and not disputed; never below zero. */
export function collectableMicros(claim: Pick<Claim, 'grossMicros' | 'settledMicros' | 'disputedMicros'>): bigint {
  const undisputed = openMicros(claim) - claim.disputedMicros
  return undisputed > 0n ? undisputed : 0n
}

/** Oldest first: by the day they are due, then in the order they were issued. */
export function byAge(left: Claim, right: Claim): number {
  return left.dueMs - right.dueMs || left.logIndex - right.logIndex
}
