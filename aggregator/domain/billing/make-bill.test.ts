import { describe, expect, test } from 'vitest'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Relation } from '../ledger/templates.ts'
import { calendarMonths, periodAfter } from '../periods/billing-cycle.ts'
import { novemberPeriod } from '../testing/sample-bills.ts'
import { sampleCatalogue } from '../testing/sample-tenant.ts'
import type { Bill } from './bill.ts'
import type { BilledLine, DueLine } from './due-line.ts'
import { makeBill, type DuePart } from './period-bill.ts'

const catalogues = [sampleCatalogue()]
const november = novemberPeriod()
const december = periodAfter(calendarMonths, november)
const relation: Relation = {
  seller: 'acme',
  buyer: 'brightdesk',
  kind: 'sale',
  currency: 'EUR',
  buyerKeepsBooks: false,
}

function feeOf(period: Period, name: string, micros: bigint): DueLine {
  return {
    key: `${period.key}/bright-ai/fee/${name}`,
    kind: 'fee',
    periodKey: period.key,
    account: 'brightdesk',
    description: name,
    subscription: 'bright-ai',
    offering: 'ai',
    price: name,
    terms: '',
    meter: 'fee',
    unit: 'subscription',
    quantity: 1n,
    events: 0,
    chargesMicros: 0n,
    amountMicros: micros,
    chargeBlocks: 0,
    days: [],
    tiers: [],
    limit: null,
    taxCode: null,
    fee: { due: 'in-advance', period: period.key },
    usage: null,
  }
}

function part(
  role: DuePart['role'],
  period: Period,
  lines: readonly DueLine[],
  billed: readonly BilledLine[],
): DuePart {
  const byKey = new Map(billed.map((line) => [line.key, line]))
  return { role, period, lines, billed: byKey, segments: new Map(), document: 'acme-000007' }
}

function bill(period: Period, ...parts: readonly DuePart[]): Bill | null {
  return makeBill({ relation, period, catalogues }, parts)
}

/** What documents say after a bill of November with these lines. */
function billedBy(...lines: readonly DueLine[]): readonly BilledLine[] {
  const made = bill(november, part('own', november, lines, []))
  return (made?.billed ?? []).map((line) => ({ ...line, document: 'acme-000007' }))
}

function shown(made: Bill | null): readonly (readonly unknown[])[] | undefined {
  return made?.sections.flatMap(({ lines }) =>
    lines.map(({ segment, amount, corrects }) => [segment.replace('/bright-ai/fee/', ' '), amount, corrects]),
  )
}

const setup = feeOf(november, 'setup', 49_000_000n)
const seat = feeOf(november, 'seat', 4_000_000n)
const ahead = feeOf(december, 'seat', 4_000_000n)
const inNovember = { document: 'acme-000007', period: november.key }

describe('a bill', () => {
  test('of a period has its lines and those in advance, and nothing of what is billed', () => {
    const first = bill(november, part('own', november, [setup, seat, ahead], []))
    expect(shown(first)).toEqual([
      ['2026-11 setup', '49.00', null],
      ['2026-11 seat', '4.00', null],
      ['2026-12 seat', '4.00', null],
    ])
    const second = bill(december, part('own', december, [ahead], billedBy(setup, seat, ahead).slice(2)))
    expect(second).toBeNull()
  })

  test('takes back what is due no more, and names the document that billed it', () => {
    const billed = billedBy(ahead).map((line) => ({ ...line, document: 'acme-000007' }))
    const cancelled = bill(december, part('own', december, [], billed))
    expect(shown(cancelled)).toEqual([['2026-12 seat', '-4.00', { document: 'acme-000007', period: '2026-12' }]])
    expect(cancelled?.kind).toBe('credit-note')
    expect(cancelled?.issueEntries).toContainEqual({
      entity: 'acme',
      asset: 'EUR',
      account: 'receivable:brightdesk',
      debitMicros: 0n,
      creditMicros: 4_000_000n,
    })
  })

  test('corrects earlier periods behind its own lines, and bills nothing in advance for them', () => {
    const dearer = { ...seat, amountMicros: 5_000_000n }
    const made = bill(
      december,
      part('own', december, [feeOf(december, 'setup', 1_000_000n)], []),
      part('correction', november, [setup, dearer, feeOf(december, 'other', 9_000_000n)], billedBy(setup, seat)),
    )
    expect(shown(made)).toEqual([
      ['2026-12 setup', '1.00', null],
      ['2026-11 seat', '1.00', inNovember],
    ])
    expect(made).toMatchObject({ kind: 'invoice', period: { key: '2026-12' }, total: { amount: '2.00' } })
  })

  test('that corrects what no line was billed of names the document of the period', () => {
    const made = bill(november, part('correction', november, [setup], []))
    expect(shown(made)).toEqual([['2026-11 setup', '49.00', inNovember]])
  })

  test('in the middle of a period leaves alone what is not due yet', () => {
    const progressive = { ...part('progressive', november, [setup], billedBy(seat)) }
    const made = makeBill({ relation, period: november, catalogues, progressive: true }, [progressive])
    expect(shown(made)).toEqual([['2026-11 setup', '49.00', null]])
    expect(made?.kind).toBe('progressive')
  })

  test('posts what no charge has, and moves all of it to receivable', () => {
    const made = bill(november, part('own', november, [seat], []))
    expect(made?.openingEntries.map(({ account }) => account)).toEqual(['unbilled:brightdesk', 'revenue'])
    expect(made?.billed).toMatchObject([{ key: seat.key, amountMicros: 4_000_000n, invoicedMicros: 4_000_000n }])
  })
})
