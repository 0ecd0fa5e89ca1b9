import { readCbor } from '@meterline/agent/domain/payload/cbor-value.ts'
import { expect, test } from 'vitest'
import { toCbor } from './cbor-writer.ts'

// Appendix A of RFC 8949.
test.each([
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000, '1903e8'],
  [1000000, '1a000f4240'],
  [1000000000000, '1b000000e8d4a51000'],
  [-1, '20'],
  [-100, '3863'],
  [1.1, 'fb3ff199999999999a'],
  [false, 'f4'],
  [null, 'f6'],
  ['a', '6161'],
  ['ü', '62c3bc'],
  [[1, [2, 3]], '8201820203'],
  [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
])('%j', (value, hex) => {
  expect(Buffer.from(toCbor(value)).toString('hex')).toBe(hex)
})

test('the agent reads it back', () => {
  const value = { id: 'trk-1', usage: { 'data.bytes': 70_000, messages: 1 }, dimensions: { off: true } }
  const read = readCbor(Buffer.from(toCbor({ ...value, time: undefined })))
  expect(read).toMatchObject({ ok: true, value: { value } })
})
