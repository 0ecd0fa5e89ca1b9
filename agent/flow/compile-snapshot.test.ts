import { describe, expect, test } from 'vitest'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'
import { snapshotHash } from '@meterline/shared/model/snapshot.ts'
import type { SnapshotMeter, SnapshotPrice } from '@meterline/shared/model/snapshot-part.ts'
import { acceptSnapshot, type AcceptedSnapshot } from './accept-snapshot.ts'
import { compileSnapshot } from './compile-snapshot.ts'
import { bytePrice, SnapshotShelf, type ShelfContent } from './testing/snapshot-shelf.ts'

const key = generateSigningKey()
const cheap = bytePrice('a', '1')
const dear = bytePrice('b', '2')

function compiled(
  content: ShelfContent,
  shelf = new SnapshotShelf(key.privatePem),
): ReturnType<typeof compileSnapshot> {
  const offered = shelf.offer(content)
  const expected = { aggregatorKey: key.publicKeyBase64, tenant: 'acme', newestVersion: null }
  const accepted = acceptSnapshot(offered, expected)
  if (!accepted.ok) throw new Error(accepted.fault.message)
  return compileSnapshot(accepted.value satisfies AcceptedSnapshot, shelf.stored())
}

describe('a compiled snapshot', () => {
  test('has plans over time, from always on', () => {
    const result = compiled({
      version: 7,
      prices: [cheap, dear],
      plans: [
        {
          id: 'p',
          spans: [
            { fromMs: null, prices: [cheap.id] },
            { fromMs: 1000, prices: [dear.id] },
            { fromMs: 2000, prices: [] },
          ],
        },
      ],
    })
    const spans = result.ok ? (result.value.plans.get('p') ?? []) : []
    expect(spans.map(({ fromMs, prices }) => [fromMs, [...prices.keys()]])).toEqual([
      [-Infinity, ['data.bytes']],
      [1000, ['data.bytes']],
      [2000, []],
    ])
    expect(spans[0]?.prices.get('data.bytes')).not.toEqual(spans[1]?.prices.get('data.bytes'))
  })

  test('shares prices among the plans that have them', () => {
    const spans = [{ fromMs: null, prices: [cheap.id] }]
    const result = compiled({
      version: 7,
      prices: [cheap],
      plans: [
        { id: 'p', spans },
        { id: 'q', spans },
      ],
    })
    const plans = result.ok ? [...result.value.plans.values()] : []
    expect(plans).toHaveLength(2)
    expect(plans[0]?.[0]?.prices).toBe(plans[1]?.[0]?.prices)
  })

  test('binds the prices of sums, since what a reading comes to is known at the centre alone', () => {
    const meters: SnapshotMeter[] = [
      { id: 'data.bytes', unit: 'byte' },
      { id: 'octets', unit: 'byte', kind: 'counter' },
      { id: 'power', unit: 'Wh', kind: 'gauge' },
    ]
    const read = (letter: string, meter: string): SnapshotPrice => ({ ...bytePrice(letter, '1'), meter })
    const prices = [cheap, read('c', 'octets'), read('d', 'power')]
    const plans = [{ id: 'p', spans: [{ fromMs: null, prices: prices.map(({ id }) => id) }] }]
    const result = compiled({ version: 7, meters, prices, plans })
    expect(result.ok && [...result.value.units]).toEqual([['data.bytes', 'byte']])
    expect(result.ok && [...(result.value.plans.get('p')?.[0]?.prices.keys() ?? [])]).toEqual(['data.bytes'])
  })

  test('puts a large matrix together from the parts with its rows', () => {
    const shelf = new SnapshotShelf(key.privatePem)
    const row = (model: string, amount: string): JsonValue => ({ when: { model }, model: 'per-unit', amount, per: '1' })
    const rows = [shelf.rows([row('small', '1')]), shelf.rows([row('large', '2')])]
    const price = { ...cheap, price: { model: 'matrix', dimensions: ['model'] }, rows }
    const offered = shelf.offer({ version: 7, prices: [price], plans: [] })
    const expected = { aggregatorKey: key.publicKeyBase64, tenant: 'acme', newestVersion: null }
    const accepted = acceptSnapshot(offered, expected)
    if (!accepted.ok) throw new Error(accepted.fault.message)
    const { snapshot } = accepted.value
    const withRows = { ...snapshot, parts: [...snapshot.parts, ...rows.map((hash) => ({ hash, bytes: 1 }))] }
    const whole = compileSnapshot({ ...accepted.value, snapshot: withRows }, shelf.stored())
    expect(whole).toMatchObject({ ok: true, value: { version: 7, snapshotHash: snapshotHash(offered.bytes) } })
    expect(compileSnapshot(accepted.value, shelf.stored())).toMatchObject({ fault: { code: 'snapshot_malformed' } })
  })

  test.each([
    ['a price twice', { prices: [cheap, { ...cheap, currency: 'USD' }], plans: [] }, 'snapshot_malformed'],
    [
      'a plan of a price that is not there',
      { prices: [], plans: [{ id: 'p', spans: [{ fromMs: null, prices: [cheap.id] }] }] },
      'snapshot_malformed',
    ],
    [
      'two prices for a meter',
      { prices: [cheap, dear], plans: [{ id: 'p', spans: [{ fromMs: null, prices: [cheap.id, dear.id] }] }] },
      'snapshot_malformed',
    ],
    [
      'spans out of order',
      {
        prices: [],
        plans: [
          {
            id: 'p',
            spans: [
              { fromMs: null, prices: [] },
              { fromMs: 2, prices: [] },
              { fromMs: 1, prices: [] },
            ],
          },
        ],
      },
      'snapshot_malformed',
    ],
    ['no beginning', { prices: [], plans: [{ id: 'p', spans: [{ fromMs: 2, prices: [] }] }] }, 'snapshot_malformed'],
    [
      'a price that is none',
      { prices: [{ ...cheap, price: { model: 'per-unit', amount: 'free', per: '1' } }], plans: [] },
      'snapshot_malformed',
    ],
  ])('is refused with %s', (_what, content, code) => {
    expect(compiled({ version: 7, ...content })).toMatchObject({ ok: false, fault: { code } })
  })

  test('is refused while a part is missing', () => {
    const shelf = new SnapshotShelf(key.privatePem)
    const offered = shelf.offer({ version: 7, prices: [cheap], plans: [] })
    const accepted = acceptSnapshot(offered, {
      aggregatorKey: key.publicKeyBase64,
      tenant: 'acme',
      newestVersion: null,
    })
    if (!accepted.ok) throw new Error(accepted.fault.message)
    expect(compileSnapshot(accepted.value, shelf.stored().slice(1))).toMatchObject({
      fault: { code: 'snapshot_part_missing' },
    })
  })
})
