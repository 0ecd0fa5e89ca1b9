import { describe, expect, test } from 'vitest'
import { answersComeOut, rated, rows } from './answers-for-tests.ts'

describe('percentages', () => {
  const running = { ratePct: '1.3', fixedPerEvent: '2', runningTotals: ['50', '150', '400'], events: 4, amount: '800' }
  const each = { ratePct: '2.99', minPerEvent: '1.75', maxPerEvent: '12', eventAmounts: ['10', 80, '10000'] }
  answersComeOut([
    ...rows('percentage', running, [
      [
        { freeAmount: '250', freeEvents: 3 },
        { total: '11.15', freeEventsUsed: 2, paidEvents: 2 },
      ],
      [{ freeEvents: 3 }, { total: '7.2', freeEventsUsed: 3 }],
      [{ freeAmount: '250' }, { total: '11.15', freeEventsUsed: 2 }],
      [{ freeAmount: '500', freeEvents: 3 }, { total: '7.2' }],
      [{ freeEvents: 5, amount: '400' }, { total: '0' }],
      [{ freeEvents: 3, freeAmount: '250', amount: '0' }, { total: '0' }],
      [
        { freeEvents: null, freeAmount: 0, runningTotals: [] },
        { total: '18.4', freeEvents: 0 },
      ],
    ]),
    ...rows('percentage', each, [
      [{}, { total: '16.142' }],
      [{ fixedPerEvent: '2' }, { total: '18.691' }],
      [{ freeEvents: 2 }, { total: '12' }],
      [{ freeAmount: '30' }, { total: '13.794' }],
      [{ freeEvents: 3, freeAmount: '10000' }, { total: '2.691' }],
      [{ eventAmounts: [{ amount: '10' }] }, { total: '1.75' }],
    ]),
    ...rows('percentage', { ratePct: '1.3', fixedPerEvent: 1 }, [
      [{ eventAmounts: ['0.01'] }, { total: '1.00013', exactUnrounded: '1.00013' }],
    ]),
    ...rows('percentage', { ratePct: 2.9 }, [
      [
        { events: 4, amount: 4 },
        { total: '0.116', unitAmount: '0.029' },
      ],
      [{ amount: '0.00000001' }, { total: '0.00000000029' }],
    ]),
  ])
})

describe('increments', () => {
  const call = {
    connectFee: '0.4',
    steps: [
      { from: 0, rate: '0.2', perSec: 60, incrementSec: 60 },
      { from: 60, rate: '0.1', perSec: 60, incrementSec: 1 },
    ],
  }
  answersComeOut([
    ...rows(
      'rated_steps',
      call,
      [
        [{ durationSec: 0 }, { total: '0' }],
        [{ durationSec: 30 }, { total: '0.6' }],
        [{ duration: '2m10s' }, { total: '0.7169', exactUnrounded: '0.716666...' }],
      ],
      'cgrates/cgrates general_tests',
    ),
    ...rows('rated_steps', call, [
      [{ durationSec: 130 }, { total: '0.716667' }],
      [{ durationSec: 130, incrementDigits: 5 }, { total: '0.7169' }],
    ]),
    ...rows(
      'rated_steps',
      { steps: [{ from: 0, rate: '0.1', perSec: '60s', incrementSec: '1s' }] },
      [[{ durationSec: 180 }, { total: '0.3001' }]],
      'cgrates/cgrates engine',
    ),
  ])

  test('the line says which of the ways of its source a case follows', () => {
    const written = { input: { ...call, durationSec: 130 }, expected: { total: '0.7169' }, source: 'cgrates' }
    expect(rated('rated_steps', written).remark).toBe('increments rounded to 5 digits')
  })
})

describe('tokens', () => {
  const long = { basePerM: '3.0', tiers: [{ above: 200_000, perM: '6.0' }] }
  const both = {
    basePerM: '1',
    tiers: [
      { above: 500_000, perM: '3' },
      { above: 100_000, perM: '2' },
    ],
    outputBasePerM: '3',
    outputTiers: [{ above: 200_000, perM: '5' }],
  }
  const cached = { basePerM: '10', cacheWritePerM: '12.5', cacheReadPerM: '1', outputPerM: '45' }
  answersComeOut([
    ...rows('request_threshold', long, [
      [{ inputTokens: 200_000 }, { total: '0.6' }],
      [{ inputTokens: 200_001 }, { total: '1.200006' }],
      [{}, { total: '0' }],
    ]),
    ...rows('request_threshold', both, [
      [
        { inputTokens: 600_000, outputTokens: 250_000 },
        { total: '3.05', input: '1.8', output: '1.25' },
      ],
      [
        { inputTokens: 100_001, outputTokens: 0 },
        { total: '0.200002', outputPrice: '0' },
      ],
    ]),
    ...rows('request_threshold', { outputBasePerM: '1.0', outputTiers: [{ above: 100_000, perM: '2.0' }] }, [
      [{ inputTokens: 150_000, outputTokens: 10_000 }, { total: '0.02' }],
      [{ outputTokens: 10_000 }, { total: '0.01' }],
    ]),
    ...rows('cached_tokens', cached, [
      [
        { inputTokens: 300_000, cacheWriteTokens: 100_000, cacheReadTokens: 50_000, outputTokens: 10_000 },
        { total: '3.25', inputPrice: '2.8', outputPrice: '0.45' },
      ],
    ]),
    ...rows(
      'request_threshold',
      {
        inputBasePerM: '3',
        outputBasePerM: '15',
        cacheReadPerM: '0.3',
        tiers: [{ above: 200_000, inputPerM: '6', outputPerM: '22.5' }],
      },
      [
        [{ inputTokens: 300_000, outputTokens: 100_000 }, { total: '4.05' }],
        [
          { inputTokens: 300_000, cacheReadTokens: 100_000 },
          { total: '1.23', inputPrice: '1.23', cacheRead: '0.03' },
        ],
      ],
    ),
    ...rows('request_threshold', { inputBasePerM: '3', tiers: [{ above: 200_000, perM: '6' }] }, [
      [{ inputTokens: 200_001 }, { total: '1.200006' }],
    ]),
    ...rows('llm', { prices: { input_mtok: { base: 1, tiers: [{ start: 100, price: 2 }] } } }, [
      [{ usage: { input_tokens: 100.5 } }, { total: '0.000201' }],
    ]),
    ...rows('token_price', { inputPerM: '1', cacheReadPerM: '2', inputAudioPerM: '3', cacheAudioReadPerM: '2' }, [
      [
        { inputTokens: 1000, cacheReadTokens: 400, inputAudioTokens: 300, cacheAudioReadTokens: 100 },
        { total: '0.0018' },
      ],
    ]),
    ...rows('token_price', { inputPerM: '0.98', outputPerM: '3.08', requestsKcount: '0.5' }, [
      [
        { inputTokens: 27_447, outputTokens: 83 },
        { total: '0.0276537', input: '0.02689806', requests: '0.0005' },
      ],
    ]),
  ])
})

