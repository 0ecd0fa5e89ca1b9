import { describe, expect, test } from 'vitest'
import { payloadOf, Story } from './compose-for-tests.ts'
import type { AgentConfigInput } from './config.ts'
import { originText } from './flow/origin.ts'

describe('what cannot be used', () => {
  test('goes to suspense with its reason, is acknowledged, and keeps one entry however often it comes', async () => {
    const story = await new Story().start()
    story.door.submit('dev-1', '{"id":"e1","meter":"data.bytes","quantity":1.5}')
    story.door.submit('dev-1', 'no json')
    story.run(20)
    story.door.submit('dev-1', 'no json')
    story.run(1000)
    expect(story.door.told.filter((line) => line !== 'flush')).toEqual(['0 stored', '1 stored', '2 stored'])
    const entries = await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })
    expect(entries).toMatchObject([
      { code: 'quantity_not_integer', device: 'dev-1', eventId: 'e1', times: 1 },
      { code: 'payload_not_json', device: 'dev-1', eventId: null, times: 2, payloadBytes: 7 },
    ])
    expect(await payloadOf(story, entries[1])).toBe('no json')
    expect(story.door.rejects.map(({ code }) => code)).toEqual([
      'quantity_not_integer',
      'payload_not_json',
      'payload_not_json',
    ])
    expect(story.received).toEqual([])
    expect((await story.agent.status()).suspense).toMatchObject({
      rows: 2,
      byCode: [
        { rows: 1, times: 2 },
        { rows: 1, times: 1 },
      ],
    })
  })

  test('does not keep its neighbours in the same payload back', async () => {
    const story = await new Story().start()
    const good = { id: 'e1', meter: 'data.bytes', quantity: 1, time: 1 }
    story.door.submit('dev-1', [good, { ...good, id: 'e2', quantity: -1 }, { ...good, id: 'e3' }])
    story.run(1000)
    expect(story.received).toEqual(['e1', 'e3'])
    expect(await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })).toMatchObject([
      { eventId: 'e2' },
    ])
  })

  test('is a conflict when it is another event under a known id', async () => {
    const story = await new Story().start()
    story.publish('e1', 5)
    story.publish('e1', 6)
    story.run(1000)
    expect(story.door.stored.size).toBe(2)
    expect(story.aggregator.units).toMatchObject([{ records: [{ quantity: 5n }] }])
    const [entry] = await story.agent.suspense.list({ after: 0, limit: 10, code: 'event_conflict', device: null })
    expect(JSON.parse(await payloadOf(story, entry))).toMatchObject({ id: 'e1', measured: [{ quantity: '6' }] })
  })

  test('is refused by name when the suspense is full, and the rest goes on', async () => {
    const story = await new Story({ limits: { suspenseRows: 2, suspenseRowsPerDevice: 2 } }).start()
    for (const text of ['bad 1', 'bad 2', 'bad 3', 'bad 1']) story.door.submit('dev-1', text)
    story.publish('e1')
    story.run(1000)
    expect(story.door.told).toEqual(['0 stored', '1 stored', '2 unavailable', '3 stored', '4 stored', 'flush'])
    expect(story.door.rejects.map(({ code }) => code)).toContain('suspense_full')
    expect(story.received).toEqual(['e1'])
    expect((await story.agent.status()).intake.refusedDeliveries).toBe(1)
  })

  test('keeps a part of a large payload only', async () => {
    const story = await new Story({ limits: { suspensePayloadBytes: 10 } }).start()
    story.door.submit('dev-1', 'x'.repeat(70_000))
    story.run(100)
    const [entry] = await story.agent.suspense.list({ after: 0, limit: 10, code: null, device: null })
    expect(entry).toMatchObject({ code: 'payload_too_large', keptBytes: 10 })
  })
})

describe('a payload that nobody could read', () => {
  const mappings = [
    { name: 'octets', id: ['device', '/no'], meters: [{ meter: 'data.bytes', quantity: '/octets' }] },
  ] satisfies AgentConfigInput['mappings']
  const origin = originText({ device: 'dev-1', rule: 'octets', topic: 'a/b', idempotencyKey: null })
  const everything = { numbers: null, code: null, device: null, dryRun: false }

  async function replayed(story: Story): Promise<unknown> {
    const report = story.agent.suspense.replay(everything, () => undefined)
    story.run(100)
    return await report
  }

  test('is metered once after the rule was repaired, as of when it first came, and whatever crashes', async () => {
    const story = await new Story().start()
    story.run(50)
    const cameMs = story.clock.wallMs()
    for (let no = 0; no < 3; no++) story.door.submit(origin, { no, octets: 5 + no }, 'mapped')
    story.run(1000)
    expect(story.received).toEqual([])
    await story.agent.close()
    await story.start({ mappings })
    story.run(60_000)
    // The commit is on the disk, its answer never arrives: asked for again, there is nothing left to do.
    story.agent.suspense.replay(everything, () => undefined).catch(() => undefined)
    story.clock.step(0)
    story.disk.crash()
    story.agent.kill()
    await story.start({ mappings })
    expect(await replayed(story)).toMatchObject({ ok: true, value: { entries: 0 } })
    story.run(1000)
    expect(story.received).toEqual(['dev-1/0', 'dev-1/1', 'dev-1/2'])
    expect(story.aggregator.units.map(({ timeMs }) => timeMs)).toEqual([cameMs, cameMs, cameMs])
    story.door.submit(origin, { no: 1, octets: 6 }, 'mapped')
    story.run(1000)
    expect((await story.agent.status()).counters).toMatchObject({ events: 3, duplicates: 1 })
    expect((await story.agent.status()).suspense).toMatchObject({ rows: 0, closed: { replayed: 3, discarded: 0 } })
  })

  test('waits while the outbox is full, and says so', async () => {
    const story = new Story({ limits: { outboxBytes: 1024 * 1024 }, seal: { maxBytes: 60_000 } })
    await story.start()
    story.aggregator.behaviour.silent = true
    story.door.submit(origin, { no: 1, octets: 5 }, 'mapped')
    for (let number = 0; number < 40; number++) {
      const events = Array.from({ length: 250 }, (_, at) => ({
        id: `e${number}-${at}-${'x'.repeat(100)}`,
        meter: 'm',
        quantity: 1,
        time: 1,
      }))
      story.door.submit('dev-2', events)
      story.run(20)
    }
    expect((await story.agent.status()).intake.lastFault).toMatchObject({ code: 'outbox_full' })
    expect(await replayed(story)).toMatchObject({ ok: false, fault: { code: 'outbox_full' } })
    expect((await story.agent.status()).suspense.rows).toBe(1)
  })
})
