import { describe, expect, test } from 'vitest'
import { compilerMissing } from '../faults/shim/build-faulty-disk.ts'
import {
  agentHasEnded,
  agentLog,
  agentSaysFull,
  booksAre,
  cutAndStart,
  problemsAfter,
  settledSeq,
  tenantStatus,
} from './disk-errors-story.ts'
import { goesOn, receiptsGoOn } from './kill-cycles.ts'

describe.skipIf(compilerMissing !== null)(
  'disk errors under load: nothing is acknowledged that is not there (needs a C compiler)',
  () => {
    test('an agent on a full disk refuses, says so, and goes on by itself when there is room', async () => {
      const problems = await problemsAfter('agent', async (run, disks) => {
        const { pid } = await run.stack.agentStatus(0)
        disks.agent.fill(true)
        await agentSaysFull(run)
        disks.agent.fill(false)
        await goesOn(run)
        expect(await run.stack.agentStatus(0)).toMatchObject({ pid, intake: { lastFault: null }, failure: null })
        const events = agentLog(run).map(({ event }) => event)
        expect(events).toContain('intake refuses deliveries')
        expect(events).toContain('intake takes deliveries again')
        disks.agent.fill(true)
        await agentSaysFull(run)
        // Where the journal needs more room to be taken up again, it says so, and loses nothing of it by trying.
        const refusal = await refusalOf(cutAndStart(run, disks, 'agent'))
        disks.agent.fill(false)
        if (refusal !== null) {
          const message = expect.stringContaining('full') as string
          expect(refusal).toMatchObject({ code: 'journal_unusable', message })
          await run.stack.startAgent(0)
        }
      })
      expect(problems).toEqual([])
    })

    test('an agent whose fsync fails ends, and has everything when it is started again', async () => {
      const problems = await problemsAfter('agent', async (run, disks) => {
        disks.agent.failSyncs('for ever')
        await agentHasEnded(run, 0)
        expect(agentLog(run)).toContainEqual(expect.objectContaining({ event: 'failed', code: 'journal_failed' }))
        // A supervisor that starts it while the disk fails hears why it cannot be.
        await expect(run.stack.startAgent(0)).rejects.toMatchObject({ code: 'journal_unusable' })
        disks.agent.failSyncs(0)
        await run.stack.startAgent(0)
        await goesOn(run)
        await cutAndStart(run, disks, 'agent')
      })
      expect(problems).toEqual([])
    })

    test('an aggregator on a full disk takes nothing, says so, and goes on by itself when there is room', async () => {
      const problems = await problemsAfter('aggregator', async (run, disks) => {
        disks.aggregator.fill(true)
        await booksAre(run, 'failed')
        expect(await tenantStatus(run)).toMatchObject({ reason: expect.stringContaining('full') as string })
        disks.aggregator.fill(false)
        await booksAre(run, 'open')
        await receiptsGoOn(run)
        await cutAndStart(run, disks, 'aggregator')
      })
      expect(problems).toEqual([])
    })

    test('an aggregator whose fsync fails opens the books anew, and every receipt after that holds', async () => {
      const problems = await problemsAfter('aggregator', async (run, disks) => {
        disks.aggregator.failSyncs('for ever')
        await booksAre(run, 'failed')
        disks.aggregator.failSyncs(0)
        await receiptsGoOn(run)
        await cutAndStart(run, disks, 'aggregator')
        const settled = await settledSeq(run)
        expect((await tenantStatus(run)).agents[0]?.receivedSeq).toBeGreaterThanOrEqual(settled)
      })
      expect(problems).toEqual([])
    })
  },
)

/** Why a start was refused; null when it was not. */
async function refusalOf(start: Promise<void>): Promise<unknown> {
  try {
    await start
    return null
  } catch (error) {
    return error
  }
}
