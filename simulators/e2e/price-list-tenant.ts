/** The months of the story: everything is used, and billed, in March 2025, when the clocks of Berlin go forward. */
export const period = '2025-03'

/** A row of the matrix for a model that the price list did not know at first. */
export const newRow = `{ when: { model: new }, amounts: { ai.input_tokens: '1', ai.output_tokens: '2' } }`

/** A tenant with every model of price on one invoice; `rows` are further rows of the matrix of AI models. */
export function priceListTenant(rows: readonly string[] = []): string {
  return `
tenant: prices
currency: EUR
operator: { id: prices, name: Price list }
taxCodes: [{ id: energy, name: Energy }]
meters:
  - { id: messages, unit: message }
  - { id: data.mb, unit: MB }
  - { id: api.calls, unit: call }
  - { id: storage.gb, unit: GB }
  - { id: mails, unit: mail }
  - { id: packets, unit: byte }
  - { id: card.cents, unit: cent }
  - { id: payout.cents, unit: cent }
  - { id: voice.seconds, unit: s }
  - { id: requests, unit: word }
  - { id: energy.wh, unit: Wh }
  - { id: units, unit: piece }
  - { id: ai.input_tokens, unit: token }
  - { id: ai.cached_input_tokens, unit: token }
  - { id: ai.output_tokens, unit: token }
matrices:
  - id: llm
    dimensions: [model, +service_tier]
    fact: ai.total_input_tokens
    per: 1000000
    rows:
      - when: { model: large }
        amounts: { ai.input_tokens: '3', ai.cached_input_tokens: '0.3', ai.output_tokens: '15' }
        above: [{ above: 200000, amounts: { ai.input_tokens: '6', ai.output_tokens: '22.5' } }]
      - { when: { model: large, +service_tier: flex }, amounts: { ai.input_tokens: '1.5', ai.output_tokens: '7.5' } }
${rows.map((row) => `      - ${row}\n`).join('')}prices:
  - { id: message, meter: messages, model: per-unit, amount: '0.0025', changes: [{ from: 2025-03-15, model: per-unit, amount: '0.002' }] }
  - { id: data, meter: data.mb, model: graduated, tiers: [{ upTo: 100, amount: 0 }, { upTo: 1000, amount: '0.05', flat: 3 }, { amount: '0.02' }] }
  - { id: call, meter: api.calls, model: volume, tiers: [{ upTo: 5, amount: 7 }, { upTo: 10, amount: '6.5' }, { amount: 3 }] }
  - { id: storage, meter: storage.gb, model: stair-step, tiers: [{ upTo: 10, flat: 20 }, { upTo: 100, flat: 50 }, { flat: 75 }] }
  - { id: mail, meter: mails, model: package, size: 10, amount: 15, free: 5 }
  - { id: packet, meter: packets, model: package, size: 24, amount: '0.00001', each: event, least: 1 }
  - { id: card, meter: card.cents, model: percentage, per: 100, rate: '2.99', fixed: '0.25', freeEvents: 1, minimumEach: '1.75', maximumEach: 12 }
  - id: payout
    meter: payout.cents
    model: graduated-percentage
    per: 100
    tiers: [{ upTo: 100000, rate: 1, flat: 2 }, { rate: '0.5', flat: 3 }]
    maximum: '15.55'
    rounding: { digits: 1, rule: half-even }
  - { id: voice, meter: voice.seconds, model: stepped, connect: '0.4', steps: [{ amount: '0.2', per: 60, increment: 60 }, { from: 60, amount: '0.1', per: 60 }] }
  - { id: request, meter: requests, model: request-threshold, fact: size, amount: 3, per: 1000, above: [{ above: 200, amount: 6 }] }
  - id: power
    meter: energy.wh
    tax: energy
    model: time-of-use
    zone: Europe/Berlin
    windows: [{ name: night, at: [{ from: '22:00' }, { to: '06:00' }], price: { model: per-unit, amount: '0.2', per: 1000 } }]
    otherwise: { name: day, price: { model: per-unit, amount: '0.5', per: 1000 } }
    duration: { fact: duration, unit: 1s }
  - { id: ai-input, meter: ai.input_tokens, model: matrix, matrix: llm }
  - { id: ai-cached, meter: ai.cached_input_tokens, model: matrix, matrix: llm }
  - { id: ai-output, meter: ai.output_tokens, model: matrix, matrix: llm }
  - { id: old-rate, meter: units, model: per-unit, amount: 1 }
  - { id: new-rate, meter: units, model: per-unit, amount: '0.5' }
  - { id: setup, model: one-time, amount: 49 }
  - { id: sim, model: recurring, amount: '1.50', each: subject }
  - { id: seat, model: recurring, amount: 12, due: in-arrears, each: { quantity: seats } }
offerings:
  - id: all
    name: Everything
    prices: [setup, sim, seat, message, data, call, storage, mail, packet, card, payout, voice, request, power, ai-input, ai-cached, ai-output]
  - { id: pieces, name: Pieces, prices: [old-rate], versions: [{ from: 2025-03-10, prices: [new-rate] }] }
accounts:
  - { id: customer, kind: customer, parent: prices, name: Customer, payer: self }
subscriptions:
  - { id: customer-all, account: customer, offering: all, from: 2025-03-05, subjects: [box, llm], quantities: { seats: 3 } }
  - { id: customer-pieces, account: customer, offering: pieces, from: 2025-03-01, subjects: [press], migrations: [{ at: 2025-03-20, version: 2025-03-10 }] }
`
}
