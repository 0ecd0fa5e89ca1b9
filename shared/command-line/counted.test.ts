import { expect, test } from 'vitest'
import { counted } from './counted.ts'

test('what is counted is one, or several', () => {
  expect([0, 1, 2, 1n].map((count) => counted(count, 'payload'))).toEqual([
    '0 payloads',
    '1 payload',
    '2 payloads',
    '1 payload',
  ])
  expect([1, 2].map((count) => counted(count, 'batch', 'batches'))).toEqual(['1 batch', '2 batches'])
})
