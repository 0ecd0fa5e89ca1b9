import { z } from 'zod'
import type { Result } from '@meterline/shared/base/errors.ts'
import { marginGroups } from '../domain/margin/margin-rows.ts'
import type { Commands } from '../flow/commands.ts'
import { limit, personsNote, tenant } from './input-schemas.ts'
import { withTenant } from './with-tenant.ts'

const amount = z.string().max(40, 'is no amount')
/** What a bank calls a payment, a document's number, the key of a line or of a decision. */
const reference = z.string().trim().min(1, 'is empty').max(1_024, 'has more than 1024 characters')
const instantMs = z.int().min(0)
const key = reference.nullable().default(null)
const parties = {
  buyer: z.string().min(1),
  seller: z.string().min(1).nullable().default(null),
  currency: z.string().min(1).nullable().default(null),
}
const documents = z
  .array(z.strictObject({ document: reference, amount: amount.nullable().default(null) }))
  .min(1, 'names no document')
  .max(200, 'names more than 200 documents: go in parts')
  .nullable()
  .default(null)
const deciding = { tenant, key, by: personsNote }

/** What the commands about money between two parties take. */
export const receivableInputs = {
  'payment-record': z.strictObject({
    ...deciding,
    ...parties,
    amount,
    reference,
    receivedMs: instantMs.nullable().default(null),
    documents,
  }),
  'payment-reverse': z.strictObject({ tenant, payment: z.int().min(0), reason: personsNote, by: personsNote }),
  'credit-allocate': z.strictObject({ ...deciding, ...parties, documents }),
  'credit-refund': z.strictObject({ ...deciding, ...parties, amount: amount.nullable().default(null), reference }),
  'credit-apply': z.strictObject({ tenant }),
  'note-issue': z.strictObject({
    ...deciding,
    kind: z.enum(['credit-note', 'debit-note']),
    document: reference,
    lines: z
      .array(z.strictObject({ key: reference, amount: amount.nullable().default(null) }))
      .min(1, 'names no line')
      .max(1_000, 'names more than 1000 lines: write more than one note')
      .nullable()
      .default(null),
    amount: amount.nullable().default(null),
    reason: personsNote,
  }),
  'document-void': z.strictObject({
    ...deciding,
    document: reference,
    reason: personsNote,
    toCredit: z.boolean().default(false),
  }),
  'dispute-open': z.strictObject({
    ...deciding,
    document: reference,
    line: reference,
    amount: amount.nullable().default(null),
    reason: personsNote,
  }),
  'dispute-resolve': z.strictObject({
    ...deciding,
    dispute: z.int().min(0),
    outcome: z.enum(['credited', 'rejected']),
    amount: amount.nullable().default(null),
    reason: personsNote,
  }),
  'dispute-list': z.strictObject({ tenant, all: z.boolean().default(false), limit }),
  'dispute-show': z.strictObject({ tenant, dispute: z.int().min(0) }),
  'receivable-list': z.strictObject({
    tenant,
    ...parties,
    buyer: z.string().min(1).nullable().default(null),
    all: z.boolean().default(false),
    limit,
  }),
  'receivable-lines': z.strictObject({ tenant, document: reference }),
  'receivable-decisions': z.strictObject({ tenant, ...parties, limit }),
  'receivable-aging': z.strictObject({
    tenant,
    asOfMs: instantMs.nullable().default(null),
    buyer: z.string().min(1).nullable().default(null),
  }),
  margin: z.strictObject({ tenant, period: z.string(), by: z.enum(marginGroups).default('leg') }),
  'account-statement': z.strictObject({
    tenant,
    ...parties,
    fromMs: instantMs.nullable().default(null),
    toMs: instantMs.nullable().default(null),
  }),
} as const

type ReceivableName = keyof typeof receivableInputs
type Answers = {
  readonly [Name in ReceivableName]: (input: z.output<(typeof receivableInputs)[Name]>) => Promise<Result<unknown>>
}

/** Answers them. */
export function receivableAnswers(commands: Commands): Answers {
  return {
    'payment-record': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.paymentRecord(found, order)),
    'payment-reverse': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.paymentReverse(found, order)),
    'credit-allocate': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.creditAllocate(found, order)),
    'credit-refund': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.creditRefund(found, order)),
    'credit-apply': ({ tenant: named }) => withTenant(commands, named, (found) => commands.creditsApply(found)),
    'note-issue': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.noteIssue(found, order)),
    'document-void': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.documentVoid(found, order)),
    'dispute-open': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.disputeOpen(found, order)),
    'dispute-resolve': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.disputeResolve(found, order)),
    'dispute-list': ({ tenant: named, ...request }) =>
      withTenant(commands, named, (found) => commands.disputeList(found, request)),
    'dispute-show': ({ tenant: named, dispute }) =>
      withTenant(commands, named, (found) => commands.disputeShow(found, dispute)),
    'receivable-list': ({ tenant: named, buyer, seller, currency, ...request }) =>
      withTenant(commands, named, (found) =>
        commands.receivableList(found, { ...request, parties: buyer === null ? null : { buyer, seller, currency } }),
      ),
    'receivable-lines': ({ tenant: named, document }) =>
      withTenant(commands, named, (found) => commands.receivableLines(found, document)),
    'receivable-decisions': ({ tenant: named, limit: most, ...own }) =>
      withTenant(commands, named, (found) => commands.receivableDecisions(found, { parties: own, limit: most })),
    'receivable-aging': ({ tenant: named, ...request }) =>
      withTenant(commands, named, (found) => commands.receivableAging(found, request)),
    margin: ({ tenant: named, ...request }) => withTenant(commands, named, (found) => commands.margin(found, request)),
    'account-statement': ({ tenant: named, fromMs, toMs, ...own }) =>
      withTenant(commands, named, (found) => commands.accountStatement(found, { parties: own, fromMs, toMs })),
  }
}
