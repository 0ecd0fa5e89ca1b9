import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceNumbers, GroupFiller, GroupReader } from './group.ts'
import type { DeliveryKind } from './ports.ts'

const limits = { deliveries: 20, payloadBytes: 400 }
const startedAt = { bootId: '0'.repeat(32), monotonicMs: 5, wallMs: 6, syncState: 'unknown' as const }

interface Delivery {
  readonly device: string
  readonly kind: DeliveryKind
  readonly payload: Uint8Array
  readonly afterMs: number
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  device: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  kind: fc.constantFrom('usage', 'ai'),
  payload: fc.uint8Array({ maxLength: 60 }),
  afterMs: fc.nat({ max: 100_000 }),
})

test('what is filled in comes out again, over any number of groups, renumbered devices and lost buffers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ deliveries: fc.array(delivery, { maxLength: 30 }), lost: fc.boolean() })),
      (groups) => {
        const numbers = new DeviceNumbers(3)
        const filler = new GroupFiller(limits)
        let devices: string[] = []
        for (const { deliveries, lost } of groups) {
          const taken: Delivery[] = []
          for (const one of deliveries) {
            if (!filler.fits(one.payload.length)) continue
            filler.add(numbers.numberOf(one.device), one.kind, one.payload, one.afterMs)
            taken.push(one)
          }
          const group = filler.handOver(numbers.handOver(), startedAt)
          if (group.devicesRestarted) devices = []
          devices.push(...group.newDevices)
          expect(read(new GroupReader(group, limits), devices)).toEqual(taken)
          expect(group.payloadBytes).toBe(taken.reduce((sum, one) => sum + one.payload.length, 0))
          filler.takeBack(lost ? null : group.buffer)
        }
      },
    ),
  )
})

test('devices stay below their cap plus those of one group', () => {
  const numbers = new DeviceNumbers(3)
  expect(['a', 'b', 'a', 'c', 'd'].map((device) => numbers.numberOf(device))).toEqual([0, 1, 0, 2, 3])
  expect(numbers.handOver()).toEqual({ newDevices: ['a', 'b', 'c', 'd'], devicesRestarted: false })
  expect(numbers.numberOf('d')).toBe(0)
  expect(numbers.handOver()).toEqual({ newDevices: ['d'], devicesRestarted: true })
  expect(numbers.numberOf('e')).toBe(1)
  expect(numbers.handOver()).toEqual({ newDevices: ['e'], devicesRestarted: false })
})

function read(reader: GroupReader, devices: readonly string[]): Delivery[] {
  const found: Delivery[] = []
  while (reader.next()) {
    expect(reader.index).toBe(found.length)
    const { device, kind, payload, afterMs } = reader
    found.push({ device: devices[device] ?? '?', kind, payload: Uint8Array.from(payload), afterMs })
  }
  return found
}
