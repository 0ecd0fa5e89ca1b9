import { describe, expect, test } from 'vitest'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { checkToKeep, sameContent, suspenseRefusal } from './admit.ts'

const event: UsageEvent = {
  id: 'e1',
  source: 'dev-1',
  subject: 'trk-1',
  timeMs: 1_760_000_000_000,
  labels: [['network', 'lte']],
  facts: [['ai.total_input_tokens', 7n]],
  measured: [{ meter: 'data.bytes', quantity: 5n }],
}
const keptOf = (first: UsageEvent, receivedWallMs: number): { check0: number; check1: number } =>
  checkToKeep(first, receivedWallMs, { check0: 0, check1: 0 })

describe('the same content', () => {
  const kept = keptOf(event, 1_760_000_009_000)

  test('is the same again', () => expect(sameContent(kept, { ...event })).toBe(true))

  test.each<[string, Partial<UsageEvent>]>([
    ['subject', { subject: 'trk-2' }],
    ['time', { timeMs: event.timeMs + 1 }],
    ['label', { labels: [['network', 'nr']] }],
    ['fact', { facts: [['ai.total_input_tokens', 8n]] }],
    ['quantity', { measured: [{ meter: 'data.bytes', quantity: 6n }] }],
    ['meter', { measured: [{ meter: 'messages', quantity: 5n }] }],
  ])('is not with another %s', (_what, change) => expect(sameContent(kept, { ...event, ...change })).toBe(false))
})

describe('an event without a time of its own', () => {
  const sentAt = (receivedWallMs: number): UsageEvent => ({ ...event, timeMs: receivedWallMs })
  const kept = keptOf(sentAt(1_760_000_000_100), 1_760_000_000_100)

  test('is a duplicate when it is sent again later', () => {
    expect(sameContent(kept, sentAt(1_760_000_005_000))).toBe(true)
  })

  test('is still a conflict with other content', () => {
    const other = { ...sentAt(1_760_000_005_000), measured: [{ meter: 'data.bytes', quantity: 6n }] }
    expect(sameContent(kept, other)).toBe(false)
  })

  test('cannot be told from one that states the millisecond it is received in, which stays a duplicate of itself', () => {
    const stated = keptOf(event, event.timeMs)
    expect(sameContent(stated, event)).toBe(true)
  })
})

test.each([
  ['room', { rows: 8, bytes: 80, rowsOfDevice: 3 }, null],
  ['no row left', { rows: 10, bytes: 80, rowsOfDevice: 3 }, 'suspense_full'],
  ['no bytes left', { rows: 8, bytes: 91, rowsOfDevice: 3 }, 'suspense_full'],
  ['the last row and byte', { rows: 9, bytes: 90, rowsOfDevice: 4 }, null],
  ['the share of the device used up', { rows: 8, bytes: 80, rowsOfDevice: 5 }, 'suspense_full_for_device'],
])('suspense with %s', (_name, held, refusal) => {
  expect(suspenseRefusal(held, { rows: 1, bytes: 10 }, { rows: 10, bytes: 100, rowsPerDevice: 5 })).toBe(refusal)
})
