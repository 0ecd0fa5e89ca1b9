import { z } from 'zod'

const digits = z.string().regex(/^-?[0-9]+$/)
const money = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/)
const day = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/)
const party = z.strictObject({ id: z.string(), name: z.string() })
const total = z.strictObject({ amount: money, amountMicros: digits, invoicedMicros: digits, residueMicros: digits })

/** A seller or buyer, with what his billing profile said. */
const profiledParty = party.extend({
  legalName: z.string().exactOptional(),
  address: z.array(z.string()).exactOptional(),
  taxIds: z.array(z.strictObject({ scheme: z.string(), value: z.string() })).exactOptional(),
})

export const lineSchema = z.strictObject({
  description: z.string(),
  subscription: z.string(),
  offering: z.string(),
  price: z.string(),
  terms: z.string(),
  meter: z.string(),
  unit: z.string(),
  quantity: digits,
  events: z.int(),
  openingMicros: digits,
  amountMicros: digits,
  invoicedMicros: digits,
  residueMicros: digits,
  amount: money,
  segment: z.string(),
  chargesRoot: z.string().regex(/^[0-9a-f]{64}$/),
  chargeBlocks: z.int(),
  // Documents that were issued before lines showed their parts have neither.
  days: z.array(z.strictObject({ day, quantity: digits, amountMicros: digits })).default([]),
  tiers: z
    .array(
      z.strictObject({
        fromUnits: digits,
        upToUnits: digits.nullable(),
        terms: z.string(),
        quantity: digits,
        amountMicros: digits,
      }),
    )
    .default([]),
  // What most lines do not have is left out.
  limit: z
    .strictObject({ kind: z.enum(['minimum', 'maximum']), amountMicros: digits, terms: z.string() })
    .exactOptional(),
  taxCode: z.string().exactOptional(),
  taxPercent: money.exactOptional(),
  taxRegion: z.string().exactOptional(),
  fee: z.strictObject({ due: z.enum(['in-advance', 'in-arrears', 'once']), period: z.string() }).exactOptional(),
  kind: z.enum(['fee', 'allowance', 'commitment', 'minimum', 'discount', 'split']).exactOptional(),
  fromBlock: z.int().exactOptional(),
  corrects: z.strictObject({ document: z.string().nullable(), period: z.string() }).exactOptional(),
})

const taxSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      code: z.string(),
      name: z.string(),
      region: z.string(),
      percent: money,
      baseMicros: digits,
      taxMicros: digits,
    }),
  ),
  taxMicros: digits,
  amount: money,
  grossMicros: digits,
  gross: money,
  inclusive: z.boolean(),
  note: z.string().exactOptional(),
})

export const invoiceSchema = z.strictObject({
  type: z.literal('meterline-invoice'),
  format: z.literal(1),
  // What an ordinary invoice of a tenant without billing profiles does not have is left out.
  kind: z.enum(['credit-note', 'debit-note', 'progressive']).exactOptional(),
  test: z.literal(true).exactOptional(),
  tenant: z.string(),
  series: z.string(),
  number: z.int(),
  issuedAt: z.string(),
  dueOn: day.exactOptional(),
  reason: z.string().exactOptional(),
  references: z.string().exactOptional(),
  voids: z.string().exactOptional(),
  period: z.strictObject({ key: z.string(), from: z.string(), to: z.string() }),
  seller: profiledParty,
  buyer: profiledParty,
  currency: z.string(),
  minorDigits: z.int(),
  rounding: z.enum(['half-away', 'half-even']),
  ratingVersion: z.string(),
  catalogue: z.int().exactOptional(),
  sections: z.array(z.strictObject({ account: party, depth: z.int(), lines: z.array(lineSchema), total })),
  total,
  tax: taxSchema.exactOptional(),
  ledger: z.array(
    z.strictObject({
      entity: z.string(),
      asset: z.string(),
      account: z.string(),
      debitMicros: digits,
      creditMicros: digits,
    }),
  ),
})
