import type { MeteringView } from '@meterline/shared/metering/state.ts'
import type { TenantFile } from '@meterline/aggregator/domain/catalogue/tenant-file.ts'

/** A tenant with one price and many subscriptions, each with one subject. */
export interface RatingTenant {
  readonly price: 'graduated' | 'matrix'
  readonly subscriptions: number
}

const tiers = 8
export const matrixRows = 3_000

/** The meters are sums, which have no state. */
export const noMetering: MeteringView = {
  series: () => undefined,
  lastBefore: () => undefined,
  firstAfter: () => undefined,
  level: () => undefined,
}

/**
 * The file with the first subscription, and what adds the others to it: a million of them as text would measure the reader
 * of files.
 */
export function ratingTenantFile({ price, subscriptions }: RatingTenant): {
  readonly text: string
  readonly complete: (file: TenantFile) => TenantFile
} {
  const text = [
    'tenant: bench',
    'currency: EUR',
    'operator: { id: bench, name: Bench Telecom }',
    'meters:',
    '  - { id: data, unit: byte }',
    'prices:',
    ...(price === 'graduated' ? graduatedPrice() : matrixPrice()),
    'offerings:',
    '  - { id: all, name: All, prices: [data] }',
    'accounts:',
    '  - { id: customer, kind: customer, parent: bench, name: Customer, payer: self }',
    'subscriptions:',
    '  - { id: sub-0, account: customer, offering: all, from: 2026-01-01, subjects: [s-0] }',
    '',
  ].join('\n')
  const complete = (file: TenantFile): TenantFile => {
    const [first] = file.subscriptions
    if (first === undefined) return file
    const all = Array.from({ length: subscriptions }, (_, index) => ({
      ...first,
      id: `sub-${index}`,
      subjects: [`s-${index}`],
    }))
    return { ...file, subscriptions: all }
  }
  return { text, complete }
}

function graduatedPrice(): readonly string[] {
  const closed = Array.from({ length: tiers - 1 }, (_, index) => {
    const upTo = 10 ** (index + 6)
    return `{ upTo: ${upTo}, amount: "0.0${tiers - index}7" }`
  })
  return [
    `  - { id: data, meter: data, model: graduated, per: 1000000, tiers: [${closed.join(', ')}, { amount: "0.004" }] }`,
  ]
}

function matrixPrice(): readonly string[] {
  return [
    '  - id: data',
    '    meter: data',
    '    model: matrix',
    '    dimensions: [model]',
    '    rows:',
    ...Array.from(
      { length: matrixRows },
      (_, index) =>
        `      - { when: { model: model-${index} }, model: per-unit, per: 1000000, amount: "${index % 40}.25" }`,
    ),
  ]
}
