import { benchTenant } from './bench-tenant.ts'
import type { BenchAgent } from './bench-tenant.ts'

/** A tenant that sells tokens of many models of AI to many subjects. */
export interface SnapshotTenant {
  /** Rows of the matrix: a model each, or a service tier of one. */
  readonly rows: number
  /** Each with a subscription of its own. */
  readonly subjects: number
  /** Whether one amount of one row is to be another one from a date on. */
  readonly changed: boolean
}

/** The classes of tokens (docs/ai-usage.md), those that most models price first. */
const meters = [
  'ai.input_tokens',
  'ai.cached_input_tokens',
  'ai.output_tokens',
  'ai.reasoning_tokens',
  'ai.cache_creation_tokens',
  'ai.audio_input_tokens',
  'ai.audio_output_tokens',
  'ai.cache_creation_1h_tokens',
] as const
const fewestClasses = 4
/** Every so manieth row is of a service tier, and has a second price for large requests. */
const tierEvery = 8
const thresholdEvery = 20
/** Subscriptions begin on the days of some three years, so their terms differ. */
const daysOfSale = 1_200
const firstDayMs = Date.UTC(2022, 0, 1)
const dayMs = 86_400_000

/** The subject with this number. */
export function subjectName(number: number): string {
  return `key-${number.toString().padStart(6, '0')}`
}

/** The model that use with this number is of: any row of the matrix that is of no service tier. */
export function modelOfUse(number: number, rows: number): string {
  const row = number % rows
  return modelName(isOfTier(row) ? row - 1 : row)
}

/** The tenant file: a matrix over all classes of tokens, a price for each, two offerings that have them. */
export function snapshotTenantFile(tenant: SnapshotTenant, agents: readonly BenchAgent[]): string {
  const { rows, subjects, changed } = tenant
  return [
    `tenant: ${benchTenant}`,
    'currency: USD',
    'operator: { id: bench, name: Bench Telecom }',
    'meters:',
    ...meters.map((meter) => `  - { id: ${meter}, unit: token }`),
    'matrices:',
    ...matrix('models', rows, '0.05'),
    ...(changed ? matrix('models-again', rows, '0.06') : []),
    'prices:',
    ...meters.map((meter) => {
      const changes = changed && meter === meters[0] ? `, changes: [${change}]` : ''
      return `  - { id: ${meter}, meter: ${meter}, model: matrix, matrix: models${changes} }`
    }),
    'offerings:',
    ...['standard', 'partner'].map((id) => `  - { id: ${id}, name: ${id}, prices: [${meters.join(', ')}] }`),
    'accounts:',
    '  - { id: customer, kind: customer, parent: bench, name: Customer, payer: self }',
    'subscriptions:',
    ...Array.from({ length: subjects }, (_, number) => subscription(number)),
    'agents:',
    ...agents.map(({ id, signingKey }) => `  - { id: ${id}, signingKey: "${signingKey}", epoch: 1 }`),
    '',
  ].join('\n')
}

const change = '{ from: 2026-01-01, model: matrix, matrix: models-again }'

function subscription(number: number): string {
  const from = new Date(firstDayMs + (number % daysOfSale) * dayMs).toISOString().slice(0, 10)
  const offering = number % 3 === 0 ? 'partner' : 'standard'
  return `  - { id: sub-${number}, account: customer, offering: ${offering}, from: ${from}, subjects: [${subjectName(number)}] }`
}

/** `firstAmount` is what the first row asks for input: the one amount that is ever changed. */
function matrix(id: string, rows: number, firstAmount: string): readonly string[] {
  return [
    `  - id: ${id}`,
    '    dimensions: [model, +service_tier]',
    '    fact: ai.total_input_tokens',
    '    per: 1000000',
    '    rows:',
    ...Array.from({ length: rows }, (_, row) => {
      const tier = isOfTier(row) ? `, +service_tier: ${['priority', 'flex', 'batch'][row % 3]}` : ''
      const above = row % thresholdEvery === 0 ? `, above: [{ above: 200000, amounts: ${amounts(row, 2, null)} }]` : ''
      const base = amounts(row, 1, row === 0 ? firstAmount : null)
      return `      - { when: { model: ${modelName(isOfTier(row) ? row - 1 : row)}${tier} }, amounts: ${base}${above} }`
    }),
  ]
}

/** Price lists have some hundreds of different amounts. */
function amounts(row: number, times: number, first: string | null): string {
  const classes = meters.slice(0, fewestClasses + (row % (meters.length - fewestClasses + 1)))
  const texts = classes.map((meter, place) => {
    const thousandths = (((row * 37) % 400) + 1) * 5 * (place + 1) * times
    const own = `${Math.floor(thousandths / 1_000)}.${(thousandths % 1_000).toString().padStart(3, '0')}`
    const amount = place === 0 && first !== null ? first : own
    return `${meter}: "${amount}"`
  })
  return `{ ${texts.join(', ')} }`
}

function isOfTier(row: number): boolean {
  return row % tierEvery === tierEvery - 1
}

function modelName(row: number): string {
  return `provider-${row % 40}/large-model-${row.toString().padStart(4, '0')}-2026-05`
}
