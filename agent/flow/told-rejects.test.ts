import { afterEach, expect, test } from 'vitest'
import { TestDisk } from './testing/test-disk.ts'
import { deliver, testWriter, type TestDelivery } from './testing/test-writer.ts'

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
