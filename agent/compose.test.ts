import { describe, expect, test } from 'vitest'
import { Story } from './compose-for-tests.ts'

describe('a delivery', () => {
  test('is acknowledged after its commit, sealed, sent, and leaves the outbox under its receipt', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.publish('e2')
    expect(story.door.told).toEqual([])
    story.run(1000)
    expect(story.door.told).toEqual(['0 stored', '1 stored', 'flush'])
    expect(story.received).toEqual(['e1', 'e2'])
    expect(story.aggregator.complaints).toEqual([])
    const status = await story.agent.status()
    expect(status).toMatchObject({
      uplink: { state: 'streaming', fault: null },
      outbox: { batches: 0, bytes: 0 },
      open: { units: 0 },
      chain: { sealedSeq: 1, settledSeq: 1, lastLogIndex: 101 },
      counters: { deliveries: 2, events: 2, records: 2, unbound: 2, duplicates: 0 },
    })
    await story.agent.close()
    expect(story.clock.pending).toBe(0)
  })

  test('holds what it says, with both clocks of the moment it came', async () => {
    const story = await new Story().start()
    story.run(50)
    const receivedMs = story.clock.monotonicMs()
    story.door.submit('gpu-1', { id: 'c1', 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 4 }, 'ai')
    story.run(1000)
    expect(story.aggregator.units).toMatchObject([
      {
        eventId: 'c1',
        source: 'gpu-1',
        subject: 'gpu-1',
        receivedMonotonicMs: receivedMs,
        snapshot: null,
        facts: [['ai.total_input_tokens', 10n]],
        records: [
          { meter: 'ai.input_tokens', quantity: 10n, preratedMicros: null, spends: [] },
          { meter: 'ai.output_tokens', quantity: 4n, preratedMicros: null, spends: [] },
        ],
      },
    ])
  })

  test('sent again is counted once, in the same group, the open batch and after a restart', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.publish('e1')
    story.run(10)
    story.publish('e1')
    story.run(1000)
    await story.crash()
    story.publish('e1')
    story.run(1000)
    expect(story.door.stored.size).toBe(4)
    expect(story.received).toEqual(['e1'])
    expect((await story.agent.status()).counters).toMatchObject({ deliveries: 4, events: 1, duplicates: 3 })
  })

  test('without an id is stored each time, and counted as such', async () => {
    const story = await new Story().start()
    story.publish(null)
    story.publish(null)
    story.run(1000)
    expect(story.received).toEqual([null, null])
    expect((await story.agent.status()).counters).toMatchObject({ events: 2, withoutId: 2 })
  })

  test('is not acknowledged when a crash comes before the commit, and is when one comes right after', async () => {
    const story = await new Story().start()
    story.publish('e1')
    await story.crash()
    story.run(1000)
    expect(story.door.told).toEqual([])
    expect(story.received).toEqual([])
    story.publish('e2')
    // The group is handed over in one turn and committed in the next; the reply is still to be delivered.
    story.clock.step(0)
    story.clock.step(0)
    await story.crash()
    story.run(1000)
    expect(story.door.told).toEqual([])
    expect(story.received).toEqual(['e2'])
  })
})

