import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Publisher } from '../fleets/publisher.ts'
import { startStack, type ShownInvoice, type Stack } from '../scenarios/stack.ts'
import { newRow, period, priceListTenant } from './price-list-tenant.ts'
import { add, fromDecimal, multiply, rational, roundToParts, type Rational } from './rational.ts'

let folder = ''
let stack: Stack

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-price-list-'))
  stack = await startStack({ folder, tenant: 'prices', agents: ['gw-1', 'gw-2'] })
  await apply(priceListTenant())
})

afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function apply(text: string): Promise<void> {
  const file = join(folder, 'prices.yaml')
  writeFileSync(file, stack.withAgents(text))
  await stack.apply(file)
}

type Event = Readonly<Record<string, unknown>>

/** What the box uses, in the order it is published in: an event that is early in time may come last. */
const boxEvents: readonly Event[] = [
  { id: 'messages-1', time: '2025-03-14T23:59:59.999Z', meter: 'messages', quantity: 7 },
  { id: 'messages-2', time: '2025-03-15T00:00:00Z', meter: 'messages', quantity: 11 },
  { id: 'data', time: '2025-03-10T00:00:00Z', meter: 'data.mb', quantity: 1150 },
  { id: 'calls-1', time: '2025-03-10T00:00:00Z', meter: 'api.calls', quantity: 4 },
  { id: 'calls-2', time: '2025-03-10T00:00:00Z', meter: 'api.calls', quantity: 6 },
  { id: 'calls-3', time: '2025-03-09T00:00:00Z', meter: 'api.calls', quantity: 1 },
  { id: 'storage', time: '2025-03-10T00:00:00Z', meter: 'storage.gb', quantity: 11 },
  { id: 'mails', time: '2025-03-10T00:00:00Z', meter: 'mails', quantity: 16 },
  ...[55, 0, 24].map((quantity) => {
    return { id: `packet-${quantity}`, time: '2025-03-10T00:00:00Z', meter: 'packets', quantity }
  }),
  { id: 'card-1', time: '2025-03-11T00:00:00Z', meter: 'card.cents', quantity: 8000 },
  { id: 'card-2', time: '2025-03-12T00:00:00Z', meter: 'card.cents', quantity: 1000 },
  { id: 'card-3', time: '2025-03-10T00:00:00Z', meter: 'card.cents', quantity: 1_000_000 },
  { id: 'payout', time: '2025-03-10T00:00:00Z', meter: 'payout.cents', quantity: 120_000 },
  { id: 'voice-1', time: '2025-03-10T00:00:00Z', meter: 'voice.seconds', quantity: 130 },
  { id: 'voice-2', time: '2025-03-10T00:00:00Z', meter: 'voice.seconds', quantity: 10 },
  ...[200, 201].map((quantity) => {
    return {
      id: `r-${quantity}`,
      time: '2025-03-10T00:00:00Z',
      meter: 'requests',
      quantity,
      dimensions: { size: quantity },
    }
  }),
  // From 23:00 to 08:00 by the clocks of Berlin, which is eight hours, because 02:00 to 03:00 is not there.
  { id: 'power', time: '2025-03-29T22:00:00Z', meter: 'energy.wh', quantity: 8001, dimensions: { duration: 28_800 } },
]

const pressEvents: readonly Event[] = [
  { id: 'units-1', time: '2025-03-19T23:59:59.999Z', meter: 'units', quantity: 3 },
  { id: 'units-2', time: '2025-03-20T00:00:00Z', meter: 'units', quantity: 4 },
]

/** An answer of an AI provider as it came. */
function answer(
  id: string,
  model: string,
  prompt: number,
  cached: number,
  completion: number,
  more: Event = {},
): Event {
  const details = { prompt_tokens_details: { cached_tokens: cached } }
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...details }
  return { id, object: 'chat.completion', created: Date.UTC(2025, 2, 10) / 1000, model, usage, ...more }
}

const answers: readonly Event[] = [
  answer('short', 'large', 1_000, 400, 100),
  answer('long', 'large', 200_001, 0, 10),
  answer('flex', 'large', 300_000, 0, 4, { service_tier: 'flex' }),
  answer('unknown', 'new', 500, 0, 20),
]

/** Publishes to an agent, each event twice. */
async function publish(agent: number, device: string, kind: 'usage' | 'ai', events: readonly Event[]): Promise<void> {
  const publisher = await Publisher.connect({ url: stack.mqttUrl(agent), clientId: device, window: 1, retryMs: 5000 })
  for (const event of [...events, ...events]) {
    const payload = Buffer.from(JSON.stringify(event))
    await publisher.publish({ topic: `meter/v1/${device}/${kind}`, payload }, () => undefined)
  }
  await publisher.drained()
  await publisher.close()
}

