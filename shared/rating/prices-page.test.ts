import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { accumulate, emptyAccumulator } from './accumulate.ts'
import { openingMicros } from './dispatch.ts'
import { parsePrice } from './price-schema.ts'
import { compilePrice, priceModels, soleModel, type Price } from './price.ts'
import { times, ratioOf } from './testing/ratio.ts'

const page = readFileSync(new URL('../../docs/prices.md', import.meta.url), 'utf8')

interface Example {
  readonly id: string
  readonly price: Price
  /** Quantities of whole events, and what they cost in micros. */
  readonly rows: readonly { readonly events: readonly bigint[]; readonly micros: bigint }[]
}

function examples(): readonly Example[] {
  return [...page.matchAll(/```yaml\n([^]*?)```\n\n((?:\|[^\n]*\n)*)/g)].map(([, yaml = '', table = '']) => {
    const [entry] = parse(yaml) as readonly [{ readonly id: string; readonly meter: string }]
    const terms = Object.entries(entry).filter(([key]) => key !== 'id' && key !== 'meter')
    const parsed = parsePrice(Object.fromEntries(terms))
    if (!parsed.ok) throw new Error(`${entry.id}: ${parsed.fault.message}`)
    return { id: entry.id, price: parsed.value, rows: table.split('\n').slice(2, -1).map(rowOf) }
  })
}

/** `| 1,200 | 500.14 |` is a quantity of the period, `| 20, 20 | 0.00002 |` one of each event. */
function rowOf(line: string): Example['rows'][number] {
  const [, used = '', costs = ''] = line.split('|').map((cell) => cell.trim())
  const { top, bottom } = times(ratioOf(costs), 1_000_000n)
  return { events: used.split(', ').map((text) => BigInt(text.replaceAll(',', ''))), micros: top / bottom }
}

describe('the page about prices', () => {
  test('shows every model, with what is charged for those that charge by themselves', () => {
    expect(new Set(examples().map(({ price }) => price.model))).toEqual(new Set(priceModels))
    const routers = ['request-threshold', 'matrix', 'time-of-use']
    const worked = examples().filter(({ price }) => !routers.includes(price.model))
    expect(worked.every(({ rows }) => rows.length >= 2)).toBe(true)
    for (const model of priceModels) expect(page).toContain(`\n## \`${model}\`\n`)
  })

  const rows = examples().flatMap(({ id, price, rows: own }) => own.map((row) => ({ id, price, ...row })))
  test.each(rows)('$id: $events', ({ price, events, micros }) => {
    const model = soleModel(compilePrice(price))
    const event = { timeMs: 0, source: 's', eventId: null }
    const after = events.reduce((before, quantity) => accumulate(model, before, quantity, event), emptyAccumulator)
    expect(openingMicros(model) + after.amountMicros).toBe(micros)
  })
})
