import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpectedInvoice } from './expected-invoice.ts'
import { FleetTimeline, planFleet, type TimedMessage } from './fleet-timeline.ts'
import { readFleetFile } from './read-fleet-file.ts'

const FLEET = `
fleet: f
start: 2025-10-31T12:00:00Z
duration: 1d
groups:
  - name: g
    count: 3
    device: d-{n}
    subject: s-{n/2}
    account: a-{n/2}
    dialect: usage
    messagesPerHour: 6
    meters:
      sum: { from: 0, to: 9 }
      total: { from: 0, to: 9, kind: counter, firstReading: fromZero }
      based: { from: 0, to: 9, kind: counter }
      peak: { from: 0, to: 9, kind: maximum }
      power: { from: 0, to: 5000, kind: gauge, reading: W, unit: Wh, longestGap: 15m }
      cores: { from: 0, to: 8, kind: gauge, reading: vcpu, unit: s, longestGap: 1h }
      active: { always: 1, kind: distinct }
    failures: { drop: 0.2, malformed: 0.1, duplicate: 0.2, wrongUnit: 0.1, reset: 0.05 }
`

function messagesOf(seed: number): TimedMessage[] {
  const read = readFleetFile('f.yaml', FLEET)
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes))
  return [...new FleetTimeline(planFleet({ ...read.value, seed: String(seed) }, 0), 2).messages()]
}

/** What the invoices should show, worked out the slow way: all readings of a series first, then pair by pair. */
function slowly(messages: readonly TimedMessage[], account: string): Record<string, string> {
  const billed = messages.filter((each) => each.fate === 'billed' && each.device.account === account)
  const values = (meter: string, keep: (each: TimedMessage) => boolean = () => true): bigint[] =>
    billed.filter(keep).map((each) => each.event.quantities.get(meter) ?? 0n)
  const sum = (list: readonly bigint[]): bigint => list.reduce((total, value) => total + value, 0n)
  const devices = [...new Set(billed.map((each) => each.device.id))]
  const months = [...new Set(billed.map((each) => new Date(each.event.timeMs).getUTCMonth()))]
  const counted = (meter: string, first: boolean): bigint =>
    sum(
      devices.map((device) => {
        const readings = values(meter, (each) => each.device.id === device)
        const steps = readings.slice(1).map((reading, index) => {
          const before = readings[index] ?? 0n
          return reading < before ? reading : reading - before
        })
        return sum(steps) + (first ? (readings[0] ?? 0n) : 0n)
      }),
    )
  /** Each reading holds until the next of its device, or for the longest gap; fractions of a unit are not charged. */
  const integrated = (meter: string, gapMs: number, perUnit: bigint): bigint =>
    sum(
      devices.map((device) => {
        const own = billed.filter((each) => each.device.id === device)
        const held = own.slice(0, -1).map((each, index) => {
          const untilMs = own[index + 1]?.event.timeMs ?? 0
          return (each.event.quantities.get(meter) ?? 0n) * BigInt(Math.min(untilMs - each.event.timeMs, gapMs))
        })
        return sum(held) / perUnit
      }),
    )
  const perMonth = (meter: string, of: (list: readonly bigint[]) => bigint): bigint =>
    sum(months.map((month) => of(values(meter, (each) => new Date(each.event.timeMs).getUTCMonth() === month))))
  const largest = (list: readonly bigint[]): bigint => list.reduce((most, value) => (value > most ? value : most), 0n)
  return {
    sum: String(sum(values('sum'))),
    total: String(counted('total', true)),
    based: String(counted('based', false)),
    peak: String(perMonth('peak', largest)),
    power: String(integrated('power', 15 * 60_000, 3_600_000n)),
    cores: String(integrated('cores', 3_600_000, 1000n)),
    active: String(perMonth('active', () => 1n)),
  }
}

test('what is expected is what the readings come to, pair by pair', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const messages = messagesOf(seed)
      const expected = new ExpectedInvoice()
      for (const message of messages) expected.add(message)
      const { accounts, fates } = expected.expectation()
      expect(Object.values(fates).reduce((sum, count) => sum + count, 0)).toBe(messages.length)
      expect(accounts.map(({ account }) => account)).toEqual(['a-1', 'a-2'])
      for (const { account, quantities } of accounts) expect(quantities).toEqual(slowly(messages, account))
    }),
    { numRuns: 50 },
  )
})
