import { expect, test } from 'vitest'
import type { DriftItem } from '../flow/list-drift.ts'
import { driftText } from './drift-command.ts'

const item: DriftItem = {
  period: '2026-11',
  agent: 'gw-1',
  seller: 'acme',
  currency: 'EUR',
  meter: 'data.bytes',
  snapshot: '0123456789abcdef'.repeat(4),
  records: 3,
  shortMicros: '1500000',
  excessMicros: '2000000',
  driftMicros: '-500000',
}

test('drift is shown by agent, meter and snapshot, in currency units', () => {
  expect(driftText([item]).split('\n').at(-1)).toBe(
    '2026-11  gw-1   acme    data.bytes  0123456789ab  3        1.50     2.00      -0.50 EUR',
  )
})

test('no drift is said in words', () => {
  expect(driftText([])).toBe('No drift: everything was pre-rated as the version of record has it.')
})
