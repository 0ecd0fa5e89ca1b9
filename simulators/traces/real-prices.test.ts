import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importAiPrices, type ImportedTable } from '@meterline/aggregator/catalogue-files/ai-prices/import-table.ts'
import { tenantFragment } from '@meterline/aggregator/catalogue-files/ai-prices/tenant-fragment.ts'
import { parseTenantFile } from '@meterline/aggregator/catalogue-files/parse-tenant-file.ts'
import { compileCatalogue } from '@meterline/aggregator/domain/catalogue/compile-catalogue.ts'
import { chargeMicros, openingMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { routeOf } from '@meterline/shared/rating/route.ts'
import { readAzureTrace } from './azure-llm.ts'
import type { LlmCall } from './llm-call.ts'
import { readMooncakeTrace } from './mooncake.ts'

const TRACES = process.env['METERLINE_TRACES']
const tableFile = join(TRACES ?? '', 'ai/model-prices.json')
const hasTable = TRACES !== undefined && existsSync(tableFile)

/** One band of a model as the table's fields say it, chosen by hand: its fields for input, cached input and output. */
interface Band {
  /** More input tokens than this. */
  readonly above: bigint
  /** Which range of `tiered_pricing` the fields are in; left out, those of the model itself. */
  readonly range?: number
  readonly input: string
  readonly cached: string
  readonly output: string
}

const whole = { input: 'input_cost_per_token', cached: 'cache_read_input_token_cost', output: 'output_cost_per_token' }
const aboveFields = (size: string): Omit<Band, 'above'> => ({
  input: `input_cost_per_token_above_${size}_tokens`,
  cached: `cache_read_input_token_cost_above_${size}_tokens`,
  output: `output_cost_per_token_above_${size}_tokens`,
})

const tenModels: Readonly<Record<string, readonly Band[]>> = {
  'gpt-4o': [{ above: -1n, ...whole }],
  'gpt-5.6': [
    { above: -1n, ...whole },
    { above: 272_000n, ...aboveFields('272k') },
  ],
  'claude-sonnet-4-5-20250929': [
    { above: -1n, ...whole },
    { above: 200_000n, ...aboveFields('200k') },
  ],
  'gemini/gemini-2.5-flash': [{ above: -1n, ...whole }],
  'minimax/MiniMax-M3': [
    { above: -1n, ...whole },
    { above: 512_000n, ...aboveFields('512k') },
  ],
  'deepseek/deepseek-chat': [{ above: -1n, ...whole }],
  // Its thresholds are reached by a request of exactly that size, and it has no price of cached input of its own.
  'xai/grok-4-0709': [
    { above: -1n, ...whole, cached: 'input_cost_per_token' },
    { above: 127_999n, ...aboveFields('128k'), cached: 'input_cost_per_token_above_128k_tokens' },
  ],
  'dashscope/qwen3-coder-plus': [-1n, 32_000n, 128_000n, 256_000n].map((above, range) => ({ above, range, ...whole })),
  'azure/gpt-4o-mini': [{ above: -1n, ...whole }],
  // Figures of seventeen digits, as a binary fraction came out.
  'databricks/databricks-claude-sonnet-4': [{ above: -1n, ...whole, cached: 'input_cost_per_token' }],
}

describe.skipIf(!hasTable)('real prices (needs METERLINE_TRACES)', () => {
  const text = hasTable ? readFileSync(tableFile, 'utf8') : ''

  /** The text of a model's entry, found by its braces. */
  function entryOf(model: string): string {
    const start = text.indexOf(`"${model}": {`)
    let depth = 0
    for (let at = text.indexOf('{', start); at < text.length; at++) {
      depth += text[at] === '{' ? 1 : text[at] === '}' ? -1 : 0
      if (depth === 0) return text.slice(start, at + 1)
    }
    throw new Error(`the table has no entry ${model}`)
  }

  /** A price per token times 10^40, from the digits of its text. */
  function scaledPrice(model: string, field: string, range?: number): bigint {
    const ranges = entryOf(model)
      .split('"tiered_pricing"')[1]
      ?.match(/\{[^{}]*\}/g)
    const within = range === undefined ? entryOf(model) : (ranges?.[range] ?? '')
    const [, digits = '', fraction = '', exponent = '0'] =
      new RegExp(`"${field}": *([0-9]+)(?:\\.([0-9]+))?(?:e([+-]?[0-9]+))?[,\\s}]`).exec(within) ?? []
    if (digits === '') throw new Error(`${model} states no ${field}`)
    return BigInt(digits + fraction) * 10n ** BigInt(40 - fraction.length + Number(exponent))
  }

  function imported(...models: string[]): ImportedTable {
    const result = importAiPrices(text, 'ai-models', models)
    if (!result.ok) throw new Error(result.fault.message)
    return result.value
  }

  /** The prices of every meter as a catalogue that was applied has them, by way of the tenant file that was written. */
  function compiledPrices(table: ImportedTable): ReadonlyMap<string, CompiledPrice> {
    const meters = [...new Set(table.matrix.rows.flatMap(({ amounts }) => [...amounts.keys()]))]
    const file = `tenant: acme
currency: USD
operator: { id: acme, name: Acme }
accounts: [{ id: hansa, kind: customer, parent: acme, name: Hansa, payer: self }]
partners: []
agents: []
offerings: [{ id: ai, name: AI, prices: [${meters.map((meter) => meter.replace('ai.', 'ai-models.')).join(', ')}] }]
subscriptions: [{ id: hansa-ai, account: hansa, offering: ai, from: 2023-01-01, subjects: [key-1] }]
${tenantFragment(table.matrix, 'USD', 'a test')}`
    const parsed = parseTenantFile('acme.yaml', file)
    if (!parsed.ok) throw new Error(parsed.mistakes.map(({ line, message }) => `${line}: ${message}`).join('\n'))
    const catalogue = compileCatalogue(parsed.value)
    if (!catalogue.ok) throw new Error(catalogue.fault.message)
    const version = catalogue.value.subscriptions.get('hansa-ai')?.versions[0]
    return new Map([...(version?.prices ?? [])].map(([meter, price]) => [meter, price.compiled]))
  }

  test('every model is priced or named with its reason, and every row can be charged', () => {
    const table = imported()
    const named = table.refused.flatMap(({ models }) => models)
    expect(table.modelsPriced + named.length).toBe(table.modelsRead)
    expect(new Set(named).size).toBe(named.length)
    expect(table.modelsRead).toBe(2984)
    expect(table.modelsPriced).toBe(2467)
    expect(named.filter((model) => table.matrix.rows.some(({ when }) => when[0] === model))).toEqual([])
    const prices = compiledPrices(table)
    for (const { when, amounts } of table.matrix.rows) {
      const labels = when.flatMap((said, place) =>
        said === null ? [] : [[table.matrix.dimensions[place] ?? '', said] as const],
      )
      for (const [meter, price] of prices) {
        const model = price.models[routeOf(price, { timeMs: 0, labels, facts: [] })]
        if (model === undefined) throw new Error(`no row of ${meter} for ${when.join()}`)
        // A million million million tokens cost an amount of micros with every digit it has.
        const [units = '', fraction = ''] = (amounts.get(meter) ?? '').split('.')
        expect(chargeMicros(model, 0n, 10n ** 18n)).toBe(BigInt(units + fraction.padEnd(18, '0')))
      }
    }
  })

  test('the amounts of every model are the figures of the table', () => {
    const entries = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
    const plain = imported().matrix.rows.filter(
      ({ when }) => when[1] === null && !('tiered_pricing' in (entries[when[0] ?? ''] ?? {})),
    )
    expect(plain).toHaveLength(2448)
    for (const { when, amounts } of plain) {
      const entry = entries[when[0] ?? '']
      // Equal decimals are the same binary fraction, however it came out of the texts.
      const perToken = (meter: string): number => Number(`${amounts.get(meter)}e-6`)
      expect([when[0], perToken('ai.input_tokens')]).toEqual([when[0], entry?.['input_cost_per_token']])
      expect([when[0], perToken('ai.output_tokens')]).toEqual([when[0], entry?.['output_cost_per_token'] ?? 0])
    }
  })

  /** Tokens of one model by meter and band. */
  type Tokens = Map<string, bigint>

  /** Σ tokens × price of the band, each meter and band rounded half up to a micro by itself, as segments are. */
  function independentTotals(model: string, calls: readonly LlmCall[]): ReadonlyMap<string, bigint> {
    const bands = tenModels[model] ?? []
    const tokens: Tokens = new Map()
    const add = (name: string, count: number): void => void tokens.set(name, (tokens.get(name) ?? 0n) + BigInt(count))
    for (const { inputTokens, cachedInputTokens, outputTokens } of calls) {
      const band = bands.filter(({ above }) => BigInt(inputTokens) > above).length - 1
      add(`ai.input_tokens ${band}`, inputTokens - (cachedInputTokens ?? 0))
      add(`ai.cached_input_tokens ${band}`, cachedInputTokens ?? 0)
      add(`ai.output_tokens ${band}`, outputTokens)
    }
    const fields = {
      'ai.input_tokens': 'input',
      'ai.cached_input_tokens': 'cached',
      'ai.output_tokens': 'output',
    } as const
    const totals = new Map<string, bigint>()
    for (const [name, count] of tokens) {
      const [meter = '', band = ''] = name.split(' ')
      const { range, ...own } = bands[Number(band)] ?? { above: 0n, ...whole }
      const price = scaledPrice(model, own[fields[meter as keyof typeof fields]], range)
      const scaled = count * price * 1_000_000n
      totals.set(name, (scaled + 5n * 10n ** 39n) / 10n ** 40n)
    }
    return totals
  }

  /** The same by the product: a charge for every record of every call, segment by segment. */
  function chargedTotals(
    model: string,
    calls: readonly LlmCall[],
    prices: ReadonlyMap<string, CompiledPrice>,
  ): ReadonlyMap<string, bigint> {
    const segments = new Map<string, { position: bigint; charged: bigint }>()
    for (const { timeMs, inputTokens, cachedInputTokens, outputTokens } of calls) {
      const usage = {
        timeMs,
        labels: [['model', model]],
        facts: [['ai.total_input_tokens', BigInt(inputTokens)]],
      } as const
      const measured = [
        ['ai.input_tokens', inputTokens - (cachedInputTokens ?? 0)],
        ['ai.cached_input_tokens', cachedInputTokens ?? 0],
        ['ai.output_tokens', outputTokens],
      ] as const
      for (const [meter, count] of measured) {
        const price = prices.get(meter)
        const place = price === undefined ? -1 : routeOf(price, usage)
        const compiled = price?.models[place]
        if (compiled === undefined) throw new Error(`${meter} of ${model} has no price`)
        let segment = segments.get(`${meter} ${place}`)
        if (segment === undefined) {
          expect(openingMicros(compiled)).toBe(0n)
          segments.set(`${meter} ${place}`, (segment = { position: 0n, charged: 0n }))
        }
        segment.charged += chargeMicros(compiled, segment.position, BigInt(count))
        segment.position += BigInt(count)
      }
    }
    return new Map([...segments].map(([name, { charged }]) => [name, charged]))
  }

  async function collect(calls: AsyncGenerator<LlmCall>): Promise<readonly LlmCall[]> {
    const all: LlmCall[] = []
    for await (const call of calls) all.push(call)
    return all
  }

  const traces: readonly [string, () => AsyncGenerator<LlmCall>, number][] = [
    ['the Azure trace', () => readAzureTrace(join(TRACES ?? '', 'ai/AzureLLMInferenceTrace_conv.csv')), 19_366],
    ['the Mooncake trace', () => readMooncakeTrace(join(TRACES ?? '', 'ai/mooncake-synthetic_trace.jsonl'), 0), 3_993],
  ]

  test.each(traces)(
    '%s costs for ten models what an independent calculation says, to the micro',
    async (_, read, count) => {
      const calls = await collect(read())
      expect(calls).toHaveLength(count)
      const prices = compiledPrices(imported(...Object.keys(tenModels)))
      for (const model of Object.keys(tenModels)) {
        const byBand = (totals: ReadonlyMap<string, bigint>): readonly (readonly [string, bigint])[] =>
          [...totals]
            .map(([name, micros]) => [name.split(' ')[0] ?? '', micros] as const)
            .filter(([, micros]) => micros > 0n)
        const charged = byBand(chargedTotals(model, calls, prices))
        // Bands are entered in the same order by both.
        expect([model, ...charged]).toEqual([model, ...byBand(independentTotals(model, calls))])
        expect(charged.length).toBeGreaterThan(1)
      }
    },
  )
})
