import type { DocumentLine, StoredDocument } from './stored-document.ts'

/** What documents say so far of one thing that a buyer owes for. */
export interface Billed {
  readonly key: string
  readonly subscription: string
  readonly meter: string
  readonly seller: string
  readonly buyer: string
  /** Of the period that it is for. */
  readonly period: string
  readonly isFee: boolean
  /** An allowance, minimum, commitment, discount or split. */
  readonly isOfContract: boolean
  /** What it is counted in. */
  readonly unit: string
  /** Numbers of the documents that it stands on, oldest first. */
  readonly documents: string[]
  quantity: bigint
  amountMicros: bigint
  openingMicros: bigint
  invoicedMicros: bigint
  /** Charge blocks of its segment. */
  blocks: number
}

/** All lines of all documents, added up by what they are for: a line has its key for ever, whatever document it stands on. */
export class BilledBook {
  readonly #billed = new Map<string, Billed>()

  get all(): Iterable<Billed> {
    return this.#billed.values()
  }

  /** What documents say of a key so far; undefined when none does. */
  of(key: string): Billed | undefined {
    return this.#billed.get(key)
  }

  /** What was billed between two parties for a period. */
  between(seller: string, buyer: string, period: string): readonly Billed[] {
    return [...this.#billed.values()].filter(
      (each) => each.seller === seller && each.buyer === buyer && each.period === period,
    )
  }

  /** What was billed of a subscription for a period. */
  ofSubscription(subscription: string, period: string): readonly Billed[] {
    return [...this.#billed.values()].filter((each) => each.subscription === subscription && each.period === period)
  }

  /** Takes a document back: what is known of its lines is what the documents before it say. False: another one came after it. */
  takeOut({ row, lines }: StoredDocument): boolean {
    let isLast = true
    for (const line of lines) {
      const known = this.#billed.get(line.segment)
      if (known?.documents.at(-1) !== row.number) {
        isLast = false
        continue
      }
      known.documents.pop()
      known.quantity -= line.quantity
      known.amountMicros -= line.amountMicros
      known.openingMicros -= line.openingMicros
      known.invoicedMicros -= line.invoicedMicros
      known.blocks -= line.chargeBlocks
      if (known.documents.length === 0) this.#billed.delete(line.segment)
    }
    return isLast
  }

  add({ row, seller, buyer }: StoredDocument, line: DocumentLine): Billed {
    const known = this.#billed.get(line.segment) ?? {
      key: line.segment,
      subscription: line.subscription,
      meter: line.meter,
      seller,
      buyer,
      period: periodOfKey(line.segment),
      isFee: line.feePeriod !== null,
      isOfContract: line.feePeriod === null && !line.isUsage,
      unit: line.unit,
      documents: [],
      quantity: 0n,
      amountMicros: 0n,
      openingMicros: 0n,
      invoicedMicros: 0n,
      blocks: 0,
    }
    this.#billed.set(line.segment, known)
    known.documents.push(row.number)
    known.quantity += line.quantity
    known.amountMicros += line.amountMicros
    known.openingMicros += line.openingMicros
    known.invoicedMicros += line.invoicedMicros
    known.blocks += line.chargeBlocks
    return known
  }
}

/** Every key begins with the period it is of. */
export function periodOfKey(key: string): string {
  return key.slice(0, key.indexOf('/'))
}
