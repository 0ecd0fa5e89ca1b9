import { describe, expect, test } from 'vitest'
import { Story } from './compose-for-tests.ts'

describe('the uplink', () => {
  test('resends what was cut off, and the aggregator gets everything once', async () => {
    const story = new Story({ seal: { maxUnits: 2 } })
    story.aggregator.behaviour.silent = true
    await story.start()
    for (let number = 0; number < 10; number++) story.publish(`e${number}`)
    story.run(200)
    expect(story.aggregator.receivedSeq).toBe(5)
    expect((await story.agent.status()).outbox.batches).toBe(5)
    story.aggregator.behaviour.silent = false
    story.aggregator.breakLink()
    story.run(5000)
    expect((await story.agent.status()).outbox.batches).toBe(0)
    expect(story.received).toHaveLength(10)
    expect(story.aggregator.complaints).toEqual([])
  })

  test('gives up on silence and connects again', async () => {
    const story = new Story()
    story.aggregator.behaviour.silent = true
    await story.start()
    story.publish('e1')
    story.run(29_000)
    expect(story.aggregator.hellos).toHaveLength(1)
    story.run(5000)
    expect(story.aggregator.hellos.length).toBeGreaterThan(1)
    story.aggregator.behaviour.silent = false
    story.run(40_000)
    expect((await story.agent.status()).outbox.batches).toBe(0)
  })

  test('waits for room', async () => {
    const story = new Story({ seal: { maxUnits: 1 } })
    story.aggregator.behaviour.congested = true
    await story.start()
    story.run(50)
    for (let number = 0; number < 5; number++) story.publish(`e${number}`)
    story.clock.advance(500)
    expect(story.aggregator.underWay).toBe(1)
    story.aggregator.behaviour.congested = false
    story.aggregator.giveRoom()
    story.run(1000)
    expect(story.received).toHaveLength(5)
  })

  test('stops sending at a permanent refusal, goes on taking in, says so, and asks again', async () => {
    const story = await new Story().start()
    story.clock.advance(10)
    story.aggregator.say({ kind: 'refusal', code: 'agent_unknown', message: 'register it', seq: 0, permanent: true })
    story.publish('e1')
    story.clock.advance(150)
    expect(story.door.stored.size).toBe(1)
    expect((await story.agent.status()).uplink).toMatchObject({
      state: 'quarantined',
      fault: { code: 'agent_unknown' },
    })
    story.run(5000)
    expect((await story.agent.status()).uplink).toMatchObject({ state: 'streaming', fault: null })
    expect(story.received).toEqual(['e1'])
  })

  test('does not send to an aggregator that knows more of it than it does itself', async () => {
    const story = new Story()
    story.aggregator.receivedSeq = 3
    await story.start()
    story.publish('e1')
    story.run(60_000)
    expect((await story.agent.status()).uplink.fault).toMatchObject({ code: 'aggregator_ahead' })
    expect(story.aggregator.batches).toEqual([])
  })
})

