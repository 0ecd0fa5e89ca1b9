import type { Accusations } from './accusations.ts'
import type { AgentImage } from './agent-image.ts'
import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { LogWatch } from './log-watch.ts'
import type { RatingWatch } from './rating-watch.ts'

/**
 * I18: once nothing goes wrong any more everything has drained and both sides tell the same story: empty outboxes, the
 * same last batch with the same hash on both sides, everything received is rated, nobody is cut off.
 */
export function checkAgreement(
  findings: Findings,
  images: ReadonlyMap<string, AgentImage>,
  file: AggregatorFile,
  log: LogWatch,
  rating: RatingWatch,
  accusations: Accusations,
): void {
  const demand = (holds: boolean, message: () => string): void => findings.demand(holds, 'I18', message)
  for (const [agent, image] of images) {
    const { seq, hash } = log.chain(agent, image.epoch)
    demand(image.open.length === 0, () => `${agent} still has ${image.open.length} unsealed units`)
    demand(image.outbox.length === 0, () => `${agent} still has ${image.outbox.length} batches in its outbox`)
    demand(
      image.sealedSeq === seq && image.sealedHash === hash,
      () => `${agent} sealed up to ${image.sealedSeq}, the log ends at ${seq}`,
    )
    demand(
      image.settledSeq === seq && image.settledHash === hash,
      () => `${agent} settled up to ${image.settledSeq}, the log ends at ${seq}`,
    )
  }
  const { lastBatch } = log
  demand(
    rating.ratedUpTo === lastBatch,
    () => `rated up to log index ${rating.ratedUpTo}, the last batch is at ${lastBatch}`,
  )
  for (const { agent, epoch, quarantined } of file.chains()) {
    demand(quarantined === null || accusations.allowIn(agent, epoch), () => `${agent} is quarantined: ${quarantined}`)
  }
}
