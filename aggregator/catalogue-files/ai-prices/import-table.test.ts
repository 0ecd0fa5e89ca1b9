import { describe, expect, test } from 'vitest'
import type { MatrixTableRow } from '../../domain/catalogue/matrix-table.ts'
import { importAiPrices, type ImportedTable } from './import-table.ts'

/** Models as texts, so that numbers are written as the table writes them. */
function imported(models: Readonly<Record<string, string>>, ...patterns: string[]): ImportedTable {
  const result = importAiPrices(tableOf(models), 'ai-models', patterns)
  if (!result.ok) throw new Error(result.fault.message)
  return result.value
}

function tableOf(models: Readonly<Record<string, string>>): string {
  return `{${Object.entries(models)
    .map(([name, fields]) => `${JSON.stringify(name)}: {${fields}}`)
    .join(',\n')}}`
}

/** What a row has for a meter, in each band: `[amount, [above, amount], …]`. */
function columnOf(row: MatrixTableRow | undefined, meter: string): readonly unknown[] {
  const steps = row?.above.flatMap(({ above, amounts }) => (amounts.has(meter) ? [[above, amounts.get(meter)]] : []))
  return [row?.amounts.get(meter), ...(steps ?? [])]
}

const plain = '"mode": "chat", "litellm_provider": "p", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06'

describe('classes of tokens', () => {
  test('a class without a price of its own has that of the class it is a part of', () => {
    const { matrix } = imported({ m: plain })
    expect(matrix).toEqual({
      id: 'ai-models',
      dimensions: ['model'],
      fact: null,
      per: 1_000_000n,
      rows: [
        {
          when: ['m'],
          amounts: new Map([
            ['ai.input_tokens', '2'],
            ['ai.cached_input_tokens', '2'],
            ['ai.cache_creation_tokens', '2'],
            ['ai.cache_creation_1h_tokens', '2'],
            ['ai.audio_input_tokens', '2'],
            ['ai.output_tokens', '8'],
            ['ai.reasoning_tokens', '8'],
            ['ai.audio_output_tokens', '8'],
          ]),
          above: [],
        },
      ],
    })
  })

  test('every class has the price that is stated for it', () => {
    const own = [
      '"cache_read_input_token_cost": 2.5e-07',
      '"cache_creation_input_token_cost": 3.75e-06',
      '"cache_creation_input_token_cost_above_1hr": 6e-06',
      '"input_cost_per_audio_token": 0.00004',
      '"output_cost_per_reasoning_token": 9e-06',
      '"output_cost_per_audio_token": 0.00008',
    ]
    const [row] = imported({ m: [plain, ...own].join() }).matrix.rows
    expect([...(row?.amounts.values() ?? [])]).toEqual(['2', '0.25', '3.75', '6', '40', '8', '9', '80'])
  })

  test('cache writes of an hour cost what others do where nothing is stated, and an old name is understood', () => {
    const { rows } = imported({
      m: `${plain}, "cache_creation_input_token_cost": 3.75e-06`,
      old: `${plain}, "input_cost_per_token_cache_hit": 1.4e-07`,
    }).matrix
    expect(columnOf(rows[0], 'ai.cache_creation_1h_tokens')).toEqual(['3.75'])
    expect(columnOf(rows[1], 'ai.cached_input_tokens')).toEqual(['0.14'])
  })

  test('an amount keeps every digit it was written with', () => {
    const { rows } = imported({
      m: `"input_cost_per_token": 2.9999999999999997e-07, "output_cost_per_token": 1e-24`,
    }).matrix
    expect(columnOf(rows[0], 'ai.input_tokens')).toEqual(['0.29999999999999997'])
    expect(columnOf(rows[0], 'ai.output_tokens')).toEqual(['0.000000000000000001'])
  })
})

