import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { chargeMicros, totalMicros } from './dispatch.ts'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type CompiledPrice } from './price.ts'
import { parseDecimal } from '../units/decimal.ts'

/** Quantities of the published cases have up to three decimals, so a base unit here is a thousandth of theirs. */
const baseUnitsPerUnit = 1000n

const decimalText = z.union([z.string(), z.number()]).transform(String)
const caseSchema = z.object({
  id: z.string(),
  model: z.enum(['graduated', 'graduated_incremental']),
  input: z.object({
    tiers: z.array(
      z.object({ upTo: decimalText.nullable(), unit: z.string().default('0'), flat: z.string().optional() }),
    ),
    previousQuantity: decimalText.default('0'),
    quantity: decimalText,
  }),
  expected: z.object({ total: z.string() }),
})
type PublishedCase = z.infer<typeof caseSchema>

const folder = process.env['METERLINE_TRACES']
const name = 'published graduated prices with known answers'

if (folder === undefined) {
  test.skip(`${name} (METERLINE_TRACES is not set)`, () => {})
} else {
  const file = z.object({ cases: z.array(z.looseObject({ model: z.string() })) })
  const { cases } = file.parse(JSON.parse(readFileSync(join(folder, 'rating-cases.json'), 'utf8')))
  const ours = cases.filter(({ model }) => model === 'graduated' || model === 'graduated_incremental')
  test(`${name}: all of them are there`, () => {
    expect(ours).toHaveLength(10)
  })
  test.each(ours.map((published) => caseSchema.parse(published)))(`${name}: $id`, (published) => {
    const { previousQuantity, quantity } = published.input
    const position = scaled(previousQuantity)
    const price = compiled(published)
    const micros =
      position === 0n ? totalMicros(price, scaled(quantity)) : chargeMicros(price, position, scaled(quantity))
    expect(micros).toBe(microsOf(published.expected.total))
  })
}

function compiled({ input }: PublishedCase): CompiledPrice {
  const parsed = parsePrice({
    model: 'graduated',
    per: baseUnitsPerUnit.toString(),
    tiers: input.tiers.map(({ upTo, unit, flat }) => ({
      upTo: upTo === null ? null : scaled(upTo).toString(),
      amount: unit,
      ...(flat === undefined ? {} : { flat }),
    })),
  })
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return compilePrice(parsed.value)
}

function scaled(text: string): bigint {
  return times(text, baseUnitsPerUnit)
}

function microsOf(text: string): bigint {
  return times(text, 1_000_000n)
}

function times(text: string, factor: bigint): bigint {
  const parsed = parseDecimal(text)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return (parsed.value.coefficient * factor) / 10n ** BigInt(parsed.value.scale)
}
