import { assertThat } from '@meterline/shared/base/errors.ts'
import { emptyAccumulator } from '@meterline/shared/rating/accumulate.ts'
import { monthPeriodOf } from '@meterline/shared/units/period.ts'
import { billedDifference } from '../billing/billed-lines.ts'
import { billingContracts } from '../billing/billing-contract.ts'
import type { Bill } from '../billing/bill.ts'
import type { BilledLine, DueLine } from '../billing/due-line.ts'
import { dueLines, noHistory } from '../billing/due-lines.ts'
import { makeBill, type DuePart } from '../billing/period-bill.ts'
import { splitLines } from '../billing/split-lines.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import { novemberPeriod, rateInOrder, sampleUnit } from './sample-bills.ts'
import { november, sampleCatalogue, sampleJson } from './sample-tenant.ts'

/** Who sells to whom in the sample's bill with everything. */
export const correctedRelation: Relation = {
  seller: 'baltic',
  buyer: 'hansa',
  kind: 'sale',
  currency: 'EUR',
  buyerKeepsBooks: false,
}

type Json = Readonly<Record<string, unknown>>

/** The sample with tax codes, with profiles of a seller and his buyer, and with a fleet that shares what it owes. */
export function taxedCatalogue(buyer: Json = {}, seller: Json = {}): Catalogue {
  const json = sampleJson()
  const part = (key: string): readonly Json[] => json[key] as readonly Json[]
  return sampleCatalogue({
    ...json,
    taxCodes: [
      { id: 'standard', name: 'VAT', rates: [{ region: 'DE', percent: '19', from: '2020-01-01' }] },
      {
        id: 'content',
        name: 'VAT on content',
        rates: [
          { region: 'DE', percent: '8.5', from: '2026-11-01' },
          { region: 'DE', percent: '7', from: '2020-01-01' },
        ],
      },
    ],
    prices: part('prices').map((price) => (price['id'] === 'retail-data' ? { ...price, tax: 'standard' } : price)),
    accounts: part('accounts').map((account) =>
      account['id'] === 'south' ? { ...account, parentPays: { share: '0.25' } } : account,
    ),
    billingProfiles: [
      {
        id: 'baltic',
        legalName: 'Baltic Connect OÜ',
        address: ['Sadama 7', '10111 Tallinn', 'Estonia'],
        taxIds: [{ scheme: 'VAT', value: 'EE100200300' }],
        ...seller,
      },
      {
        id: 'hansa',
        legalName: 'Hansa Logistics GmbH & Co. KG',
        address: ['Am Kai 12', '20457 Hamburg', 'Germany'],
        taxIds: [{ scheme: 'VAT', value: 'DE812345678' }],
        region: 'DE',
        paymentDays: 30,
        ...buyer,
      },
    ],
  })
}

function hansaLine(own: Partial<DueLine> & Pick<DueLine, 'key' | 'kind' | 'description' | 'amountMicros'>): DueLine {
  return {
    periodKey: '2026-11',
    account: 'hansa',
    subscription: '',
    offering: '',
    price: '',
    terms: '',
    meter: own.kind,
    unit: '',
    quantity: 0n,
    events: 0,
    chargesMicros: 0n,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode: null,
    fee: null,
    usage: null,
    ...own,
  }
}

/** What a bill holds beside usage, one of each kind. */
const otherLines: readonly DueLine[] = [
  hansaLine({
    key: '2026-11/north-trackers/fee/dashboard',
    kind: 'fee',
    account: 'north',
    description: 'Dashboard: seat',
    subscription: 'north-trackers',
    offering: 'dashboard',
    price: 'seat',
    terms: '9.00 EUR per seats, for 2026-11, by day',
    unit: 'seats',
    quantity: 12n,
    amountMicros: 99_000_000n,
    taxCode: 'content',
    fee: { due: 'in-arrears', period: '2026-11' },
    tiers: [
      {
        fromUnits: 0n,
        upToUnits: null,
        quantity: 10n,
        amountMicros: 45_000_000n,
        terms: '15 of 30 days, from 2026-11-01 to 2026-11-16',
      },
      {
        fromUnits: 0n,
        upToUnits: null,
        quantity: 2n,
        amountMicros: 54_000_000n,
        terms: '15 of 30 days, from 2026-11-16 to 2026-12-01',
      },
    ],
  }),
  hansaLine({
    key: '2026-11/north-trackers/allowance/included/price',
    kind: 'allowance',
    account: 'north',
    description: 'Included: data.bytes',
    subscription: 'north-trackers',
    offering: 'tracker',
    price: 'included',
    terms: '1,000,000 byte per subscription and period',
    meter: 'data.bytes',
    unit: 'byte',
    quantity: 1_000_000n,
    amountMicros: -10_646_500n,
    taxCode: 'standard',
  }),
  hansaLine({
    key: '2026-11/frame/minimum/floor/hansa/standard',
    kind: 'minimum',
    description: 'Minimum of the frame contract',
    price: 'floor',
    terms: 'at least 1,500.00 EUR for 2026-11',
    amountMicros: 654_321_987n,
    taxCode: 'standard',
  }),
  hansaLine({
    key: '2026-11/frame/discount/volume/hansa/standard',
    kind: 'discount',
    description: 'Volume discount',
    price: 'volume',
    terms: '7.5 % of 1,500.00 EUR',
    amountMicros: -112_500_000n,
    taxCode: 'standard',
  }),
]

