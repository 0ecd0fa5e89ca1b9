import { describe, expect, test } from 'vitest'
import { calendarMonths, periodAt } from '../periods/billing-cycle.ts'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import type { Catalogue, Leg } from './catalogue.ts'
import { legPlanOf, legsOf } from './leg-index.ts'

type Part = Record<string, unknown>

function edited(json: SampleJson, list: string, changes: Readonly<Record<string, Part>>): SampleJson {
  const elements = json[list] as readonly (Part & { readonly id: string })[]
  return { ...json, [list]: elements.map((element) => ({ ...element, ...changes[element.id] })) }
}

function relations(catalogue: Catalogue, subject: string, timeMs: number, meter = 'messages'): readonly string[] {
  const found = legsOf(catalogue, subject, meter, timeMs)
  if (!found.ok) return [found.fault.code]
  return found.value.map(({ seller, buyer, account, partition }) => `${seller}>${buyer} for ${account} in ${partition}`)
}

describe('an account that moves in June', () => {
  const june = Date.UTC(2026, 5)
  const catalogue = sampleCatalogue(
    edited(sampleJson(), 'accounts', {
      hansa: {
        moves: [
          { at: '2026-09-01', parent: 'acme' },
          { at: '2026-06-01', parent: 'nordlink' },
        ],
      },
      north: { moves: [{ at: '2026-08-01', parent: 'south' }] },
    }),
  )

  test('is charged where it is at the time of use, with everything below it, also what is bought wholesale', () => {
    expect(relations(catalogue, 'van-1', june - 1)).toEqual([
      'baltic>hansa for harbour in nordlink',
      'nordlink>baltic for baltic in nordlink',
      'acme>nordlink for nordlink in nordlink',
    ])
    expect(relations(catalogue, 'van-1', june)).toEqual([
      'nordlink>hansa for harbour in nordlink',
      'acme>nordlink for nordlink in nordlink',
    ])
  })

  test('takes its payer from where it is, which those below it share', () => {
    const august = Date.UTC(2026, 7)
    expect(relations(catalogue, 'van-1', august - 1)[0]).toBe('nordlink>hansa for harbour in nordlink')
    expect(relations(catalogue, 'van-1', august)[0]).toBe('nordlink>south for harbour in nordlink')
  })

  test('changes its partition with the child of the operator above it', () => {
    const september = Date.UTC(2026, 8)
    expect(relations(catalogue, 'trk-3', september - 1)).toEqual([
      'nordlink>south for south in nordlink',
      'acme>nordlink for nordlink in nordlink',
    ])
    expect(relations(catalogue, 'trk-3', september)).toEqual(['acme>south for south in hansa'])
  })

  test('has versions that end and begin with the move, each with its place', () => {
    const subscription = catalogue.subscriptions.get('harbour-trackers')
    const places = subscription?.versions.map(({ fromMs, toMs, account, seller }) => {
      return [fromMs, toMs, account.payer.id, seller.id]
    })
    expect(places).toEqual([
      [Date.UTC(2026, 0), june, 'hansa', 'baltic'],
      [june, Date.UTC(2026, 7), 'hansa', 'nordlink'],
      [Date.UTC(2026, 7), Date.UTC(2026, 8), 'south', 'nordlink'],
      [Date.UTC(2026, 8), Infinity, 'south', 'acme'],
    ])
    expect(subscription?.account.seller?.id).toBe('baltic')
    expect(subscription?.accountAt(Date.UTC(2025, 0)).seller?.id).toBe('baltic')
    expect(subscription?.accountAt(june).seller?.id).toBe('nordlink')
    const [price] = subscription?.pricesById.values() ?? []
    const legs = [june - 1, june].map((timeMs) => price !== undefined && subscription?.legFor(price, timeMs).legKey)
    expect(legs).toEqual([`baltic>hansa:harbour-trackers:${price?.id}`, `nordlink>hansa:harbour-trackers:${price?.id}`])
  })

  test('cuts the plans of its subjects and of nobody else', () => {
    const bounds = (subject: string): readonly number[] => {
      const plan = catalogue.index.subjects.get(subject)
      if (plan === undefined) throw new Error(`the sample has the subject ${subject}`)
      const { fromMs, toMs } = legPlanOf(catalogue, plan, 'messages', Date.UTC(2026, 5, 15))
      return [fromMs, toMs]
    }
    expect(bounds('van-1')).toEqual([june, Date.UTC(2026, 7)])
    expect(bounds('trk-3')).toEqual([june, Date.UTC(2026, 8)])
  })
})

describe('a fleet whose parent pays for messages', () => {
  const catalogue = sampleCatalogue(
    edited(sampleJson(), 'accounts', { south: { parentPays: { meters: ['messages'], share: '0.5' } } }),
  )
  const november = Date.UTC(2026, 10)

  test('has that usage on the documents of the payer, and everything else on its own', () => {
    expect(relations(catalogue, 'trk-3', november, 'messages')[0]).toBe('baltic>hansa for south in nordlink')
    expect(relations(catalogue, 'trk-3', november, 'data.bytes')[0]).toBe('baltic>south for south in nordlink')
  })

  test('is the same account, paid for by itself', () => {
    expect(catalogue.subscriptions.get('south-trackers')?.account.payer.id).toBe('south')
  })
})

describe('legs of accounts with billing cycles', () => {
  const cycles = [
    { id: 'mid', day: 15 },
    { id: 'end', day: 31 },
  ]
  const billingProfiles = [
    { id: 'hansa', cycle: 'mid' },
    { id: 'acme', cycle: 'end' },
  ]
  const catalogue = sampleCatalogue({ ...sampleJson(), cycles, billingProfiles })
  const legs = (subject: string): readonly Leg[] => {
    const found = legsOf(catalogue, subject, 'data.bytes', Date.UTC(2026, 10, 15))
    return found.ok ? found.value : []
  }

  test('are charged in the periods of their buyers, costs in those of the operator', () => {
    expect(legs('van-1').map(({ buyer, cycle }) => `${buyer} ${periodAt(cycle, Date.UTC(2026, 10, 15)).key}`)).toEqual([
      'hansa 2026-11~mid',
      'baltic 2026-11',
      'nordlink 2026-11',
      'acme 2026-10~end',
      'acme 2026-10~end',
    ])
    expect(legs('trk-3')[0]?.cycle).toBe(calendarMonths)
  })

  test('are known to the catalogue, with profiles for everybody', () => {
    expect([...catalogue.cycles.keys()]).toEqual(['end', 'mid'])
    expect(legs('van-1')[0]?.cycle).toBe(catalogue.cycles.get('mid'))
    expect(catalogue.profile('hansa')).toMatchObject({ id: 'hansa', cycle: 'mid', paymentDays: 14 })
    expect(catalogue.profile('baltic')).toMatchObject({ id: 'baltic', cycle: null, paymentDays: 14 })
  })
})
