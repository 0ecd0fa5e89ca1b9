import { expect, test } from 'vitest'
import type { DispositionLeg } from '../flow/commands.ts'
import { dispositionText } from './texts.ts'

const priceId = 'f'.repeat(64)

function chargedText(leg: Partial<DispositionLeg>): string {
  const whole = { leg: `acme>nordlink:north:${priceId}`, price: 'wholesale-data', meter: 'data.bytes', ...leg }
  const legs = [{ amountMicros: '4000', ...whole }]
  return dispositionText('trk-1', 'a', { kind: 'charged', logIndex: 1, unit: 0, amountMicros: '20000', legs })
}

test('a charged event shows each leg by the names of its meter and price', () => {
  expect(chargedText({})).toBe(
    'trk-1 a: charged 0.02 (batch 1, unit 0)\n  acme>nordlink:north  data.bytes at price wholesale-data  0.004',
  )
})

test('a leg whose price is not in force any more is shown by its key', () => {
  expect(chargedText({ price: null, meter: null })).toContain(`\n  acme>nordlink:north:${priceId}  0.004`)
})