const octoberKey = `2026-10/harbour-trackers/messages/${'b'.repeat(64)}`

/** Usage of October that came after its bill. */
function octoberPart(catalogue: Catalogue): DuePart {
  const late = hansaLine({
    key: octoberKey,
    kind: 'usage',
    periodKey: '2026-10',
    account: 'harbour',
    description: 'Tracker connectivity: messages',
    subscription: 'harbour-trackers',
    offering: 'tracker',
    price: 'retail-message',
    terms: '0.0025 EUR per message',
    meter: 'messages',
    unit: 'message',
    quantity: 5_300n,
    events: 53,
    chargesMicros: 13_250_000n,
    amountMicros: 13_250_000n,
    chargeBlocks: 3,
    taxCode: 'content',
  })
  const relation = correctedRelation
  const before = { ...late, quantity: 5_000n, events: 50, chargeBlocks: 2 }
  const atClose = { ...before, chargesMicros: 12_500_000n, amountMicros: 12_500_000n }
  const first = { billed: null, chargesRoot: new Uint8Array(32), minorDigits: 2, corrects: null }
  const billed = billedDifference(relation, { due: atClose, ...first })?.billed
  const gone = billedDifference(relation, { due: creditedFee(), ...first })?.billed
  assertThat(billed !== undefined && gone !== undefined, 'lines of an amount are billed')
  const state = { accumulator: emptyAccumulator, chargesRoot: new Uint8Array(32).fill(7), chargeBlocks: 3, days: [] }
  const percent = catalogue.profile(relation.buyer).taxExemption === null ? '7' : '0'
  const onDocument = (own: BilledLine): readonly [string, BilledLine] => [
    own.key,
    { ...own, tax: { region: 'DE', percent }, document: 'baltic-000011' },
  ]
  return {
    role: 'correction',
    period: monthPeriodOf(november - 30 * 86_400_000),
    lines: [late],
    billed: new Map([billed, gone].map(onDocument)),
    segments: new Map([[octoberKey, state]]),
    document: 'baltic-000011',
  }
}

/** What was billed for October and is owed no more. */
function creditedFee(): DueLine {
  return hansaLine({
    key: '2026-10/north-trackers/fee/roaming-flat',
    kind: 'fee',
    periodKey: '2026-10',
    account: 'north',
    description: 'Roaming flat',
    subscription: 'north-trackers',
    unit: 'subscription',
    quantity: 1n,
    amountMicros: 25_000_000n,
    taxCode: 'content',
    fee: { due: 'in-arrears', period: '2026-10' },
  })
}

/**
 * The bill of an enterprise in November that holds a line of every kind: usage with tiers, a prorated fee, an allowance, a
 * minimum, a discount, a share of what a fleet owes, and late usage and a fee to be credited of October, all of it taxed.
 */
export function correctedBill(catalogue: Catalogue = taxedCatalogue()): Bill {
  const relation = correctedRelation
  const period = novemberPeriod()
  const units = [
    sampleUnit('trk-1', { 'data.bytes': 123_456_789n, messages: 120_000n }),
    sampleUnit('trk-2', { 'data.bytes': 5n }, november + 86_400_000),
    sampleUnit('van-1', { 'data.bytes': 99_999n }),
    sampleUnit('trk-3', { messages: 44_444n }),
  ]
  const { segments } = rateInOrder([{ catalogue, units }])
  const contracts = [...billingContracts({ catalogues: [catalogue], period, segmentKeys: segments.keys() }).values()]
  const [own, south] = ['hansa', 'south'].map((buyer) => contracts.find((each) => each.relation.buyer === buyer))
  assertThat(own !== undefined && south !== undefined, 'the sample has contracts of both')
  const sources = { segments, history: noHistory, catalogue }
  const lines = [...dueLines(own, sources), ...otherLines]
  const shared = [{ relation: south.relation, lines: dueLines(south, sources) }]
  const all = [...lines, ...splitLines({ relation, lines, shared, catalogue, period })]
  const part: DuePart = { role: 'own', period, lines: all, billed: new Map(), segments, document: null }
  const bill = makeBill({ relation, period, catalogues: [catalogue] }, [part, octoberPart(catalogue)])
  assertThat(bill !== null, 'there is something to bill')
  return bill
}