describe('sizes of requests', () => {
  const large = [
    '"input_cost_per_token_above_200k_tokens": 4e-06',
    '"output_cost_per_token_above_200k_tokens": 1.2e-05',
    '"cache_creation_input_token_cost_above_1hr": 6e-06',
    '"cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05',
  ]

  test('above a threshold the classes have what is stated there, else what they have below', () => {
    const { matrix } = imported({ m: [plain, ...large, '"cache_read_input_token_cost": 2e-07'].join() })
    const [row] = matrix.rows
    expect(matrix.fact).toBe('ai.total_input_tokens')
    expect(columnOf(row, 'ai.input_tokens')).toEqual(['2', [200_000n, '4']])
    expect(columnOf(row, 'ai.reasoning_tokens')).toEqual(['8', [200_000n, '12']])
    expect(columnOf(row, 'ai.cache_creation_1h_tokens')).toEqual(['6', [200_000n, '12']])
    // Stated for all sizes at once.
    expect(columnOf(row, 'ai.cached_input_tokens')).toEqual(['0.2'])
  })

  test('several thresholds increase, also those without a k', () => {
    const fields = [
      '"input_cost_per_token_above_512k_tokens": 6e-06',
      '"input_cost_per_token_above_1000_tokens": 4e-06',
    ]
    const [row] = imported({ m: [plain, ...fields].join() }).matrix.rows
    expect(columnOf(row, 'ai.input_tokens')).toEqual(['2', [1000n, '4'], [512_000n, '6']])
    expect(columnOf(row, 'ai.output_tokens')).toEqual(['8'])
  })

  test('a seller whose threshold is reached by a request of that size has it one token lower', () => {
    const { rows } = imported({ m: [plain.replace('"p"', '"xai"'), ...large].join() }).matrix
    expect(columnOf(rows[0], 'ai.input_tokens')).toEqual(['2', [199_999n, '4']])
  })

  const range = (from: string, to: string, price: string, more = ''): string =>
    `{"range": [${from}, ${to}], "input_cost_per_token": ${price}, "output_cost_per_token": 1e-05${more}}`

  test('ranges are sizes of requests; what one does not state is not taken from another', () => {
    const cached = ', "cache_read_input_token_cost": 1e-07'
    const ranges = [range('0', '32000.0', '1e-06', cached), range('32000.0', '256000.0', '2e-06')]
    const [row] = imported({ m: `"mode": "chat", "tiered_pricing": [${ranges.join()}]` }).matrix.rows
    expect(columnOf(row, 'ai.input_tokens')).toEqual(['1', [32_000n, '2']])
    expect(columnOf(row, 'ai.cached_input_tokens')).toEqual(['0.1', [32_000n, '2']])
    expect(columnOf(row, 'ai.output_tokens')).toEqual(['10'])
  })

  test.each([
    ['a gap', [range('0', '10', '1e-06'), range('20', '30', '2e-06')]],
    ['a beginning above zero', [range('1', '10', '1e-06')]],
    ['a range that ends before it begins', [range('0', '0', '1e-06')]],
    ['a bound that is no whole number', [range('0', '1.5', '1e-06')]],
  ])('ranges with %s are refused', (_, ranges) => {
    const { refused } = imported({ m: `"tiered_pricing": [${ranges.join()}]`, good: plain })
    expect(refused).toEqual([{ note: 'has ranges of tokens that do not follow each other', models: ['m'] }])
  })
})

describe('service tiers', () => {
  const tiers = [
    '"input_cost_per_token_priority": 3e-06',
    '"output_cost_per_token_priority": 1.6e-05',
    '"input_cost_per_token_batches": 1e-06',
    '"cache_read_input_token_cost": 5e-07',
    '"input_cost_per_token_above_200k_tokens": 4e-06',
    '"input_cost_per_token_above_200k_tokens_priority": 7e-06',
  ]

  test('a tier is a row of its own; what it does not state is what everybody pays', () => {
    const { matrix, assumed } = imported({ m: [plain, ...tiers].join(), other: plain })
    expect(matrix.dimensions).toEqual(['model', '+service_tier'])
    expect(matrix.rows.map(({ when }) => when)).toEqual([
      ['m', null],
      ['m', 'batch'],
      ['m', 'priority'],
      ['other', null],
    ])
    const [all, batch, priority] = matrix.rows
    expect(columnOf(all, 'ai.input_tokens')).toEqual(['2', [200_000n, '4']])
    expect(columnOf(priority, 'ai.input_tokens')).toEqual(['3', [200_000n, '7']])
    expect(columnOf(priority, 'ai.output_tokens')).toEqual(['16'])
    expect(columnOf(priority, 'ai.cached_input_tokens')).toEqual(['0.5'])
    expect(columnOf(batch, 'ai.output_tokens')).toEqual(['8'])
    // The table says what a large request costs, and not what it costs as a batch.
    expect(columnOf(batch, 'ai.input_tokens')).toEqual(['1', [200_000n, '4']])
    expect(assumed).toEqual([{ note: 'batch above 200000 input tokens', models: ['m'] }])
  })
})

