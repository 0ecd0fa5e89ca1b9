import { describe, expect, test } from 'vitest'
import {
  decodeSnapshotPart,
  readSnapshotParts,
  type SnapshotContent,
  type SnapshotPart,
} from '@meterline/shared/model/snapshot-part.ts'
import { decodeSnapshot, encodeSnapshot, snapshotLimits } from '@meterline/shared/model/snapshot.ts'
import { bindingsLimits } from '@meterline/shared/model/subject-bindings.ts'
import { november, sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import type { Catalogue } from './catalogue.ts'
import { snapshotFor, type SnapshotRoom, type SnapshotWithParts } from './snapshot.ts'
import { PlanBook } from './snapshot-plans.ts'

function snapshotOf(catalogue: Catalogue, room?: SnapshotRoom): SnapshotWithParts {
  return snapshotFor(catalogue, new PlanBook(catalogue), 7, room)
}

/** What an agent reads of a snapshot, which has to be what its manifest says. */
function contentOf({ snapshot, parts }: SnapshotWithParts): SnapshotContent {
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual({ ok: true, value: snapshot })
  expect(snapshot.parts.map(({ hash }) => hash)).toEqual([...parts.keys()])
  const read = new Map<string, SnapshotPart>()
  for (const [hash, bytes] of parts) {
    const part = decodeSnapshotPart(bytes)
    if (!part.ok) throw new Error(part.fault.message)
    read.set(hash, part.value)
  }
  const content = readSnapshotParts(read)
  if (!content.ok) throw new Error(content.fault.message)
  return content.value
}

/** Ids of the prices that a subject's usage is priced with at an instant, by what the tenant file calls them. */
function pricesOf(catalogue: Catalogue, subject: string, timeMs: number): readonly string[] {
  const { plans } = contentOf(snapshotOf(catalogue))
  const names = new Map(
    [...catalogue.subscriptions.values()].flatMap(({ pricesById }) =>
      [...pricesById.values()].map(({ id, name, terms }) => [id, `${name} ${'amount' in terms ? terms.amount : ''}`]),
    ),
  )
  return new PlanBook(catalogue).bindingsOf(subject).flatMap(({ plan, fromMs, toMs }) => {
    if (timeMs < fromMs || timeMs >= (toMs ?? Infinity)) return []
    const spans = plans.find(({ id }) => id === plan)?.spans ?? []
    const span = spans.findLast((each) => each.fromMs === null || each.fromMs <= timeMs)
    return (span?.prices ?? []).map((id) => names.get(id) ?? id).toSorted()
  })
}

function changed(change: (json: Record<string, Record<string, unknown>[]>) => void): SampleJson {
  const json = sampleJson()
  change(json as never)
  return json
}

const at = (text: string): number => Date.parse(text)

describe('a snapshot', () => {
  test('has retail prices and no other, meters, and no subject', () => {
    const catalogue = sampleCatalogue()
    const whole = snapshotOf(catalogue)
    const content = contentOf(whole)
    const retail = [...catalogue.subscriptions.values()].filter(({ kind }) => kind === 'retail')
    const prices = new Set(retail.flatMap(({ pricesById }) => [...pricesById.keys()]))
    expect(new Set(content.prices.map(({ id }) => id))).toEqual(prices)
    expect(prices.size).toBe(4)
    expect(content.meters).toHaveLength(5)
    expect(whole.snapshot).toMatchObject({ tenant: 'acme', version: 7, format: 2 })
    const text = Buffer.concat([...whole.parts.values()]).toString()
    for (const secret of ['trk-1', 'north-trackers', '0.0015', '0.004']) expect(text).not.toContain(secret)
  })

  test('leaves out what is priced by readings, which only the centre knows', () => {
    const json = changed(({ meters }) => {
      meters?.splice(0, 1, { id: 'data.bytes', unit: 'byte', kind: 'counter' })
    })
    const content = contentOf(snapshotOf(sampleCatalogue(json)))
    expect(content.prices.map(({ meter }) => meter).toSorted()).toEqual([
      'ai.input_tokens',
      'ai.output_tokens',
      'messages',
    ])
    expect(content.meters.find(({ id }) => id === 'data.bytes')).toMatchObject({ kind: 'counter' })
  })

  test('keeps every part that has not changed', () => {
    const many = (amount: string): SampleJson =>
      changed(({ prices, offerings }) => {
        for (let number = 0; number < 1_000; number++) {
          prices?.push({
            id: `p-${number}`,
            meter: 'messages',
            model: 'per-unit',
            amount: number === 7 ? amount : `${number + 1}`,
          })
          offerings?.push({ id: `o-${number}`, name: 'One of many', prices: [`p-${number}`] })
        }
      })
    // Nobody buys them yet: only what somebody has is in a snapshot.
    expect(contentOf(snapshotOf(sampleCatalogue(many('9.5')))).prices).toHaveLength(4)
    const bought = (amount: string): SnapshotWithParts => {
      const json = many(amount) as { subscriptions: object[] } & SampleJson
      for (let number = 0; number < 1_000; number++) {
        json.subscriptions.push({
          id: `s-${number}`,
          account: 'brightdesk',
          offering: `o-${number}`,
          from: '2026-01-01',
          subjects: [`x-${number}`],
        })
      }
      return snapshotOf(sampleCatalogue(json))
    }
    const before = bought('9.5')
    const after = bought('8.5')
    expect(contentOf(after).prices).toHaveLength(1_004)
    const added = [...after.parts].filter(([hash]) => !before.parts.has(hash))
    const size = (parts: Iterable<Uint8Array>): number => [...parts].reduce((sum, { length }) => sum + length, 0)
    expect(before.parts.size).toBeGreaterThan(15)
    // The old and the new place of the price, and the plan that names it.
    expect(added.length).toBeLessThanOrEqual(3)
    expect(size(added.map(([, bytes]) => bytes))).toBeLessThan(size(after.parts.values()) / 4)
    expect(after.snapshot.bindingsHash).toBe(before.snapshot.bindingsHash)
  })

  test('sends a changed row of a large matrix with its neighbours only', () => {
    const matrix = (amount: string): SnapshotWithParts =>
      snapshotOf(
        sampleCatalogue(
          changed(({ prices }) => {
            const rows = Array.from({ length: 3_000 }, (_, number) => ({
              when: { model: `model-${number}` },
              model: 'per-unit',
              amount: number === 1_500 ? amount : `0.${number + 1}`,
              per: 1_000_000,
            }))
            const place = prices?.findIndex(({ id }) => id === 'ai-input') ?? 0
            prices?.splice(place, 1, {
              id: 'ai-input',
              meter: 'ai.input_tokens',
              model: 'matrix',
              dimensions: ['model'],
              rows,
            })
          }),
        ),
      )
    const before = matrix('9.5')
    const after = matrix('8.5')
    const price = contentOf(after).prices.find(({ meter }) => meter === 'ai.input_tokens')?.price
    expect(price?.model === 'matrix' && price.rows.length).toBe(3_000)
    const added = [...after.parts].filter(([hash]) => !before.parts.has(hash))
    // The rows around it, the price that names them, and the plan that names the price.
    expect(added.length).toBeLessThanOrEqual(4)
    expect(added.reduce((sum, [, { length }]) => sum + length, 0)).toBeLessThan(100_000)
    for (const { bytes } of after.snapshot.parts) expect(bytes).toBeLessThanOrEqual(snapshotLimits.partBytes)
  })

  test('takes the plans that find room and stays whole', () => {
    const catalogue = sampleCatalogue()
    const all = contentOf(snapshotOf(catalogue))
    expect(all.plans).toHaveLength(2)
    const [first] = all.plans
    const some = contentOf(snapshotOf(catalogue, { bytes: 100_000, entries: 3 }))
    expect(some.plans).toEqual([first])
    expect(some.prices).toHaveLength(2)
    expect(contentOf(snapshotOf(catalogue, { bytes: 200, entries: 100 })).plans).toEqual([])
  })
})

describe('bindings', () => {
  test('name the plans of all retail subscriptions of a subject, with their time', () => {
    const catalogue = sampleCatalogue()
    const book = new PlanBook(catalogue)
    const always = { fromMs: at('2026-01-01T00:00:00Z'), toMs: null }
    expect(book.bindingsOf('trk-1')).toMatchObject([always, always])
    expect(book.bindingsOf('trk-3')).toMatchObject([{ ...always, toMs: at('2026-12-01T00:00:00Z') }])
    expect(book.bindingsOf('trk-2')[0]?.plan).toBe(book.bindingsOf('trk-3')[0]?.plan)
    expect(book.bindingsOf('nobody')).toEqual([])
    expect(
      pricesOf(catalogue, 'trk-1', november)
        .map((name) => name.split(' ')[0] ?? '')
        .toSorted(),
    ).toEqual(['ai-input', 'ai-output', 'retail-data', 'retail-message'])
  })

  test('stay when a price changes by a date, which the plan says', () => {
    const json = changed(({ prices }) => {
      const message = prices?.find(({ id }) => id === 'retail-message')
      if (message !== undefined) message['changes'] = [{ from: '2026-06-01', model: 'per-unit', amount: '0.004' }]
    })
    const before = sampleCatalogue()
    const after = sampleCatalogue(json)
    expect(new PlanBook(after).bindingsHash).toBe(new PlanBook(before).bindingsHash)
    const messages = (timeMs: number): readonly string[] =>
      pricesOf(after, 'trk-2', timeMs).filter((name) => name.startsWith('retail-message'))
    expect(messages(at('2026-05-31T23:59:59Z'))).toEqual(['retail-message 0.0025'])
    expect(messages(at('2026-06-01T00:00:00Z'))).toEqual(['retail-message 0.004'])
  })

  test('follow the version a subscription began with, and its migrations', () => {
    const json = changed(({ prices, offerings, subscriptions }) => {
      prices?.push({ id: 'new-message', meter: 'messages', model: 'per-unit', amount: '0.01' })
      const tracker = offerings?.find(({ id }) => id === 'tracker')
      if (tracker !== undefined) tracker['versions'] = [{ from: '2026-03-01', prices: ['new-message', 'retail-data'] }]
      const harbour = subscriptions?.find(({ id }) => id === 'harbour-trackers')
      if (harbour !== undefined) harbour['from'] = '2026-04-01'
      const south = subscriptions?.find(({ id }) => id === 'south-trackers')
      if (south !== undefined) south['migrations'] = [{ at: '2026-05-01', version: '2026-03-01' }]
    })
    const catalogue = sampleCatalogue(json)
    const messages = (subject: string, day: string): readonly string[] =>
      pricesOf(catalogue, subject, at(`${day}T12:00:00Z`)).filter((name) => name.includes('message'))
    expect(messages('trk-2', '2026-06-01')).toEqual(['retail-message 0.0025'])
    expect(messages('van-1', '2026-06-01')).toEqual(['new-message 0.01'])
    expect(messages('trk-3', '2026-04-30')).toEqual(['retail-message 0.0025'])
    expect(messages('trk-3', '2026-05-01')).toEqual(['new-message 0.01'])
    expect(new PlanBook(catalogue).bindingsHash).not.toBe(new PlanBook(sampleCatalogue()).bindingsHash)
  })

  const trackers = { account: 'harbour', from: '2026-01-01', subjects: ['van-1'] }
  test.each([
    ['another subject', { ...trackers, subjects: ['van-2'], offering: 'tracker' }],
    ['another end', { ...trackers, to: '2026-11-01', offering: 'tracker' }],
    ['another beginning', { ...trackers, from: '2026-01-02', offering: 'tracker' }],
    ['another offering', { ...trackers, offering: 'tracker-2' }],
  ])('have another name with %s', (_what, harbour) => {
    const withSubscription = (subscription: object): Catalogue =>
      sampleCatalogue(
        changed(({ offerings, subscriptions }) => {
          offerings?.push({ id: 'tracker-2', name: 'Sold as another', prices: ['retail-message', 'retail-data'] })
          subscriptions?.splice(1, 1, { id: 'harbour-trackers', ...subscription })
        }),
      )
    const before = new PlanBook(withSubscription({ ...trackers, offering: 'tracker' })).bindingsHash
    expect(new PlanBook(withSubscription(harbour)).bindingsHash).not.toBe(before)
    expect(before).toBe(new PlanBook(sampleCatalogue()).bindingsHash)
  })

  test('of a subject that very often changed its subscription are the latest ones', () => {
    const json = changed(({ subscriptions }) => {
      for (let day = 0; day < 100; day++) {
        const [from, to] = [day, day + 1].map((number) =>
          new Date(at('2026-02-01T00:00:00Z') + number * 86_400_000).toISOString(),
        )
        subscriptions?.push({
          id: `day-${day}`,
          account: 'brightdesk',
          offering: 'ai-tokens',
          from,
          to,
          subjects: ['guest'],
        })
      }
    })
    const bindings = new PlanBook(sampleCatalogue(json)).bindingsOf('guest')
    expect(bindings).toHaveLength(bindingsLimits.bindingsOfSubject)
    expect(bindings.at(-1)?.fromMs).toBe(at('2026-02-01T00:00:00Z') + 99 * 86_400_000)
  })
})
