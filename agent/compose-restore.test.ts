import { describe, expect, test } from 'vitest'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import type { Hello } from '@meterline/shared/wire/messages.ts'
import {
  agentKey,
  aggregatorKey,
  publishAll,
  retainedOf,
  settledStory,
  uplinkOf,
  type Story,
} from './compose-for-tests.ts'
import { ScriptedLog } from './domain/testing/scripted-log.ts'
import { recoverJournal } from './flow/recover-journal.ts'

/** The aggregator is put back to batch `seq`, and says so when `log` declares it. */
function restore(story: Story, seq: number, log: ScriptedLog | null): void {
  const { aggregator } = story
  aggregator.goBackTo(seq)
  if (log !== null) {
    aggregator.restore = log.restoreTo(seq)
    aggregator.generation = log.generation
  }
  aggregator.breakLink()
}

describe('after a restore of the aggregator', () => {
  test('that is declared, what it lost is sent again with the same bytes', async () => {
    const story = await settledStory()
    const sent = [...story.aggregator.batches]
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.publish('e6')
    story.run(60_000)
    expect(story.received).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
    expect(story.aggregator.batches.slice(0, 5)).toEqual(sent)
    expect(story.aggregator.complaints).toEqual([])
    const status = await story.agent.status()
    expect(status).toMatchObject({
      uplink: { state: 'streaming', fault: null },
      outbox: { batches: 0, bytes: 0 },
      retained: { batches: 6, fromSeq: 1 },
      log: { generation: 2, checkpoint: { size: 2 } },
    })
  })

  test('says hello again with what it holds then', async () => {
    const story = await settledStory()
    const log = new ScriptedLog(aggregatorKey.privatePem).growTo(5)
    story.aggregator.say(log.checkpoint(0))
    story.run(200)
    restore(story, 3, log)
    story.run(60_000)
    const held = { generation: 2, size: 3, root: log.root }
    const hello: Partial<Hello> = { lastSealedSeq: 5, retainedFromSeq: 1, checkpoint: held }
    expect(story.aggregator.hellos.at(-1)).toMatchObject(hello)
    story.aggregator.say(log.growTo(12).checkpoint(3))
    story.run(200)
    expect((await story.agent.status()).log).toMatchObject({ generation: 2, checkpoint: { size: 12 } })
  })

  test('that is not declared, nothing is sent until it is', async () => {
    const story = await settledStory()
    restore(story, 2, null)
    story.publish('e6')
    story.run(60_000)
    expect(await uplinkOf(story)).toBe('quarantined: aggregator_behind')
    expect(story.received).toEqual(['e1', 'e2'])
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.run(600_000)
    expect(story.received).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
  })

  test('that contradicts the verified log, nothing is sent, and the declaration is kept as evidence', async () => {
    const story = await settledStory()
    story.aggregator.say(new ScriptedLog(aggregatorKey.privatePem).growTo(5).checkpoint(0))
    story.run(200)
    // Five entries of another log were kept, under the aggregator's own signature.
    const other = new ScriptedLog(aggregatorKey.privatePem).growTo(9, 'other')
    story.aggregator.restore = other.restoreTo(5)
    story.aggregator.generation = other.generation
    story.aggregator.breakLink()
    story.run(60_000)
    expect(await uplinkOf(story)).toBe('quarantined: checkpoint_forked')
    await story.crash()
    story.run(60_000)
    const { log } = await story.agent.status()
    expect(log).toMatchObject({ generation: 1, doubted: true, checkpoint: { size: 5 } })
    expect(log.evidence).toMatchObject([{ code: 'checkpoint_forked', heldSize: 5 }])
    expect(log.evidence[0]?.offeredNote).toMatch(/^\{.*"generation":2.*\}\n[A-Za-z0-9+/]{86}==\n$/)
  })

  test('that somebody else declared, nothing is sent', async () => {
    const story = await settledStory()
    restore(story, 2, new ScriptedLog(agentKey.privatePem).growTo(5))
    story.run(60_000)
    expect(await uplinkOf(story)).toBe('quarantined: restore_undeclared')
  })

  test('that is undone again without a word, nothing is sent', async () => {
    const story = await settledStory()
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.run(60_000)
    story.aggregator.generation = 1
    story.aggregator.restore = null
    story.aggregator.breakLink()
    story.run(60_000)
    expect(await uplinkOf(story)).toBe('quarantined: log_rolled_back')
  })

  test('to before what is kept, the missing batches are named', async () => {
    const story = await settledStory()
    const { bytes } = await retainedOf(story)
    await story.agent.close()
    await story.start({ limits: { retainedBytes: Math.floor((bytes * 3) / 5) } })
    story.run(1_000)
    publishAll(story, ['e6'])
    expect(await retainedOf(story)).toMatchObject({ batches: 3, fromSeq: 4 })
    restore(story, 1, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.run(60_000)
    const { fault } = (await story.agent.status()).uplink
    expect(fault).toMatchObject({ code: 'aggregator_behind', details: { goneFromSeq: 2, goneToSeq: 3 } })
    expect(await retainedOf(story)).toMatchObject({ batches: 3 })

    // The way out that the message names: what is left goes over into the next epoch.
    await story.agent.close()
    const recovered = recoverJournal({
      dataDirectoryJournal: story.disk.journalFile,
      sources: [],
      identity: { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 2 },
      received: [{ epoch: null, seq: 1, hash: null }],
      nowMs: story.clock.wallMs(),
      by: 'ada',
      disk: temporaryDisk,
    })
    expect(recovered).toMatchObject({ ok: true, value: { sources: [{ units: 3 }] } })
    story.aggregator.receivedSeq = 0
    story.aggregator.chainHash = new Uint8Array(32)
    await story.start({ epoch: 2 })
    story.run(60_000)
    expect(story.received).toEqual(['e1', 'e4', 'e5', 'e6'])
  })

  test('of another chain is found out before anything is taken back', async () => {
    const story = await settledStory()
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.aggregator.chainHash = new Uint8Array(32).fill(1)
    story.run(60_000)
    expect(await uplinkOf(story)).toBe('quarantined: chain_forked')
    expect((await story.agent.status()).chain).toMatchObject({ settledSeq: 5 })
    expect((await story.agent.status()).log).toMatchObject({ generation: 1 })
  })

  test('twice, with a crash wherever it falls, everything is there once', async () => {
    for (let crashAtMs = 0; crashAtMs <= 400; crashAtMs += 40) {
      const story = await settledStory()
      const log = new ScriptedLog(aggregatorKey.privatePem).growTo(5)
      restore(story, 3, log)
      story.run(5_000)
      restore(story, 1, log)
      story.run(crashAtMs)
      story.publish('e6')
      await story.crash()
      story.run(60_000)
      expect(story.received.slice(0, 5)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
      expect(story.aggregator.complaints).toEqual([])
      expect(await story.agent.status()).toMatchObject({
        outbox: { batches: 0 },
        chain: { settledSeq: story.aggregator.receivedSeq },
        log: { generation: 3, checkpoint: { size: 1 } },
      })
      story.agent.kill()
    }
  })

  test('receipts of before that are not stored yet do not count for what is sent again', async () => {
    const story = await settledStory()
    story.publish('e6')
    story.clock.advance(110)
    story.aggregator.deliver()
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.run(60_000)
    expect(story.received).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6'])
    expect(await story.agent.status()).toMatchObject({ failure: null, chain: { settledSeq: 6, lastLogIndex: 106 } })
  })

  test('what was taken back counts as unsent, and no longer as kept', async () => {
    const story = await settledStory()
    const settled = await retainedOf(story)
    story.aggregator.behaviour.silent = true
    restore(story, 2, new ScriptedLog(aggregatorKey.privatePem).growTo(5))
    story.run(10_000)
    const { outbox, retained } = await story.agent.status()
    expect(outbox).toMatchObject({ batches: 3, bytes: settled.bytes - retained.bytes })
    expect(retained).toMatchObject({ batches: 2, fromSeq: 1 })
    await story.crash()
    expect(await story.agent.status()).toMatchObject({ outbox, retained })
  })
})