describe('what cannot be expressed', () => {
  const free = '"input_cost_per_token": 0.0, "output_cost_per_token": 0.0'
  const refused: readonly [string, string, string][] = [
    ['images', '"mode": "image_generation", "output_cost_per_image": 0.04', 'is priced by images'],
    ['seconds', '"input_cost_per_second": 0.0001, "output_cost_per_second": 0.0', 'is priced by seconds'],
    ['pixels beside free tokens', `${free}, "input_cost_per_pixel": 1.9e-08`, 'is priced by pixels'],
    [
      'searches by ranges',
      '"tiered_pricing": [{"input_cost_per_query": 5e-3, "max_results_range": [0, 25]}]',
      'is priced by queries',
    ],
    ['nothing at all', '"mode": "chat", "max_tokens": 5', 'states no price'],
    ['no output', '"mode": "chat", "input_cost_per_token": 1e-06', 'states no price for output tokens (mode "chat")'],
    [
      'image tokens',
      `${plain}, "output_cost_per_image_token": 3e-05`,
      'prices image tokens apart, which are counted in a class',
    ],
    [
      'cached audio',
      `${plain}, "cache_read_input_audio_token_cost": 3e-07`,
      'prices cached audio tokens apart, which are counted in a class',
    ],
    [
      'an amount below zero',
      '"input_cost_per_token": -1e-06, "output_cost_per_token": 1e-06',
      'has an amount that cannot be kept exactly: input_cost_per_token is -1e-06',
    ],
    [
      'an amount as a text',
      '"input_cost_per_token": "1e-06", "output_cost_per_token": 1e-06',
      'has an amount that cannot be kept exactly: input_cost_per_token is "1e-06"',
    ],
  ]

  test.each(refused)('%s', (_, fields, reason) => {
    const { refused: notes, modelsRead, modelsPriced, matrix } = imported({ m: fields, good: plain })
    expect(notes).toEqual([{ note: reason, models: ['m'] }])
    expect([modelsRead, modelsPriced, matrix.rows.length]).toEqual([2, 1, 1])
  })

  test('a part of a class that costs what the class costs is no reason, and a free model is none', () => {
    const { modelsPriced, leftOut } = imported({
      image: `${plain}, "input_cost_per_image_token": 0.000002`,
      audio: `${plain}, "cache_read_input_token_cost": 4e-07, "cache_creation_input_audio_token_cost": 4.0e-07`,
      free,
      embedding: '"mode": "embedding", "input_cost_per_token": 2e-08',
    })
    expect([modelsPriced, leftOut]).toEqual([4, []])
  })

  test('charges on top of tokens are named, those of nothing are not', () => {
    const search = '"search_context_cost_per_query": {"search_context_size_high": 0.01, "search_context_size_low": 0.0}'
    const { leftOut, modelsPriced } = imported({
      a: `${plain}, ${search}`,
      b: `${plain}, ${search}, "input_cost_per_request": 0.005, "input_cost_per_character": 0`,
      // As a float the one would be nothing, and the other is nothing whatever its exponent.
      c: `${plain}, "input_cost_per_pixel": 1e-400, "input_cost_per_second": 0e-7`,
    })
    expect(modelsPriced).toBe(3)
    expect(leftOut).toEqual([
      { note: 'search_context_cost_per_query', models: ['a', 'b'] },
      { note: 'input_cost_per_request', models: ['b'] },
      { note: 'input_cost_per_pixel', models: ['c'] },
    ])
  })

  test('a name no label can have, and entries that are no models', () => {
    const { refused: notes, modelsRead } = imported({
      sample_spec: plain,
      fallback_generalizations: '"rules": []',
      good: plain,
      [`${'x'.repeat(129)}`]: plain,
      'a\nb': plain,
    })
    expect(modelsRead).toBe(3)
    expect(notes).toEqual([
      { note: 'has a name that no label can have (1 to 128 bytes)', models: [`${'x'.repeat(129)}`, 'a\nb'] },
    ])
  })
})

describe('which models', () => {
  const models = { 'gpt-1': plain, 'gpt-2': plain, 'azure/gpt-1': plain }

  test('names and patterns choose, in the order of the table', () => {
    const namesOf = (...patterns: string[]): unknown =>
      imported(models, ...patterns).matrix.rows.map(({ when }) => when[0])
    expect(namesOf('gpt-2', 'gpt-1')).toEqual(['gpt-1', 'gpt-2'])
    expect(namesOf('gpt-*')).toEqual(['gpt-1', 'gpt-2'])
    expect(namesOf('*gpt-1')).toEqual(['gpt-1', 'azure/gpt-1'])
  })

  test.each([
    ['gtp-1', 'the table has no model gtp-1: did you mean gpt-1?'],
    ['gpt.1', 'the table has no model gpt.1: did you mean gpt-1?'],
    ['claude*', 'the table has no model claude*: names stand in the table as its keys; * stands for anything'],
  ])('%s is refused with what to write', (pattern, message) => {
    expect(importAiPrices(tableOf(models), 'ai', [pattern])).toMatchObject({
      ok: false,
      fault: { code: 'model_unknown', message },
    })
  })

  test('a table that is none, and one without prices of tokens, are refused', () => {
    expect(importAiPrices('[]', 'ai', [])).toMatchObject({ ok: false, fault: { code: 'price_table_invalid' } })
    expect(importAiPrices('{', 'ai', [])).toMatchObject({ ok: false, fault: { code: 'price_table_invalid' } })
    expect(importAiPrices(tableOf({ m: '' }), 'ai', [])).toMatchObject({
      ok: false,
      fault: { code: 'nothing_priced', message: 'none of the models is priced by tokens: 1 states no price' },
    })
  })
})
