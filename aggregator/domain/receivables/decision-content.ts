import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { ClaimParties } from './claim.ts'
import type { Moves } from './moves.ts'

const digits = z.string().regex(/^-?[0-9]+$/)
const settlement = z.strictObject({ document: z.string(), micros: digits })

/** What every decision about money says. */
const common = {
  format: z.literal(1),
  /** Under it the decision is found when it is asked for again; unique in the tenant. */
  key: z.string(),
  /** SHA-256 of what was asked for (hexadecimal): the same key with another one is a mistake. */
  request: z.string().regex(/^[0-9a-f]{64}$/),
  /** Who decided it; null: it follows from the rules by itself. */
  by: z.string().nullable(),
  at: z.string(),
  seller: z.string(),
  buyer: z.string(),
  currency: z.string(),
  moves: z.strictObject({ settlements: z.array(settlement), creditMicros: digits, cashMicros: digits }),
}

const contentSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('payment'), ...common, reference: z.string(), receivedAt: z.string() }),
  z.strictObject({ name: z.literal('allocation'), ...common }),
  z.strictObject({ name: z.literal('refund'), ...common, reference: z.string() }),
  z.strictObject({
    name: z.literal('payment-reversal'),
    ...common,
    /** Log index of the payment. */
    payment: z.int(),
    reason: z.string(),
  }),
  z.strictObject({
    name: z.enum(['credit-note', 'debit-note', 'void']),
    ...common,
    /** The document it is about, and the one that was issued. */
    document: z.string(),
    note: z.string(),
    reason: z.string(),
  }),
  z.strictObject({
    name: z.literal('dispute'),
    ...common,
    document: z.string(),
    line: z.string(),
    /** As the lines of the document count, and with tax. */
    lineMicros: digits,
    disputedMicros: digits,
    reason: z.string(),
    /** The charges the line was made of, as the document commits to them. */
    evidence: z.strictObject({
      segment: z.string(),
      fromBlock: z.int(),
      chargeBlocks: z.int(),
      chargesRoot: z.string(),
      amountMicros: digits,
    }),
  }),
  z.strictObject({
    name: z.literal('dispute-resolution'),
    ...common,
    /** Log index of the dispute. */
    dispute: z.int(),
    outcome: z.enum(['credited', 'rejected']),
    /** The credit note it was resolved by. */
    note: z.string().nullable(),
    reason: z.string(),
  }),
])

/** What a decision about money says, as it stands in the log: amounts and times are texts. */
export type DecisionContent = z.infer<typeof contentSchema>
export type DecisionName = DecisionContent['name']

/** The immutable bytes of a decision: canonical JSON (RFC 8785) in UTF-8. */
export function encodeDecision(content: DecisionContent): Uint8Array {
  return new TextEncoder().encode(canonicalJson(content satisfies JsonValue))
}

/** Reads the content of a decision entry. */
export function decodeDecision(bytes: Uint8Array): Result<DecisionContent, Fault<'decision_malformed'>> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return failed(fault('decision_malformed', 'the decision is no JSON text: its bytes are damaged'))
  }
  const parsed = contentSchema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('.') ?? ''
  return failed(fault('decision_malformed', `the decision cannot be read at ${place}: ${issue?.message ?? ''}`))
}

/** Moves as a decision writes them. */
export function movesJson({ settlements, creditMicros, cashMicros }: Moves): DecisionContent['moves'] {
  return {
    settlements: settlements.map(({ document, micros }) => ({ document, micros: micros.toString() })),
    creditMicros: creditMicros.toString(),
    cashMicros: cashMicros.toString(),
  }
}

/** The moves of a decision. */
export function movesOf({ moves }: Pick<DecisionContent, 'moves'>): Moves {
  return {
    settlements: moves.settlements.map(({ document, micros }) => ({ document, micros: BigInt(micros) })),
    creditMicros: BigInt(moves.creditMicros),
    cashMicros: BigInt(moves.cashMicros),
  }
}

/** Whom a decision is about. */
export function partiesOf({ seller, buyer, currency }: DecisionContent): ClaimParties {
  return { seller, buyer, currency }
}
