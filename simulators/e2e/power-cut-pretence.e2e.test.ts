import { describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import { compilerMissing } from '../faults/shim/build-faulty-disk.ts'
import { accountFor, beginRun, endRun, goesOn, outcomeProblems, until, type KillRun } from './kill-cycles.ts'
import type { StackDisks } from './power-cut-disks.ts'
import { tryOnFaultyDisks } from './power-cut-trial.ts'

/** Whether fsync does what it says. Pretended is what a program comes to that does not wait for it. */
type Syncs = 'done' | 'pretended'

const random = seededRandom('only everything is lost')

describe.skipIf(compilerMissing !== null)(
  'a power cut that loses all that was not synchronised (needs a C compiler)',
  () => {
    test('loses nothing that was acknowledged', async () => {
      const problems = await problemsOf('aggregator', async (run, disks) => [
        ...(await receiptedAndLost(run, disks, 'done')),
        ...(await acknowledgedAndLost(run, disks, 'done')),
      ])
      expect(problems).toEqual([])
    })

    test('shows PUBACKs that did not wait for their fsync', async () => {
      const problems = await problemsOf('agent', (run, disks) => acknowledgedAndLost(run, disks, 'pretended'))
      expect(problems).toContainEqual(expect.stringMatching(/^dev-[12]-\d+ is unknown$/))
    })

    test('shows receipts that did not wait for theirs', async () => {
      const problems = await problemsOf('aggregator', (run, disks) => receiptedAndLost(run, disks, 'pretended'))
      expect(problems).toContainEqual(expect.stringMatching(/^of \d+ batches with a receipt \d+ are there$/))
    })
  },
)

async function problemsOf(
  victim: 'agent' | 'aggregator',
  story: (run: KillRun, disks: StackDisks) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  return await tryOnFaultyDisks(`pretence-${victim}`, async (trial) => {
    const run = await beginRun({ ...trial, victim })
    try {
      return await story(run, trial.power)
    } finally {
      await endRun(run)
    }
  })
}

/** What the agent acknowledged before the cut and does not have after it. The aggregator is away, so nobody else has it. */
async function acknowledgedAndLost(run: KillRun, disks: StackDisks, syncs: Syncs): Promise<readonly string[]> {
  const { stack, load } = run
  await goesOn(run)
  await stack.killAggregator()
  disks.agent.swallowSyncs(syncs === 'pretended')
  const before = load.acknowledged.size
  await until(() => Promise.resolve(load.acknowledged.size > before + 200), '200 events more acknowledged', 30_000)
  await stack.killAgent(0)
  disks.agent.cutPower('everything', random)
  disks.agent.swallowSyncs(false)
  await stack.startAggregator()
  await stack.startAgent(0)
  return outcomeProblems(await accountFor(run, 1))
}

/** Whether the aggregator has after the cut what it gave receipts for before. */
async function receiptedAndLost(run: KillRun, disks: StackDisks, syncs: Syncs): Promise<readonly string[]> {
  const { stack } = run
  const settled = async (): Promise<number> => (await stack.agentStatus(0)).chain.settledSeq
  await until(async () => (await settled()) > 0, 'a first receipt', 30_000)
  disks.aggregator.swallowSyncs(syncs === 'pretended')
  const before = await settled()
  await until(async () => (await settled()) > before + 3, 'receipts for four batches more', 30_000)
  await stack.killAggregator()
  const receipted = await settled()
  disks.aggregator.cutPower('everything', random)
  disks.aggregator.swallowSyncs(false)
  await stack.startAggregator()
  const { agents } = (await stack.command('status', { tenant: stack.tenant })) as TenantStatus
  const there = agents[0]?.receivedSeq ?? 0
  return there >= receipted ? [] : [`of ${receipted} batches with a receipt ${there} are there`]
}
