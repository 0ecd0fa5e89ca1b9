import { describe, expect, test } from 'vitest'
import { aggregatorKey, publishAll, retainedOf, settledStory, Story } from './compose-for-tests.ts'
import { ScriptedLog } from './domain/testing/scripted-log.ts'

const hourMs = 3_600_000

describe('settled batches', () => {
  test('are kept for a day and until the verified log covers them, without counting as unsent', async () => {
    const story = await settledStory()
    expect(await retainedOf(story)).toMatchObject({ batches: 5, fromSeq: 1 })
    const log = new ScriptedLog(aggregatorKey.privatePem)
    const { outbox } = await story.agent.status()
    expect(outbox).toMatchObject({ batches: 0, bytes: 0, oldestSealedMs: null })
    // Receipts of the scripted aggregator name index seq + 100. Of batch 1 to 3 the first checkpoint tells.
    story.aggregator.say(log.growTo(104).checkpoint(0))
    story.clock.advance(24 * hourMs)
    expect(await retainedOf(story)).toMatchObject({ batches: 5 })
    publishAll(story, ['e6'])
    expect(await retainedOf(story)).toMatchObject({ batches: 3, fromSeq: 4 })
    story.aggregator.say(log.growTo(200).checkpoint(104))
    story.run(61_000)
    publishAll(story, ['e7'])
    expect(await retainedOf(story)).toMatchObject({ batches: 2, fromSeq: 6 })
  })

  test('are kept by age alone when the aggregator sends no checkpoints', async () => {
    const story = await settledStory()
    story.clock.advance(24 * hourMs)
    publishAll(story, ['e6'])
    expect(await retainedOf(story)).toMatchObject({ batches: 1, fromSeq: 6 })
  })

  test('go early, oldest first, when they take more than they may', async () => {
    const story = await settledStory()
    const { bytes } = await retainedOf(story)
    await story.agent.close()
    await story.start({ limits: { retainedBytes: bytes } })
    publishAll(story, ['e6', 'e7'])
    expect(await retainedOf(story)).toMatchObject({ batches: 5, fromSeq: 3 })
  })

  test('are not kept at all when the configuration says so', async () => {
    const story = await new Story({ limits: { retainedBytes: 0 } }).start()
    publishAll(story, ['e1', 'e2'])
    expect(await retainedOf(story)).toEqual({ batches: 0, bytes: 0, limitBytes: 0, fromSeq: 0 })
  })

  test('take no more than a quarter of the journal', async () => {
    const story = await new Story({ limits: { journalBytes: 4 * 1024 * 1024 } }).start()
    expect(await retainedOf(story)).toMatchObject({ limitBytes: 1024 * 1024 })
  })

  test('are named in the hello, and go with their epoch', async () => {
    const story = await settledStory()
    await story.crash()
    story.run(1_000)
    expect(story.aggregator.hellos.map(({ retainedFromSeq }) => retainedFromSeq)).toEqual([0, 1])
    await story.agent.close()
    story.aggregator.receivedSeq = 0
    story.aggregator.chainHash = new Uint8Array(32)
    await story.start({ epoch: 2 })
    expect(await retainedOf(story)).toMatchObject({ batches: 0, bytes: 0 })
    publishAll(story, ['e6'])
    expect(story.received).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
    expect(story.aggregator.complaints).toEqual([])
  })
})