describe('time of use', () => {
  const rates = { rates: { peak: '0.30', offPeak: '0.10' } }
  answersComeOut(
    rows('time_of_use', rates, [
      [{ usage: { peak: '10', offPeak: '20' } }, { total: '5' }],
      [
        {
          series: [
            { band: 'off-peak', kWh: '0.5' },
            { band: 'peak', kWh: 1 },
          ],
        },
        { total: '0.35' },
      ],
    ]),
  )

  test('a tariff alone is rated over a day of readings, an hour of them in every band but the first', () => {
    const written = {
      input: { dToU: { high: '67.20', normal: '11.76', low: '3.99' }, resolutionMin: 30 },
      expected: {},
    }
    expect(rated('time_of_use', written)).toMatchObject({ verdict: 'ok', got: 'total=2988.3' })
  })
})

describe('tariffs by the clock', () => {
  const peak = { windows: [{ from: '16:00', to: '21:00', price: '0.45', days: 'mon-fri' }, { price: '0.20' }] }
  const night = {
    timeZone: 'Europe/Berlin',
    windows: [{ name: 'night', from: '22:00', to: '06:00', rate: '0.1' }],
    otherwise: '0.3',
  }
  const offPeak = { windows: [{ from: '00:30', to: '16:30', perM: '0.27' }], otherwisePerM: '0.135' }
  answersComeOut([
    ...rows('tou', peak, [
      [
        {
          readings: [
            { at: '15:30', kWh: 2, durationMin: 60 },
            { at: '22:00', kWh: '1.5' },
          ],
        },
        { total: '0.95' },
      ],
      [{ at: '20:59', quantity: 10 }, { total: '4.5' }],
      [{ at: '20:30', quantity: 2, durationSec: 3600 }, { total: '0.65' }],
    ]),
    ...rows('time_of_use', night, [
      // Half past ten in summer, half past nine in winter.
      [{ at: '2026-07-01T20:30:00Z', kWh: 1 }, { total: '0.1' }],
      [{ at: '2026-01-01T20:30:00Z', kWh: 1 }, { total: '0.3' }],
      [
        {
          readings: [
            { at: '2026-07-01T04:30:00Z', kWh: 1 },
            { at: '2026-01-01T04:30:00Z', kWh: 1 },
          ],
        },
        { total: '0.4' },
      ],
    ]),
    ...rows('tou', { windows: [{ from: '00:00', to: '24:00', days: 'mon', price: '1' }], otherwise: '2' }, [
      [{ at: '12:00', quantity: 1 }, { total: '1' }],
    ]),
    ...rows('time_of_use', offPeak, [
      [{ at: '2025-06-01T16:00:00Z', inputTokens: 100_000_000 }, { total: '27' }],
      [{ at: '2025-06-01T17:00:00Z', inputTokens: 100_000_000 }, { total: '13.5' }],
    ]),
  ])
})

describe('matrix', () => {
  const rowsOfMatrix = [
    { when: { model: 'a', region: 'eu' }, unit: '2' },
    { when: { model: 'a' }, unit: '1' },
    { when: { region: '*' }, unit: '9' },
  ]
  answersComeOut(
    rows('price_matrix', { rows: rowsOfMatrix, quantity: 3 }, [
      [{ labels: { model: 'a', region: 'eu' } }, { total: '6' }],
      [{ labels: { model: 'a', region: 'us' } }, { total: '3' }],
      [{ labels: { model: 'b' } }, { total: '27' }],
    ]),
  )

  test('usage that no row is for is said to be', () => {
    const input = { rows: rowsOfMatrix.slice(0, 2), quantity: 3, labels: { model: 'b' } }
    expect(rated('matrix', { input, expected: { total: '1' } })).toMatchObject({
      verdict: 'not ok',
      remark: 'the price has no row for the usage',
    })
  })
})
