import type { AgentImage } from './agent-image.ts'
import type { Findings } from './findings.ts'

/**
 * I6 at the edge: the outbox is a chain from the last settled batch to the last sealed one. I7: what an agent let go for
 * settled is in the log, which ends at `receivedSeq` for it; or, while the books are being put back, in its journal still.
 */
export function checkOutbox(
  findings: Findings,
  agent: string,
  image: AgentImage,
  receivedSeq: number,
  areBooksPutBack: boolean,
): void {
  let seq = image.settledSeq
  let hash = image.settledHash
  for (const { header, units } of image.outbox) {
    const follows = header.seq === seq + 1 && header.previousHash === hash && header.agent === agent
    findings.demand(follows, 'I6', () => `${agent}: batch ${header.seq} of the outbox does not follow ${seq}`)
    findings.demand(
      units.length === header.unitCount,
      'I6',
      () => `${agent}: batch ${header.seq} of the outbox lacks units`,
    )
    seq = header.seq
    hash = header.hash
  }
  findings.demand(
    seq === image.sealedSeq && hash === image.sealedHash,
    'I6',
    () => `${agent}: the outbox ends at ${seq}, sealed is ${image.sealedSeq}`,
  )
  if (areBooksPutBack) return
  findings.demand(
    image.settledSeq <= receivedSeq,
    'I7',
    () => `${agent} let batch ${image.settledSeq} go, the log ends at ${receivedSeq}`,
  )
}
