import type { Clock } from '@meterline/shared/base/clock.ts'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { agentFiles, type AgentConfig } from '../config.ts'

const mostLogged = 20

/**
 * What to do when the journal cannot be used at the start. Where it is damaged and the configuration names a higher epoch
 * than its own, somebody has registered that epoch and wants the agent to go on: it recovers by itself, and logs what was
 * carried over and what was lost. Returns false when that is not so, and the start fails as it would.
 */
export async function recoverAtStart(config: AgentConfig, clock: Clock, log: Log): Promise<boolean> {
  const { checkJournal } = await import('../flow/check-journal.ts')
  const file = agentFiles(config).journal
  const checked = checkJournal(file)
  if (!checked.ok || checked.value.epoch === null || checked.value.epoch >= config.epoch) return false
  // A journal that is whole still has something to send in its own epoch.
  if (checked.value.findings.length === 0) return false
  const { recoverJournal } = await import('../flow/recover-journal.ts')
  const { tenant, agent, epoch } = config
  const report = recoverJournal({
    dataDirectoryJournal: file,
    sources: [],
    identity: { tenant, agent, epoch },
    received: [],
    nowMs: clock.wallMs(),
    by: 'the agent itself, at its start',
  })
  if (!report.ok) throw new FaultError(report.fault)
  const { movedTo, sources, lost } = report.value
  const parts = { lostParts: lost.length, lost: lost.slice(0, mostLogged) }
  log.warn('the journal was damaged and is recovered', { epoch, movedTo, sources, ...parts })
  return true
}
