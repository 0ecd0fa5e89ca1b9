import { describe, expect, test } from 'vitest'
import { aggregatorKey, publishAll, retainedOf, Story, uplinkOf } from './compose-for-tests.ts'
import { ScriptedLog } from './domain/testing/scripted-log.ts'

const hourMs = 3_600_000

describe('checkpoints', () => {
  test('are asked for, verified, kept over a crash and named in the next hello', async () => {
    const story = await new Story().start()
    const log = new ScriptedLog(aggregatorKey.privatePem).growTo(7)
    story.run(1_000)
    expect(story.aggregator.hellos[0]).toMatchObject({ features: ['checkpoint', 'snapshot-parts'], checkpoint: null })
    story.aggregator.say(log.checkpoint(0))
    story.aggregator.say(log.growTo(9).checkpoint(7))
    story.run(200)
    await story.crash()
    story.run(1_000)
    expect(story.aggregator.hellos[1]?.checkpoint).toEqual({ generation: 1, size: 9, root: log.root })
    expect((await story.agent.status()).log).toMatchObject({ checkpoint: { size: 9 }, doubted: false, evidence: [] })
  })

  test('that come in a flood are all verified, and the newest is kept', async () => {
    const story = await new Story().start()
    const log = new ScriptedLog(aggregatorKey.privatePem)
    story.run(1_000)
    for (let size = 1; size <= 100; size++) story.aggregator.say(log.growTo(size).checkpoint(size - 1))
    story.run(500)
    await story.crash()
    expect((await story.agent.status()).log).toMatchObject({ checkpoint: { size: 100 } })
  })

  const heldLog = (): ScriptedLog => new ScriptedLog(aggregatorKey.privatePem).growTo(110)
  test.each([
    ['of a smaller log', () => heldLog().cutTo(90).checkpoint(0), 'log_rolled_back'],
    [
      'of another log',
      () => new ScriptedLog(aggregatorKey.privatePem).growTo(120, 'other').checkpoint(110),
      'checkpoint_forked',
    ],
  ])(
    '%s stop the sending until one continues the verified log, and are kept as evidence',
    async (_name, make, code) => {
      const story = await new Story().start()
      const good = heldLog()
      story.run(1_000)
      story.aggregator.say(good.checkpoint(0))
      publishAll(story, ['e1', 'e2'])
      const bad = make()
      story.aggregator.onWelcome = () => [bad]
      story.aggregator.say(bad)
      expect(await uplinkOf(story)).toBe(`quarantined: ${code}`)
      publishAll(story, ['e3'])
      await story.crash()
      story.clock.advance(48 * hourMs)
      publishAll(story, ['e4'])
      expect(story.received).toEqual(['e1', 'e2'])
      expect((await story.agent.status()).log).toMatchObject({
        doubted: true,
        checkpoint: { size: 110 },
        evidence: [{ code, heldSize: 110, heldNote: good.checkpoint(0).note, offeredNote: bad.note }],
      })
      expect(await retainedOf(story)).toMatchObject({ batches: 2 })

      story.aggregator.onWelcome = () => [good.growTo(130).checkpoint(110)]
      story.run(600_000)
      expect(story.received).toEqual(['e1', 'e2', 'e3', 'e4'])
      expect((await story.agent.status()).log).toMatchObject({
        doubted: false,
        checkpoint: { size: 130 },
        evidence: [{ code }],
      })
      expect(story.aggregator.complaints).toEqual([])
    },
  )

  test('before the welcome say nothing', async () => {
    const story = await new Story().start()
    story.clock.advance(10)
    expect(await uplinkOf(story)).toBe('greeting')
    story.aggregator.say({ ...heldLog().checkpoint(0), generation: 2 })
    story.run(1_000)
    expect(await uplinkOf(story)).toBe('streaming')
    expect((await story.agent.status()).log).toMatchObject({ checkpoint: null, doubted: false })
  })

  test('that nobody signed stop the sending too, and are no evidence', async () => {
    const story = await new Story().start()
    story.run(1_000)
    const bad = { ...heldLog().checkpoint(0), note: 'no note' }
    story.aggregator.say(bad)
    expect(await uplinkOf(story)).toBe('quarantined: checkpoint_invalid')
    story.run(200)
    expect((await story.agent.status()).log).toMatchObject({ doubted: true, evidence: [] })
  })

  test('that are owed by a doubted aggregator are waited for, and asked for again', async () => {
    const story = await new Story().start()
    story.run(1_000)
    story.aggregator.say(heldLog().checkpoint(0))
    story.aggregator.say(heldLog().cutTo(90).checkpoint(0))
    story.publish('e1')
    story.run(11_000)
    expect(await uplinkOf(story)).toBe('quarantined: checkpoint_unproven')
    story.aggregator.onWelcome = () => [heldLog().checkpoint(110)]
    story.run(30_000)
    expect(story.received).toEqual(['e1'])
  })

  test('ever new ones that contradict do not fill the journal', async () => {
    const story = await new Story().start()
    story.run(1_000)
    const held = heldLog()
    story.aggregator.say(held.checkpoint(0))
    let branch = 0
    story.aggregator.onWelcome = () => [
      new ScriptedLog(aggregatorKey.privatePem).growTo(120, `branch ${(branch += 1)}`).checkpoint(110),
    ]
    story.aggregator.breakLink()
    story.run(6 * hourMs)
    expect(branch).toBeGreaterThan(30)
    expect((await story.agent.status()).log.evidence).toHaveLength(16)
  })
})
