import type { AgentImage } from './agent-image.ts'
import { AggregatorFile } from './aggregator-file.ts'
import type { ChainRow } from './aggregator-file.ts'
import type { Findings } from './findings.ts'

/**
 * I6, I7: books that were put back without a word got nothing from agents that had let go of what is not in them. Such an
 * agent stops; whoever sent on regardless would leave a hole that nobody ever closes. `held` are the journals as they
 * were when the books were swapped.
 */
export function checkSwapped(
  findings: Findings,
  backupFile: string,
  swappedFile: string,
  held: ReadonlyMap<string, AgentImage>,
): void {
  const before = chainsOf(backupFile)
  const after = chainsOf(swappedFile)
  for (const [agent, { epoch, settledSeq }] of held) {
    const key = `${agent} ${epoch}`
    const known = before.get(key)?.receivedSeq ?? 0
    const received = after.get(key)?.receivedSeq ?? 0
    findings.demand(
      settledSeq <= known || received === known,
      'I7',
      () => `${agent} had let go of batch ${settledSeq}, and sent batch ${received} to books that end at ${known}`,
    )
  }
}

function chainsOf(file: string): ReadonlyMap<string, ChainRow> {
  const books = new AggregatorFile(file)
  try {
    return new Map(books.chains().map((row) => [`${row.agent} ${row.epoch}`, row]))
  } finally {
    books.close()
  }
}
