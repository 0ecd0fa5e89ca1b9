import { describe, expect, test } from 'vitest'
import { answersComeOut, rated, rows } from './answers-for-tests.ts'
import { rateCases } from './rate-case.ts'

describe('shapes of further authors', () => {
  const ranges = [
    { from_value: 0, to_value: 10, per_unit_amount: '10', flat_amount: '2' },
    { from_value: 11, to_value: null, per_unit_amount: '5', flat_amount: '3' },
  ]
  const packet = { unitBytes: 24, unitPrice: '0.00001', minUnits: 1 }
  const tariff = { dToU: { high: '67.20', normal: '11.76', low: '3.99' } }
  const tokenCosts = {
    input_cost_per_token: 3e-6,
    input_cost_per_token_above_200k_tokens: 6e-6,
    output_cost_per_token: 1.5e-5,
    output_cost_per_token_above_200k_tokens: 2.25e-5,
    cache_read_input_token_cost: 3e-7,
  }
  answersComeOut([
    ...rows('graduated', {}, [
      [{ properties: { graduated_ranges: ranges }, aggregation: 12 }, { total: '115' }],
      [
        { tiers: [{ UpToAmount: 5, FlatPrice: { Amount: '100' } }, { UnitPrice: { Amount: '5' } }], quantity: 6 },
        { total: '105' },
      ],
    ]),
    ...rows(
      'graduated',
      {
        tiers: [
          { first_unit: 0, rate: '1' },
          { first_unit: 100, rate: '0.5' },
        ],
      },
      [
        [{ quantity: 150 }, { total: '125' }],
        [{ quantity: 100 }, { total: '100' }],
      ],
    ),
    ...rows(
      'volume',
      {
        tiers: [
          { first_unit: 100, rate: '0.5' },
          { first_unit: 0, rate: '1' },
        ],
      },
      [
        [{ quantity: '99.5' }, { total: '99.5' }],
        [{ quantity: 100 }, { total: '50' }],
      ],
    ),
    ...rows(
      'volume',
      {
        tiers: [
          { from: 1, unit: 7 },
          { from: 6, unit: '6.5' },
        ],
      },
      [
        [{ quantity: 5 }, { total: '35' }],
        [{ quantity: 6 }, { total: '39' }],
      ],
    ),
    ...rows(
      'graduated',
      {
        tiers: [
          { from: 1, unit: 7 },
          { from: 6, unit: '6.5' },
        ],
      },
      [[{ quantity: 6 }, { total: '41.5' }]],
    ),
    ...rows('package', { block_size: 20, rate: 5 }, [[{ quantity: 45 }, { total: '15' }]]),
    ...rows('data_unit', packet, [
      [
        { payloadBytes: 24, copies: 3 },
        { units: 3, total: '0.00003' },
      ],
      [
        { payloadBytes: 55, packets: 10 },
        { units: 30, total: '0.0003' },
      ],
      [
        { payloadBytes: [1, 25], packetCount: 2, copies: 2 },
        { units: 12, total: '0.00012' },
      ],
      [{ packets: [10, 24, 25, 0] }, { units: 5, total: '0.00005' }],
      [
        { payloadBytes: 55, copies: 0 },
        { units: 0, total: '0' },
      ],
    ]),
    ...rows('time_of_use', tariff, [
      [{ kWh: { high: 1, normal: 2, low: 3 } }, { total: '102.69' }],
      [{ readings: [{ band: 'low', kWh: '0.5' }] }, { total: '1.995' }],
    ]),
    ...rows('time_of_use', {}, [
      [{ flat: '14.228', kWh: 10 }, { total: '142.28' }],
      [{ flat: '14.228', kWh: ['0.5', 1] }, { total: '21.342' }],
      [{ rates: { 日: 1, 夜: 2 }, usage: { 日: 3 } }, { total: '3' }],
    ]),
    ...rows('token_price', tokenCosts, [
      [{ prompt_tokens: 200_000, completion_tokens: 1000 }, { total: '0.615' }],
      [{ prompt_tokens: 200_001, completion_tokens: 1000 }, { total: '1.222506' }],
      [{ prompt_tokens: 10_000, cache_read_input_tokens: 4000 }, { total: '0.0192' }],
    ]),
    ...rows('voice', { setupFee: '0.05', rate: '0.01', perSec: 60, incrementSec: 60 }, [
      [{ durationSec: 61 }, { total: '0.07' }],
    ]),
    ...rows('percentage', { rate: '2.99', per_transaction_min_amount: '1.75' }, [
      [{ event_aggregation: [10, 80] }, { total: '4.142' }],
    ]),
    ...rows('unit', { unit: '0.123456789012345678901234567890' }, [
      [{ quantity: 10 }, { total: '1.2345678901234567890123456789' }],
    ]),
  ])
})

describe('a case that states an answer is held against it', () => {
  const tariff = { dToU: { high: '67.20', low: '3.99' } }
  test.each([
    [
      { ...tariff, kWh: { high: 1 } },
      { verdict: 'not ok', got: 'total=67.2' },
    ],
    [tariff, { verdict: 'not ok', remark: 'input.usage is missing; write how much was used of each of high, low' }],
  ])('%j', (input, outcome) => {
    expect(rated('time_of_use', { input, expected: { total: '71.20' } })).toMatchObject(outcome)
  })

  test('usage without an answer is no tariff alone', () => {
    const written = { input: { ...tariff, kWh: { high: 1 } }, expected: { note: 'a day in winter' } }
    expect(rated('time_of_use', written)).toMatchObject({
      verdict: 'not ok',
      remark: expect.stringMatching(/^expected states no figure/),
    })
  })
})