describe('caps', () => {
  test('the intake takes no more than two groups and says when there is room', async () => {
    const story = await new Story({ limits: { groupDeliveries: 16 } }).start()
    const tokens = Array.from({ length: 40 }, (_, index) => story.publish(`e${index}`))
    expect(tokens.filter((token) => token === null)).toHaveLength(8)
    expect((await story.agent.status()).intake.waitingDeliveries).toBe(32)
    expect(story.door.roomCalls).toBe(0)
    story.run(1000)
    expect(story.door.roomCalls).toBe(1)
    expect(story.door.stored.size).toBe(32)
    expect(story.publish('e99')).not.toBeNull()
  })

  test('a full outbox refuses until the aggregator has taken some', async () => {
    const story = new Story({ limits: { outboxBytes: 1024 * 1024 }, seal: { maxBytes: 60_000 } })
    story.aggregator.behaviour.down = true
    await story.start()
    const many = (number: number): object[] =>
      Array.from({ length: 300 }, (_, index) => ({
        id: `${number}-${index}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
      }))
    for (let number = 0; number < 40; number++) {
      story.door.submit('dev-1', many(number))
      story.run(20)
    }
    const status = await story.agent.status()
    expect(status.intake.lastFault).toMatchObject({ code: 'outbox_full' })
    expect(status.outbox.bytes).toBeLessThan(1.2 * 1024 * 1024)
    expect(story.door.unavailable.size).toBeGreaterThan(0)
    story.aggregator.behaviour.down = false
    story.run(60_000)
    story.publish('late')
    story.run(1000)
    expect(story.received).toHaveLength(story.door.stored.size * 300 - 299)
    expect(story.aggregator.complaints).toEqual([])
  })

  test('a full disk refuses, keeps everything together and goes on when there is room again', async () => {
    const story = new Story({ limits: { journalBytes: 1024 * 1024 } })
    story.aggregator.behaviour.down = true
    await story.start()
    const many = (number: number): object[] =>
      Array.from({ length: 300 }, (_, index) => ({
        id: `${number}-${index}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
      }))
    for (let number = 0; number < 40; number++) {
      story.door.submit('dev-1', many(number))
      story.run(20)
    }
    expect((await story.agent.status()).intake.lastFault).toMatchObject({ code: 'disk_full' })
    expect((await story.agent.status()).failure).toBeNull()
    story.aggregator.behaviour.down = false
    story.run(60_000)
    for (let number = 0; number < 40; number++) {
      if (!story.door.stored.has(number)) story.door.submit('dev-1', many(number))
    }
    story.run(60_000)
    expect(new Set(story.received).size).toBe(story.received.length)
    expect(story.received.length % 300).toBe(0)
    expect(story.aggregator.complaints).toEqual([])
  })
})

describe('commits', () => {
  test('of several deliveries keep their distance, a lone one does not wait', async () => {
    const story = await new Story().start()
    const settledAfter = (): number => {
      const before = story.door.stored.size
      for (let ms = 0; ms < 20; ms++) {
        if (story.door.stored.size > before) return ms
        story.clock.advance(ms === 0 ? 0 : 1)
      }
      return Infinity
    }
    story.clock.advance(100)
    story.publish('e1')
    expect(settledAfter()).toBe(1)
    story.publish('e2')
    expect(settledAfter()).toBe(1)
    story.publish('e3')
    story.publish('e4')
    expect(settledAfter()).toBe(1)
    story.publish('e5')
    expect(settledAfter()).toBeGreaterThan(3)
  })

  test('wait for company where the configuration says so', async () => {
    const story = await new Story({ journal: { commitDelayMs: 50 } }).start()
    story.publish('e1')
    story.clock.advance(49)
    story.publish('e2')
    expect(story.door.told).toEqual([])
    story.clock.advance(1)
    expect(story.door.told).toEqual(['0 stored', '1 stored', 'flush'])
  })
})

describe('sealing', () => {
  test('one group may fill several batches, in one commit', async () => {
    const story = await new Story({ seal: { maxUnits: 100 } }).start()
    story.door.submit(
      'dev-1',
      Array.from({ length: 350 }, (_, index) => ({ id: `e${index}`, meter: 'm', quantity: 1 })),
    )
    story.run(10)
    expect((await story.agent.status()).chain.sealedSeq).toBe(3)
    expect((await story.agent.status()).open.units).toBe(50)
    story.run(1000)
    expect(story.received).toEqual(Array.from({ length: 350 }, (_, index) => `e${index}`))
    expect(story.aggregator.complaints).toEqual([])
  })

  test('the open batch goes on after a crash', async () => {
    const story = await new Story({ seal: { lingerMs: 5000 } }).start()
    story.publish('e1')
    story.run(100)
    await story.crash()
    story.publish('e2')
    story.run(100)
    expect((await story.agent.status()).open.units).toBe(2)
    story.run(6000)
    expect(story.aggregator.batches).toHaveLength(1)
    expect(story.received).toEqual(['e1', 'e2'])
  })
})
