import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventQueue } from './event-queue.ts'

const startMs = Date.UTC(2026, 0, 1)

function drain(queue: EventQueue, limitMs = Infinity): string[] {
  const seen: string[] = []
  for (let event = queue.take(limitMs); event !== undefined; event = queue.take(limitMs)) {
    seen.push(event.what)
    event.run()
  }
  return seen
}

test('events come in the order of time, and time moves with them', () => {
  const queue = new EventQueue(startMs, 1)
  const times: number[] = []
  for (const afterMs of [50, 10, 30])
    queue.at(startMs + afterMs, 'node', String(afterMs), () => times.push(queue.nowMs - startMs))
  expect(drain(queue, startMs + 30)).toEqual(['10', '30'])
  expect(queue.size).toBe(1)
  expect(drain(queue)).toEqual(['50'])
  expect(times).toEqual([10, 30, 50])
})

test('an event in the past comes now', () => {
  const queue = new EventQueue(startMs, 1)
  queue.at(startMs - 5, 'node', 'late', () => undefined)
  queue.take(Infinity)
  expect(queue.nowMs).toBe(startMs)
})

test('events of one owner keep their order; the seed decides between owners', () => {
  const orders = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
    const queue = new EventQueue(startMs, seed)
    for (const what of ['a1', 'b1', 'a2', 'b2']) queue.at(startMs + 1, what.charAt(0), what, () => undefined)
    return drain(queue).join(' ')
  })
  expect(new Set(orders)).toEqual(new Set(['a1 a2 b1 b2', 'b1 b2 a1 a2']))
})

test('a cancelled event does not come, and cancelling one that came changes nothing', () => {
  const queue = new EventQueue(startMs, 1)
  const first = queue.at(startMs + 1, 'node', 'first', () => undefined)
  const second = queue.at(startMs + 2, 'node', 'second', () => undefined)
  second.cancel()
  second.cancel()
  expect(queue.size).toBe(1)
  expect(drain(queue)).toEqual(['first'])
  first.cancel()
  expect(queue.size).toBe(0)
})

test('whatever is scheduled and cancelled, what is left comes sorted', () => {
  const scheduled = fc.array(
    fc.record({ afterMs: fc.nat(50), owner: fc.constantFrom('a', 'b', 'c'), cancelled: fc.boolean() }),
  )
  fc.assert(
    fc.property(scheduled, fc.nat(), (events, seed) => {
      const queue = new EventQueue(startMs, seed)
      const handles = events.map(({ afterMs, owner }, index) =>
        queue.at(startMs + afterMs, owner, String(index), () => undefined),
      )
      for (const [index, { cancelled }] of events.entries()) if (cancelled) handles[index]?.cancel()
      const seen = drain(queue).map((what) => events[Number(what)])
      expect(seen.length).toBe(events.filter(({ cancelled }) => !cancelled).length)
      const times = seen.map((event) => event?.afterMs ?? 0)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    }),
  )
})