describe('a report', () => {
  /** Lets time pass, and lets what only waits for values that are there already finish. */
  async function pass(story: Story, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      story.run(Math.min(1_000, left))
      await new Promise((resolve) => setImmediate(resolve))
      story.run(10)
    }
  }

  async function reporting(): Promise<Story> {
    const story = new Story()
    story.aggregator.features = ['report', 'something later']
    return await story.start()
  }

  test('is sent when a session begins and every minute, with the whole state', async () => {
    const story = await reporting()
    story.agent.countDevicesBy(() => 3)
    await pass(story, 1_000)
    story.publish('e1')
    story.door.submit('dev-2', 'no json')
    await pass(story, 10_000)
    expect(story.aggregator.reports.map(({ suspendedRows }) => suspendedRows)).toEqual([0, 1])
    expect(story.aggregator.reports[1]).toMatchObject({
      kind: 'report',
      clockSync: 'synced',
      suspended: [{ device: 'dev-2', rows: 1, times: 1 }],
      refusedDeliveries: 0,
      connectedDevices: 3,
      counters: { deliveries: 2, events: 1, suspended: 1 },
    })
    await pass(story, 120_000)
    expect(story.aggregator.reports).toHaveLength(4)
    await story.agent.close()
    expect(story.clock.pending).toBe(0)
  })

  test('after trouble comes soon, but trouble without end does not make reports without end', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    for (let second = 0; second < 60; second++) {
      story.door.submit('dev-2', `no json ${second}`)
      await pass(story, 1_000)
    }
    const { length } = story.aggregator.reports
    expect(length).toBeGreaterThan(8)
    expect(length).toBeLessThan(15)
    await story.agent.close()
  })

  test('is sent anew in the next session, and never to an aggregator that does not take any', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    expect(story.aggregator.reports).toHaveLength(1)
    story.aggregator.features = []
    story.aggregator.breakLink()
    story.door.submit('dev-2', 'no json')
    await pass(story, 200_000)
    expect(story.aggregator.hellos.length).toBeGreaterThan(1)
    expect(story.aggregator.reports).toHaveLength(1)
    story.aggregator.features = ['report']
    story.aggregator.breakLink()
    await pass(story, 60_000)
    expect(story.aggregator.reports[1]).toMatchObject({ suspendedRows: 1 })
    await story.agent.close()
  })

  test('is no more once the agent is killed', async () => {
    const story = await reporting()
    await pass(story, 1_000)
    story.agent.kill()
    await pass(story, 200_000)
    expect(story.aggregator.reports).toHaveLength(1)
    expect(story.clock.pending).toBe(0)
  })
})

describe('an end', () => {
  test('by close commits and answers what was taken', async () => {
    const story = await new Story().start()
    story.publish('e1')
    await story.agent.close()
    expect(story.door.told).toEqual(['0 stored', 'flush'])
    expect(story.publish('e2')).toBeNull()
    await story.start()
    story.run(1000)
    expect(story.received).toEqual(['e1'])
  })

  test('by kill leaves nothing behind that still happens', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.clock.step(0)
    story.agent.kill()
    story.run(60_000)
    expect(story.clock.pending).toBe(0)
    expect(story.door.told).toEqual([])
    expect(story.publish('e2')).toBeNull()
    expect(story.aggregator.connected).toBe(false)
    await expect(story.agent.status()).rejects.toThrow('closed')
  })
})

describe('a start', () => {
  test('is refused on a journal that another agent has open', async () => {
    const story = await new Story().start()
    await expect(story.start()).rejects.toMatchObject({ fault: { code: 'journal_in_use' } })
  })

  test('is refused on the journal of another agent, and in a lower epoch', async () => {
    const story = await new Story().start({ epoch: 2 })
    await story.agent.close()
    await expect(story.start({ agent: 'gw-2', epoch: 2 })).rejects.toMatchObject({
      fault: { code: 'journal_of_another' },
    })
    await expect(story.start({ epoch: 1 })).rejects.toMatchObject({ fault: { code: 'journal_epoch_unsent' } })
  })

  test('in a higher epoch begins a new chain once everything has left, and still knows its events', async () => {
    const story = await new Story().start()
    story.publish('e1')
    story.clock.advance(500)
    await story.agent.close()
    await expect(story.start({ epoch: 2 })).rejects.toMatchObject({ fault: { code: 'journal_epoch_unsent' } })
    await story.start()
    story.run(1000)
    await story.agent.close()
    story.aggregator.receivedSeq = 0
    story.aggregator.chainHash = new Uint8Array(32)
    await story.start({ epoch: 2 })
    story.publish('e1')
    story.publish('e2')
    story.run(1000)
    expect(story.received).toEqual(['e1', 'e2'])
    expect(story.aggregator.hellos.at(-1)).toMatchObject({ epoch: 2, lastSealedSeq: 0 })
    expect(story.aggregator.complaints).toEqual([])
  })
})
