import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { FleetTimeline, planFleet, type FleetPlan, type TimedMessage } from './fleet-timeline.ts'
import { estimatedMessages } from './fleet-estimate.ts'
import { readFleetFile } from './read-fleet-file.ts'

function planOf(group: string, top = 'fleet: f\nseed: s\nstart: 2025-11-03T00:00:00Z\nduration: 1d'): FleetPlan {
  const read = readFleetFile('f.yaml', `${top}\ngroups:\n  - { name: g, device: 'd-{n}', ${group} }\n`)
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes))
  return planFleet(read.value, 0)
}

function messagesOf(plan: FleetPlan, gateways = 2): TimedMessage[] {
  return [...new FleetTimeline(plan, gateways).messages()]
}

function digestOf(messages: readonly TimedMessage[]): string {
  const hash = createHash('sha256')
  for (const { topic, payload, gateway, fate } of messages) hash.update(`${gateway} ${fate} ${topic} `).update(payload)
  return hash.digest('hex')
}

const usage = 'dialect: usage, meters: { m: { from: 1, to: 100 } }'
const trouble =
  'failures: { drop: 0.1, malformed: 0.1, duplicate: 0.1, wrongUnit: 0.1, silent: 0.3 }, roaming: { share: 0.2, repeat: 0.2 }'

describe('a fleet’s timeline', () => {
  test('the same file and seed give the same messages byte for byte, another seed gives others', () => {
    const text = `count: 20, messagesPerHour: 4, ${usage}, ${trouble}`
    const top = 'fleet: f\nseed: other\nstart: 2025-11-03T00:00:00Z\nduration: 1d'
    expect(digestOf(messagesOf(planOf(text)))).toBe(digestOf(messagesOf(planOf(text))))
    expect(digestOf(messagesOf(planOf(text)))).not.toBe(digestOf(messagesOf(planOf(text, top))))
    // Pinned, so that neither a machine nor a version of Node changes what a file means.
    expect(digestOf(messagesOf(planOf(text)))).toBe('cac316b13951af3524dccce6517ccad5ca66b9f463ac2d88b03db2ae3e31ca98')
  })

  test('a device does the same whatever other devices there are', () => {
    const one = messagesOf(planOf(`count: 1, messagesPerHour: 4, ${usage}`))
    const many = messagesOf(planOf(`count: 9, messagesPerHour: 4, ${usage}`)).filter(
      ({ device }) => device.id === 'd-1',
    )
    expect(digestOf(one)).toBe(digestOf(many))
  })

  test('messages come in the order of time, a device never twice at once, and ids are its own', () => {
    const messages = messagesOf(
      planOf(`count: 10, messagesPerHour: 3600, ${usage}`, 'fleet: f\nstart: 2025-11-03T00:00:00Z\nduration: 10m'),
    )
    const times = messages.map(({ event }) => event.timeMs)
    expect(messages.length).toBe(6000)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    expect(new Set(messages.map(({ event }) => `${event.device} ${event.timeMs}`)).size).toBe(6000)
    expect(new Set(messages.map(({ event }) => event.id)).size).toBe(6000)
  })

  test('nights, hours, bursts and an end keep the rate they say', () => {
    const perHour = (messages: readonly TimedMessage[]): number[] => {
      const hours = Array.from({ length: 24 }, () => 0)
      for (const { event } of messages) hours[new Date(event.timeMs).getUTCHours()]! += 1
      return hours
    }
    const night = perHour(
      messagesOf(planOf(`count: 10, messagesPerHour: 60, night: { from: 22, to: 6, factor: 0 }, ${usage}`)),
    )
    expect(night).toEqual(Array.from({ length: 24 }, (_, hour) => (hour >= 22 || hour < 6 ? 0 : 600)))
    const hours = Array.from({ length: 24 }, (_, hour) => hour % 3)
    const byHour = perHour(messagesOf(planOf(`count: 10, messagesPerHour: 60, hours: [${hours.join(',')}], ${usage}`)))
    expect(byHour).toEqual(hours.map((factor) => factor * 600))
    const inBursts = planOf(`count: 200, messagesPerHour: 0, bursts: { perDay: 3, messages: 7, within: 1m }, ${usage}`)
    expect(estimatedMessages(inBursts)).toBe(200 * 3 * 7)
    expect(Math.abs(messagesOf(inBursts).length - 200 * 3 * 7)).toBeLessThan(300)
  })

  test('failures and roaming come as often as they say, and say what becomes of each message', () => {
    const messages = messagesOf(
      planOf(`count: 50, messagesPerHour: 20, ${usage}, ${trouble.replace('silent: 0.3', 'silent: 0')}`),
      3,
    )
    const events = messages.filter(({ fate }) => fate !== 'repeat').length
    const share = (wanted: (message: TimedMessage) => boolean): number => messages.filter(wanted).length / events
    expect(events / (50 * 20 * 24)).toBeCloseTo(1, 1)
    expect(share(({ fate }) => fate === 'dropped')).toBeCloseTo(0.1, 2)
    expect(share(({ fate }) => fate === 'malformed')).toBeCloseTo(0.09, 2)
    expect(share(({ fate }) => fate === 'wrong-unit')).toBeCloseTo(0.081, 2)
    expect(share(({ fate, gateway, device }) => fate === 'billed' && gateway !== device.ordinal % 3)).toBeCloseTo(
      0.15,
      1,
    )
    const billed = new Map(
      messages.filter(({ fate }) => fate === 'billed').map((each) => [each.event.id, each.payload]),
    )
    for (const { fate, event, payload } of messages)
      if (fate === 'repeat') expect(payload).toEqual(billed.get(event.id))
    for (const { fate, payload } of messages)
      if (fate === 'malformed') expect(() => JSON.parse(String(payload)) as unknown).toThrow(/JSON/)
  })

  test('silent devices stay silent, and are counted', () => {
    const plan = planOf(`count: 100, messagesPerHour: 60, ${usage}, failures: { silent: 0.5 }`)
    const timeline = new FleetTimeline(plan, 1)
    const last = new Map<string, number>()
    for (const { event } of timeline.messages()) last.set(event.device, event.timeMs)
    const early = [...last.values()].filter((timeMs) => timeMs < plan.span.endMs - 60_000).length
    const { silentDevices } = timeline.troubles(plan.span.endMs)
    expect(silentDevices).toBeGreaterThan(20)
    expect(early + (100 - last.size)).toBeGreaterThanOrEqual(silentDevices - 2)
  })

  test('with one gateway nothing roams', () => {
    const messages = messagesOf(planOf(`count: 5, messagesPerHour: 20, ${usage}, roaming: { share: 1, repeat: 1 }`), 1)
    expect(messages.every(({ gateway, fate }) => gateway === 0 && fate === 'billed')).toBe(true)
  })
})
