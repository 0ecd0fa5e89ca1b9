/** An agent that is registered in the tenant file. */
export interface BenchAgent {
  readonly id: string
  readonly signingKey: string
}

export const benchTenant = 'bench'
/** Meters of the plain usage event that the load generator publishes, and of AI calls. */
const meters = ['data.bytes', 'ai.input_tokens', 'ai.output_tokens']

/**
 * A tenant in which every record is charged on three legs: the fleet owes the reseller (graduated), the reseller owes
 * the operator, the operator owes a partner. `subjects` are the devices that publish.
 */
export function benchTenantFile(subjects: readonly string[], agents: readonly BenchAgent[]): string {
  const names = (prefix: string): string => `[${meters.map((meter) => `${prefix}-${meter}`).join(', ')}]`
  return [
    `tenant: ${benchTenant}`,
    'currency: EUR',
    'operator: { id: bench, name: Bench Telecom }',
    'meters:',
    '  - { id: data.bytes, unit: byte }',
    '  - { id: ai.input_tokens, unit: token }',
    '  - { id: ai.output_tokens, unit: token }',
    'prices:',
    ...meters.flatMap((meter) => [
      `  - { id: retail-${meter}, meter: ${meter}, model: graduated, per: 1000000, tiers: [{ upTo: 5000000000, amount: "0.02" }, { amount: "0.01" }] }`,
      `  - { id: wholesale-${meter}, meter: ${meter}, model: per-unit, per: 1000000, amount: "0.005" }`,
      `  - { id: partner-${meter}, meter: ${meter}, model: per-unit, per: 1000000, amount: "0.0015" }`,
    ]),
    'offerings:',
    `  - { id: retail, name: Retail, prices: ${names('retail')} }`,
    `  - { id: wholesale, name: Wholesale, prices: ${names('wholesale')} }`,
    `  - { id: partner, name: Partner cost, prices: ${names('partner')} }`,
    'accounts:',
    '  - { id: reseller, kind: reseller, parent: bench, name: Reseller, payer: self }',
    '  - { id: customer, kind: customer, parent: reseller, name: Customer, payer: self }',
    '  - { id: fleet, kind: fleet, parent: customer, name: Fleet, payer: parent }',
    'partners:',
    '  - { id: roamnet, name: RoamNet }',
    'subscriptions:',
    `  - { id: fleet-devices, account: fleet, offering: retail, from: 2023-01-01, subjects: [${subjects.join(', ')}] }`,
    '  - { id: reseller-wholesale, account: reseller, offering: wholesale, from: 2023-01-01 }',
    '  - { id: bench-partner, account: bench, seller: roamnet, offering: partner, from: 2023-01-01 }',
    'agents:',
    ...agents.map(({ id, signingKey }) => `  - { id: ${id}, signingKey: "${signingKey}", epoch: 1 }`),
    '',
  ].join('\n')
}
