import { expect, test } from 'vitest'
import type { SimulatedBill, SimulatedLine, SimulatedSide, Simulation } from '../flow/simulation-answers.ts'
import { simulationText } from './what-if-text.ts'

const side = (amount: string, quantity = '10'): SimulatedSide => {
  return { terms: '', quantity, amountMicros: `${amount.replace('.', '')}0000`, amount }
}
const tokens: SimulatedLine = {
  account: 'bright',
  kind: 'usage',
  subscription: 'bright-ai',
  description: 'AI tokens: input',
  unit: 'token',
  now: side('1.00'),
  tried: side('2.50'),
  billed: '0.00',
  difference: '1.50',
  sinceBilled: '2.50',
}
const fee: SimulatedLine = { ...tokens, description: 'AI tokens: port', tried: side('1.00'), difference: '0.00' }
const bill: SimulatedBill = {
  seller: 'acme',
  buyer: 'bright',
  currency: 'EUR',
  lines: [tokens, fee],
  now: { lines: '2.00', tax: '0.38', toPay: '2.38' },
  tried: { lines: '3.50', tax: '0.67', toPay: '4.17' },
  difference: { lines: '1.50', tax: '0.29', toPay: '1.79' },
  billed: '0.00',
  sinceBilled: '3.50',
  suspendedMicros: '0',
}
const simulation: Simulation = {
  tenant: 'acme',
  account: 'bright',
  period: '2025-06',
  file: 'new.yaml',
  bills: [bill],
  batches: 1,
  units: 7,
  notCharged: [],
  suspended: { units: 0, listed: [] },
  obstacles: [],
}

test('lines that differ are shown with both amounts, and the others are counted', () => {
  expect(simulationText(simulation)).toBe(
    `acme to bright in EUR
account  line              now   then  difference  billed  since billed
bright   AI tokens: input  1.00  2.50  1.50        0.00
         all lines         2.00  3.50  1.50        0.00
         tax               0.38  0.67  0.29
         to pay            2.38  4.17  1.79
1 line would stay as it is.
Rated again: 7 units of 1 batch. Nothing was written.`,
  )
})

test('a line that documents have otherwise is shown although the file changes nothing of it', () => {
  const late = { ...fee, billed: '0.40', sinceBilled: '0.60' }
  const text = simulationText({
    ...simulation,
    bills: [{ ...bill, lines: [late], billed: '0.40', sinceBilled: '3.10' }],
  })
  expect(text).toMatch(/^bright +AI tokens: port +1\.00 +1\.00 +0\.00 +0\.40 +0\.60$/m)
  expect(text).toMatch(/^ +all lines +2\.00 +3\.50 +1\.50 +0\.40 +3\.10$/m)
  expect(text).not.toContain('would stay')
})

test('what is not charged, waits in suspense or keeps the file from being applied is told', () => {
  const text = simulationText({
    ...simulation,
    bills: [{ ...bill, suspendedMicros: '70000' }],
    notCharged: [{ code: 'no_price', units: 2, message: 'calls has no price' }],
    suspended: {
      units: 3,
      listed: [{ logIndex: 4, unit: 1, code: 'unknown_subject', source: 'd', eventId: null, timeMs: 0 }],
    },
    obstacles: ['new.yaml:3:5 prices[0].amount: was sold'],
  })
  expect(text).toContain('Usage in suspense would add 0.07 EUR to its charges.')
  expect(text).toContain('Would not be charged any more (no_price): 2 units, the first because calls has no price')
  expect(text).toContain('would be charged once it is replayed: 3 units, on none of these bills.')
  expect(text).toContain('  4:1  unknown_subject  d without id of 1970-01-01T00:00:00.000Z\n  and 2 more')
  expect(text).toContain(
    'new.yaml could not be applied as it is, only tried:\n  new.yaml:3:5 prices[0].amount: was sold',
  )
})

test('an account that owes nothing on either side is told so', () => {
  expect(simulationText({ ...simulation, bills: [] })).toMatch(/^Nothing is owed by bright for 2025-06, now or then\./)
})
