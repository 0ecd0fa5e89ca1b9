import { assertThat, ok, type Result } from '@meterline/shared/base/errors.ts'
import { ledgerAccounts } from '../domain/ledger/entry.ts'
import type { Claim } from '../domain/receivables/claim.ts'
import { decodeInvoice, type Invoice } from '../documents/invoice.ts'
import { dueMsOf, issuedMsOf } from '../documents/note.ts'
import type { NewDocument } from '../store/receivable-table.ts'
import type { StoreFault, TenantService } from './tenant-service.ts'

/** Documents that become open items in one transaction; between two of them other work goes on. */
const documentsPerCommit = 500

/**
 * Makes every document that was issued by now an open item. Open items follow from the documents, so those of books that
 * were begun before there were any come in with the first command that asks for them.
 */
export async function keepClaimsInStep(service: TenantService): Promise<Result<null, StoreFault>> {
  for (;;) {
    const taken = service.attempt(() => takeDocuments(service))
    if (!taken.ok) return taken
    if (taken.value < documentsPerCommit) return ok(null)
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
}

/** The same at once, for what was issued while a caller waited; inside an attempt of the service. */
export function takeLastClaims(service: TenantService): void {
  while (takeDocuments(service) === documentsPerCommit);
}

function takeDocuments({ store }: TenantService): number {
  const documents = store.receivables.newDocuments(documentsPerCommit)
  if (documents.length > 0) store.commitClaims(documents.map(claimOfRow), { logSize: store.log.size })
  return documents.length
}

function claimOfRow({ number, logIndex, bytes }: NewDocument): Claim {
  const invoice = decodeInvoice(bytes)
  assertThat(invoice.ok, `the document ${number}, which was issued, can be read`)
  return claimOfDocument(invoice.value, number, logIndex)
}

/** An issued document as an open item. */
export function claimOfDocument(invoice: Invoice, number: string, logIndex: number): Claim {
  return {
    document: number,
    seller: invoice.seller.id,
    buyer: invoice.buyer.id,
    currency: invoice.currency,
    issuedMs: issuedMsOf(invoice),
    dueMs: dueMsOf(invoice),
    grossMicros: grossMicrosOf(invoice),
    settledMicros: 0n,
    disputedMicros: 0n,
    logIndex,
  }
}

/** What its buyer owes by a document: what its entries make receivable, with tax; below zero on a credit note. */
export function grossMicrosOf({ seller, buyer, ledger }: Invoice): bigint {
  const receivable = ledgerAccounts.receivable(buyer.id)
  return ledger
    .filter(({ entity, account }) => entity === seller.id && account === receivable)
    .reduce((sum, { debitMicros, creditMicros }) => sum + BigInt(debitMicros) - BigInt(creditMicros), 0n)
}
