import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { allocateNamed, allocateOldestFirst } from '../domain/receivables/allocate.ts'
import type { ClaimParties } from '../domain/receivables/claim.ts'
import { settledMicros, type Settlement } from '../domain/receivables/moves.ts'
import { nothingElse } from '../store/money-decision-writes.ts'
import { decideOnce, type MoneyDecision } from './money-decisions.ts'
import { amountMicros, partiesNamed, type NamedParties } from './receivable-parties.ts'
import type { TenantService } from './tenant-service.ts'

/** A document to be settled, and with how much in units of the currency; null: as much as there is. */
export interface NamedDocument {
  readonly document: string
  readonly amount: string | null
}

/** Who decides, and the key it is asked for again with; null: made of what is asked for. */
export interface Deciding {
  readonly key: string | null
  readonly by: string
}

/** Money that came from a buyer. */
export interface PaymentOrder extends NamedParties, Deciding {
  readonly amount: string
  /** How the bank calls it: one payment of a seller has it. */
  readonly reference: string
  /** When it came; null: now. */
  readonly receivedMs: number | null
  /** Null: oldest first. */
  readonly documents: readonly NamedDocument[] | null
}

/** Credit of a buyer to be used for documents. */
export interface AllocationOrder extends NamedParties, Deciding {
  /** Null: oldest first. */
  readonly documents: readonly NamedDocument[] | null
}

/** Credit of a buyer that is paid back; null amount: all of it. */
export interface RefundOrder extends NamedParties, Deciding {
  readonly amount: string | null
  readonly reference: string
}

/**
 * Records that a buyer paid. It settles the documents that are named, or the oldest first as far as they are not disputed;
 * what is left is his credit.
 */
export async function recordPayment(
  service: TenantService,
  clock: Clock,
  { by, key, ...order }: PaymentOrder,
): Promise<Result<MoneyDecision>> {
  const found = partiesNamed(service, order)
  if (!found.ok) return found
  const parties = found.value
  const paid = amountMicros(order.amount, parties.currency)
  if (!paid.ok) return paid
  const { documents, reference, receivedMs } = order
  if (receivedMs !== null && receivedMs > clock.wallMs()) {
    return failed(fault('payment_future', `${formatInstant(receivedMs)} is in the future: record money that came.`))
  }
  const request = {
    ...parties,
    amount: paid.value.toString(),
    reference,
    documents: documentsJson(documents),
    receivedMs,
  }
  const derivedKey = (): string => `payment:${parties.seller}:${reference}`
  return await decideOnce(service, clock, { name: 'payment', key, derivedKey, request, by }, (_logIndex, nowMs) => {
    const settlements = settlementsOf(service, parties, documents, paid.value)
    if (!settlements.ok) return settlements
    const cashAtMs = receivedMs ?? nowMs
    return ok({
      parties,
      moves: {
        settlements: settlements.value,
        creditMicros: paid.value - settledMicros(settlements.value),
        cashMicros: paid.value,
      },
      cashAtMs,
      content: { name: 'payment' as const, reference, receivedAt: formatInstant(cashAtMs) },
      issued: null,
      writes: nothingElse,
    })
  })
}

/** Uses a buyer's credit for documents that are open. */
export async function allocateCredit(
  service: TenantService,
  clock: Clock,
  { by, key, ...order }: AllocationOrder,
): Promise<Result<MoneyDecision>> {
  const found = partiesNamed(service, order)
  if (!found.ok) return found
  const parties = found.value
  const request = { ...parties, documents: documentsJson(order.documents) }
  // What is used once is gone, so that only a key of the caller's own makes two of these the same.
  const derivedKey = (logIndex: number): string => `allocation:${logIndex}`
  return await decideOnce(service, clock, { name: 'allocation', key, derivedKey, request, by }, () => {
    const creditMicros = service.store.receivables.creditOf(parties)
    const settlements = settlementsOf(service, parties, order.documents, creditMicros)
    if (!settlements.ok) return settlements
    const used = settledMicros(settlements.value)
    if (used === 0n) return failed(nothingToUse(parties, creditMicros))
    return ok({
      parties,
      moves: { settlements: settlements.value, creditMicros: -used, cashMicros: 0n },
      cashAtMs: null,
      content: { name: 'allocation' as const },
      issued: null,
      writes: nothingElse,
    })
  })
}

/** Records that a buyer's credit was paid back to him. */
export async function recordRefund(
  service: TenantService,
  clock: Clock,
  { by, key, ...order }: RefundOrder,
): Promise<Result<MoneyDecision>> {
  const found = partiesNamed(service, order)
  if (!found.ok) return found
  const parties = found.value
  const { amount, reference } = order
  const asked = amount === null ? ok(null) : amountMicros(amount, parties.currency)
  if (!asked.ok) return asked
  const request = { ...parties, amount: asked.value?.toString() ?? null, reference }
  const derivedKey = (): string => `refund:${parties.seller}:${reference}`
  return await decideOnce(service, clock, { name: 'refund', key, derivedKey, request, by }, () => {
    const creditMicros = service.store.receivables.creditOf(parties)
    const refunded = asked.value ?? creditMicros
    if (refunded <= 0n || refunded > creditMicros) {
      const text = `${parties.buyer} has ${formatMicros(creditMicros)} ${parties.currency} of credit with ${parties.seller}, no more can be paid back.`
      return failed(fault('credit_too_small', text))
    }
    return ok({
      parties,
      moves: { settlements: [], creditMicros: -refunded, cashMicros: -refunded },
      cashAtMs: null,
      content: { name: 'refund' as const, reference },
      issued: null,
      writes: nothingElse,
    })
  })
}

function settlementsOf(
  { store }: TenantService,
  parties: ClaimParties,
  documents: readonly NamedDocument[] | null,
  micros: bigint,
): Result<readonly Settlement[]> {
  if (documents === null) return ok(allocateOldestFirst(store.receivables.openOf(parties), micros))
  const asked: { document: string; micros: bigint | null }[] = []
  for (const { document, amount } of documents) {
    const parsed = amount === null ? ok(null) : amountMicros(amount, parties.currency)
    if (!parsed.ok) return parsed
    asked.push({ document, micros: parsed.value })
  }
  return allocateNamed(store.receivables.ofParties(parties), asked, micros)
}

function documentsJson(documents: readonly NamedDocument[] | null): readonly { [key: string]: string | null }[] | null {
  return documents === null ? null : documents.map(({ document, amount }) => ({ document, amount }))
}

function nothingToUse({ seller, buyer, currency }: ClaimParties, creditMicros: bigint): ReturnType<typeof fault> {
  const text = `${buyer} has ${formatMicros(creditMicros)} ${currency} of credit with ${seller}, and nothing is open that it could be used for.`
  return fault('nothing_to_allocate', text)
}