describe('what goes in and is not read is named', () => {
  const tiers = [{ from_value: 0, upTo: 5, unit: '7', name: 'first' }, { unit: '6' }]
  test.each<readonly [more: object, remark: string]>([
    [{}, ''],
    [{ currency: 'USD', note: 'of a page', minimum: '1' }, ''],
    [{ surchargeFactor: '2' }, 'not read: surchargeFactor'],
    [{ a: 1, b: 2, c: 3, d: { e: 4 }, f: 5, g: 6 }, 'not read: a, b, c, d, f …'],
    [{ tiers: [...tiers.slice(0, 1), { unit: '6', surcharge: 1 }] }, 'not read: surcharge'],
  ])('%j', (more, remark) => {
    const result = rated('volume', { input: { tiers, quantity: 6, ...more }, expected: { total: '36' } })
    expect([result.verdict, result.remark]).toEqual(['ok', remark])
  })
})

describe('what goes in may be about more than a price', () => {
  const input = { tiers: [{ unit: '6' }], quantity: '1.5' }
  test.each([
    [{ fullUnits: 3, prorated: true }, 'proration'],
    [{ periodRatio: '0.5' }, 'proration'],
    [{ discountPct: '50' }, 'discount'],
    [{ usageDiscount: '0.5' }, 'discount'],
    [{ taxPct: 20 }, 'tax'],
  ])('%j is about %s', (more, what) => {
    const result = rated('volume', { input: { ...input, ...more }, expected: { total: '4' } })
    expect(result).toMatchObject({ verdict: 'not a price', remark: what })
  })

  test.each([{ prorated: false }, { discountPct: 0 }, { taxPct: null }])('%j is about none of it', (more) => {
    expect(rated('volume', { input: { ...input, ...more }, expected: { total: '9' } }).verdict).toBe('ok')
  })
})

describe('counts and sizes that cannot be say so', () => {
  const packet = { unitBytes: 24, unitPrice: '1', payloadBytes: 1 }
  const block = { max: 5, blockPrice: '1' }
  test.each<readonly [model: string, input: object, remark: string]>([
    ['data_unit', { ...packet, packetCount: '2.5' }, 'input.packetCount is 2.5; write a whole number from 0 to 100000'],
    [
      'data_unit',
      { ...packet, payloadBytes: [1, 2], times: 99_999 },
      'input.times is 99999; write a whole number from 0 to 50000',
    ],
    ['data_unit', { ...packet, times: 50_000, copies: 3 }, 'input.copies is 3; write a whole number from 0 to 2'],
    ['data_unit', { ...packet, unitBytes: 0 }, 'input.unitBytes is 0; write how many bytes a unit has, above zero'],
    [
      'package',
      { packageSize: '0.0', packagePrice: 1, quantity: 1 },
      'input.packageSize is 0; write how many units a package has, above zero',
    ],
    [
      'volume_blocks',
      { tiers: [{ ...block, blockSize: 0 }], quantity: 1 },
      'input.tiers.0.blockSize is 0; write how many units a block has, above zero',
    ],
    [
      'percentage',
      { ratePct: 1, amount: 1, freeEvents: '2.5' },
      'input.freeEvents is 2.5; write a whole number from 0 to 1000',
    ],
    ['unit', { unit: 1, quantity: 1, roundTo: 7 }, 'input.roundTo is 7; write a whole number from 0 to 6'],
    [
      'rated_steps',
      { rate: 1, durationSec: 1, incrementDigits: 99 },
      'input.incrementDigits is 99; write a whole number from 0 to 6',
    ],
  ])('%s %j', (model, input, remark) => {
    expect(rated(model, { input, expected: { total: '1' } })).toMatchObject({ verdict: 'not ok', remark })
  })
})

describe('what is far too large is refused, and stops nothing', () => {
  const tiers = Array.from({ length: 100_001 }, (_, index) => ({ upTo: index + 1, unit: 1 }))
  test.each<readonly [name: string, input: object, expected: object, remark: RegExp]>([
    ['tiers', { tiers, quantity: 1 }, { total: '1' }, /^input\.tiers has 100001 entries, at most 100000 are read/],
    ['a list', { tiers: [{ unit: 1 }], quantity: [...tiers.keys()] }, { total: '1' }, /^input\.quantity has 100001/],
    ['a number', { tiers: [{ unit: 1 }], quantity: '9'.repeat(100_000) }, { total: '1' }, /is no number: "9{59};/],
    ['an answer', { tiers: [{ unit: 1 }], quantity: 1 }, { total: `1.${'0'.repeat(100_000)}1` }, /^expected states no/],
  ])('%s', (_, input, expected, remark) => {
    const result = rated('volume', { input, expected })
    expect(result.verdict).toBe('not ok')
    expect(result.remark).toMatch(remark)
  })

  test('nesting', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`
    const read = rateCases(`{"cases": ${deep(200_000)}}`)
    expect(read).toMatchObject({ fault: { code: 'cases_invalid' } })
    expect(read.ok ? '' : read.fault.message).toBe('The file is nested too deeply to be read; a case has a few levels.')
  })
})
