import { afterEach, expect, test } from 'vitest'
import { originText } from './origin.ts'
import { TestDisk } from './testing/test-disk.ts'
import { deliver, rulesOf, testWriter, type TestDelivery } from './testing/test-writer.ts'

const at = { bootId: '0'.repeat(32), monotonicMs: 0, wallMs: 1_760_000_000_000, syncState: 'synced' } as const
const disks: TestDisk[] = []

afterEach(() => {
  for (const disk of disks.splice(0)) disk.remove()
})

function bad(count: number): TestDelivery {
  const events = Array.from({ length: count }, (_, index) => ({ id: `e${index}`, meter: 'm', quantity: -1 - index }))
  return {
    origin: 'dev-1',
    kind: 'usage',
    payload: JSON.stringify([{ id: 'good', meter: 'm', quantity: 1 }, ...events]),
  }
}

test('whoever answers for a delivery learns of each how much was rejected, however much that is', () => {
  const disk = new TestDisk()
  disks.push(disk)
  const writer = testWriter(disk, { rows: 10_000, rowsPerDevice: 10_000, bytes: 10_000_000 })
  const { rejects, refused } = deliver(writer, [bad(700), bad(900), bad(3)], at)
  expect(refused).toEqual([])
  for (const [delivery, rejected] of [700, 900, 3].entries()) {
    const told = rejects.filter((reject) => reject.delivery === delivery)
    expect(told.reduce((sum, { more = 0 }) => sum + 1 + more, 0)).toBe(rejected)
    expect(new Set(told.map(({ events }) => events))).toEqual(new Set([rejected + 1]))
  }
  // In order of delivery, and not each of them by itself.
  expect(rejects.map(({ delivery }) => delivery)).toEqual(
    rejects.map(({ delivery }) => delivery).toSorted((a, b) => a - b),
  )
  expect(rejects.length).toBeLessThanOrEqual(1002)
})

/** A payload whose records a rule refuses, each for a reason of its own, but for the numbers from 0 on. */
function records(...values: readonly unknown[]): TestDelivery {
  const origin = originText({ device: 'dev-1', rule: 'list', topic: null, idempotencyKey: null })
  return { origin, kind: 'mapped', payload: JSON.stringify(values.map((value, no) => ({ no, value }))) }
}

test('of a mapped payload that is refused in part each record is told its own reason, and one entry keeps them', () => {
  const disk = new TestDisk()
  disks.push(disk)
  const writer = testWriter(disk)
  writer.rules = rulesOf([{ name: 'list', id: '/no', meters: [{ meter: 'm', quantity: '/value' }] }])
  const { rejects } = deliver(writer, [records(1, -5, 'x', -5, 0.5)], at)
  expect(rejects.map(({ index, eventId, code, events }) => [index, eventId, code, events])).toEqual([
    [1, '1', 'quantity_negative', 5],
    [2, '2', 'quantity_not_number', 5],
    [3, '3', 'quantity_negative', 5],
    [4, '4', 'quantity_inexact', 5],
  ])
  const [negative, noNumber, again, inexact] = rejects.map(({ message }) => message)
  expect(again).toBe(negative)
  const entries = (): readonly string[] =>
    writer.journal.suspense.list({ after: 0, limit: 10, code: null, device: null }).map(({ message }) => message)
  expect(entries()).toEqual([
    `4 records of the payload; positions 1, 3: ${negative}; position 2: ${noNumber}; position 4: ${inexact}`,
  ])
  deliver(writer, [records('a', 'b', 'c', 'd', 'e', -1, -1, -1, -1, -1, -1, -1)], at)
  expect(entries()[1]).toMatch(/^12 records of the payload; position 0: .*; position 2: .*; and 3 further reasons$/)
  deliver(writer, [records(-1, -1, -1, -1, -1, -1, -1)], at)
  expect(entries()[2]).toMatch(/^7 records of the payload; positions 0, 1, 2, 3, 4 and 2 more: [^;]*$/)
})

test('records for which there is no room are told that, and not why they could not be read', () => {
  const disk = new TestDisk()
  disks.push(disk)
  const writer = testWriter(disk, { rows: 0 })
  writer.rules = rulesOf([{ name: 'list', id: '/no', meters: [{ meter: 'm', quantity: '/value' }] }])
  const { rejects, refused } = deliver(writer, [records(1, -5, 'x')], at)
  expect(refused).toEqual([0])
  expect(rejects.map(({ index, code }) => [index, code])).toEqual([
    [1, 'suspense_full'],
    [2, 'suspense_full'],
  ])
})
