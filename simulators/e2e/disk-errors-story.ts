import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TenantStatus } from '@meterline/aggregator/flow/commands.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { accountFor, beginRun, endRun, goesOn, outcomeProblems, until, type KillRun } from './kill-cycles.ts'
import type { StackDisks } from './power-cut-disks.ts'
import { tryOnFaultyDisks, type Trial } from './power-cut-trial.ts'

/** Whose disk fails. */
export type DiskOwner = 'agent' | 'aggregator'

/** The longest that a process may take to notice something or to recover. */
const longMs = 60_000
const random = seededRandom('everything is lost, so nothing is drawn')

/** Runs a story of disk errors under load. At its end everything that was acknowledged has to be charged, exactly once. */
export async function problemsAfter(
  owner: DiskOwner,
  story: (run: KillRun, disks: StackDisks, trial: Trial) => Promise<void>,
): Promise<readonly string[]> {
  return await tryOnFaultyDisks(`disk-errors-${owner}`, async (trial) => {
    const run = await beginRun({ ...trial, victim: owner })
    try {
      await goesOn(run)
      await story(run, trial.power, trial)
      return outcomeProblems(await accountFor(run, 0))
    } finally {
      await endRun(run)
    }
  })
}

/** The lines that the agent has logged so far. */
export function agentLog({ stack }: KillRun): readonly Readonly<Record<string, unknown>>[] {
  const text = readFileSync(join(stack.deployment.folder, 'gw-1.log'), 'utf8')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  // Before it can log, Node may have words of its own.
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** How often the agent has ended because it could not go on. */
export function agentFailures(run: KillRun): number {
  return agentLog(run).filter(({ event, exitCode }) => event === 'stopped' && exitCode === 7).length
}

/** Waits until the agent has ended by itself once more than `times`. */
export async function agentHasEnded(run: KillRun, times: number): Promise<void> {
  await until(() => Promise.resolve(agentFailures(run) > times), 'the agent ends with exit code 7', longMs)
}

/** Waits until the agent says that its disk is full. */
export async function agentSaysFull({ stack }: KillRun): Promise<void> {
  const code = async (): Promise<string | undefined> => (await stack.agentStatus(0)).intake.lastFault?.code
  await until(async () => (await code()) === 'disk_full', 'the agent says that its disk is full', longMs)
}

/** Waits until the aggregator says that the books work, or that they do not. */
export async function booksAre(run: KillRun, state: TenantStatus['state']): Promise<void> {
  await until(async () => (await tenantStatus(run)).state === state, `the books are ${state}`, longMs)
}

/** How the tenant stands at the aggregator. */
export async function tenantStatus({ stack }: KillRun): Promise<TenantStatus> {
  return (await stack.command('status', { tenant: stack.tenant })) as TenantStatus
}

/** Up to which batch the agent holds receipts. */
export async function settledSeq({ stack }: KillRun): Promise<number> {
  return (await stack.agentStatus(0)).chain.settledSeq
}

/** Cuts the power of a process and starts it again: only what was synchronised is left. */
export async function cutAndStart({ stack }: KillRun, disks: StackDisks, owner: DiskOwner): Promise<void> {
  if (owner === 'agent') await stack.killAgent(0)
  else await stack.killAggregator()
  disks[owner].cutPower('everything', random)
  if (owner === 'agent') await stack.startAgent(0)
  else await stack.startAggregator()
}
