import fc from 'fast-check'
import { expect, test } from 'vitest'
import { taxOfAmount } from '../billing/taxes.ts'
import { creditableMicros, makeNote, type NotedDocument, type NotedLine } from './note.ts'
import { shareAmount } from './share-amount.ts'

const cent = 10_000n

const documents: fc.Arbitrary<NotedDocument> = fc
  .record({
    inclusive: fc.boolean(),
    byLine: fc.boolean(),
    amounts: fc.array(fc.record({ cents: fc.bigInt(-300n, 2_000n), percent: fc.constantFrom('19', '7', '5.5') }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ inclusive, byLine, amounts }) => {
    const lines = amounts.map(({ cents, percent }, index): NotedLine => {
      const untouched = { taxRegion: null, creditedMicros: 0n, debitedMicros: 0n }
      return { key: `l${index}`, taxCode: 'vat', taxPercent: percent, invoicedMicros: cents * cent, ...untouched }
    })
    const taxes = [...Map.groupBy(lines, ({ taxPercent }) => taxPercent ?? '')].map(([percent, own]) => {
      const amountsTaxed = own.map(({ invoicedMicros }) => invoicedMicros)
      const parts = byLine ? amountsTaxed : [sum(amountsTaxed)]
      const rule = { inclusive, minorDigits: 2 }
      return {
        code: 'vat',
        region: 'DE',
        percent,
        taxMicros: sum(parts.map((part) => taxOfAmount(part, percent, rule))),
      }
    })
    return { number: 'acme-000001', minorDigits: 2, inclusive, taxes, lines }
  })

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((so, amount) => so + amount, 0n)
}

/** The document after a note of it. */
function noted(document: NotedDocument, given: ReadonlyMap<string, bigint>): NotedDocument {
  const lines = document.lines.map((line) => ({
    ...line,
    creditedMicros: line.creditedMicros + (given.get(line.key) ?? 0n),
  }))
  return { ...document, lines }
}

test('credit notes in any parts give back the document and its tax, never more', () => {
  fc.assert(
    fc.property(documents, fc.array(fc.bigInt(1n, 900n), { maxLength: 5 }), (document, parts) => {
      const groups = Map.groupBy(document.lines, ({ taxPercent }) => taxPercent)
      // Tax by lines of an amount that comes to nothing has no amount it could be reversed with.
      fc.pre([...groups.values()].every((own) => sum(own.map(({ invoicedMicros }) => invoicedMicros)) !== 0n))
      let left = document
      let netMicros = 0n
      let taxMicros = 0n
      for (const micros of [...parts.map((part) => part * cent), null]) {
        const made = makeNote(left, { kind: 'credit-note', micros })
        if (!made.ok) continue
        netMicros += sum(made.value.lines.map((line) => line.micros))
        taxMicros += made.value.taxMicros
        left = noted(left, new Map(made.value.lines.map((line) => [line.key, line.micros])))
        expect(sum(left.lines.map(creditableMicros))).toBeGreaterThanOrEqual(0n)
      }
      const whole = sum(document.lines.map(({ invoicedMicros }) => invoicedMicros))
      if (whole < 0n) return
      expect(netMicros).toBe(whole)
      expect(taxMicros).toBe(sum(document.taxes.map((tax) => tax.taxMicros)))
    }),
  )
})

test('a shared amount is the sum of its parts, none above its weight, each within one of its due', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt(0n, 1_000n), { minLength: 1, maxLength: 8 }),
      fc.bigInt(0n, 1_000n),
      (weights, permille) => {
        const whole = sum(weights)
        fc.pre(whole > 0n)
        const amount = (whole * permille) / 1_000n
        const parts = shareAmount(amount, weights)
        expect(sum(parts)).toBe(amount)
        parts.forEach((part, index) => {
          const weight = weights[index] ?? 0n
          expect(part).toBeLessThanOrEqual(weight)
          const off = part * whole - amount * weight
          expect(off > -whole && off < whole).toBe(true)
        })
      },
    ),
  )
})