/** So many units at a decimal for `per` of them. */
function at(amount: string, units: number, per = 1): Rational {
  return multiply(fromDecimal(amount), rational(BigInt(units), BigInt(per)))
}

function sum(...parts: readonly Rational[]): Rational {
  return parts.reduce(add, rational(0n))
}

const million = 1_000_000
/** What the invoice comes to, worked out by hand: for each price the quantity and the exact amount of its lines. */
const expected: readonly (readonly [price: string, quantity: number, amount: Rational])[] = [
  ['setup', 1, fromDecimal('49')],
  // In advance: for the month in which the subscription begins, and for the next one.
  ['sim', 2, at('1.5', 2)],
  ['sim', 2, at('1.5', 2)],
  ['seat', 3, at('12', 3)],
  ['message', 7, at('0.0025', 7)],
  ['message', 11, at('0.002', 11)],
  ['data', 1150, sum(at('0.05', 900), fromDecimal('3'), at('0.02', 150))],
  ['call', 11, at('3', 11)],
  ['storage', 11, fromDecimal('50')],
  // Eleven beyond the free ones are two started packages; packets are 3 + 1 + 1.
  ['mail', 16, at('15', 2)],
  ['packet', 79, at('0.00001', 5)],
  // The event of the tenth is free, although it came last; 0.299 + 0.25 is less than an event costs at least.
  ['card', 1_009_000, sum(at('0.0299', 8000, 100), fromDecimal('0.25'), fromDecimal('1.75'))],
  // 10 + 2 + 1 + 3 is above the maximum of 15.55, which is rounded to the even digit.
  ['payout', 120_000, fromDecimal('15.6')],
  ['voice', 140, sum(at('0.4', 2), at('0.2', 2), at('0.1', 70, 60))],
  ['request', 200, at('3', 200, 1000)],
  ['request', 201, at('6', 201, 1000)],
  // Six of the eight hours are night: 6,000.75 of 8,001 rounded down, and the rest.
  ['power', 6000, at('0.2', 6000, 1000)],
  ['power', 2001, at('0.5', 2001, 1000)],
  ['ai-input', 600, at('3', 600, million)],
  ['ai-input', 200_001, at('6', 200_001, million)],
  ['ai-input', 300_000, at('1.5', 300_000, million)],
  ['ai-input', 500, at('1', 500, million)],
  ['ai-cached', 400, at('0.3', 400, million)],
  ['ai-output', 100, at('15', 100, million)],
  ['ai-output', 10, at('22.5', 10, million)],
  ['ai-output', 4, at('7.5', 4, million)],
  ['ai-output', 20, at('2', 20, million)],
  ['old-rate', 3, fromDecimal('3')],
  ['new-rate', 4, at('0.5', 4)],
]

/** `price quantity micros`, sorted. */
function linesOf({ invoice }: ShownInvoice): readonly string[] {
  const lines = invoice.sections.flatMap((section) => section.lines)
  return lines.map(({ price, quantity, amountMicros }) => `${price} ${quantity} ${amountMicros}`).toSorted()
}

async function amountOf(source: string, id: string): Promise<unknown> {
  const [found] = await stack.dispositions([{ source, id }])
  return found?.kind === 'charged' ? found.amountMicros : found
}

test('every model of price comes to what it says, on one invoice', async () => {
  await publish(0, 'box', 'usage', boxEvents)
  await publish(1, 'press', 'usage', pressEvents)
  await publish(1, 'llm', 'ai', answers)
  await stack.drained()
  // Ten calls at 6.50 are dearer than eleven at 3.00.
  expect(await amountOf('box', 'calls-3')).toBe('-32000000')
  expect(await amountOf('llm', 'unknown')).toMatchObject({ kind: 'suspended', code: 'no_price_row' })

  const changed = priceListTenant([newRow]).replace("amount: '0.0025'", "amount: '0.0035'")
  await expect(apply(changed)).rejects.toThrow('message that are in force (amount was 0.0025)')
  await apply(priceListTenant([newRow]))
  await stack.command('suspense-replay', { tenant: 'prices', by: 'Ada' })
  expect(await amountOf('llm', 'unknown')).toBe('540')

  await stack.closePeriod(period)
  const [invoice, ...others] = await stack.invoices()
  if (invoice === undefined) throw new Error('no invoice was issued')
  expect(others).toEqual([])
  const micros = expected.map(([price, quantity, amount]) => ({
    price,
    quantity,
    micros: roundToParts(amount, 1_000_000n),
  }))
  expect(linesOf(invoice)).toEqual(micros.map((line) => `${line.price} ${line.quantity} ${line.micros}`).toSorted())
  expect(invoice.invoice.total.amountMicros).toBe(String(micros.reduce((total, line) => total + line.micros, 0n)))
  expect(invoice.text).toContain('night, Europe/Berlin')
  expect(await stack.verify()).toEqual([])
}, 90_000)
