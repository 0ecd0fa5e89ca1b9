import { dirname, join } from 'node:path'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { verifyBooks } from '@meterline/aggregator/flow/verify-books.ts'
import { copyCrashImage, removeFolder } from '../faults/crash-image.ts'
import { checkFlips } from '../oracle/flip-check.ts'
import type { AggregatorNode } from './aggregator-node.ts'
import type { Surroundings } from './surroundings.ts'

/** Examining the books after each flip costs more than the rest of a short run, so few runs do it, and with few flips. */
const runsPerCheck = 16
const flippedValues = 3
const flippedBytes = 1

/**
 * At the end of one run in sixteen, as the seed says: flips bits in a copy of the books and has the product examine it, as
 * `verify` would (I14). The aggregator's own files are left alone.
 */
export function flipBits(world: Surroundings, aggregator: AggregatorNode, tenant: string): void {
  const random = seededRandom(`${world.seed} flips`)
  const { running, file } = aggregator
  if (random.below(runsPerCheck) !== 0 || running === null || world.findings.full) return
  const folder = join(world.folder, 'flipped')
  copyCrashImage(dirname(file), folder)
  const copy = join(folder, `${tenant}.db`)
  const db = openDatabase({ file: copy })
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const examine = (examined: string): readonly string[] => {
    const report = verifyBooks(examined, tenant, running.publicKeyBase64)
    return report.ok ? report.value.problems : [report.fault.message]
  }
  checkFlips(world.findings, { file: copy, examine, random, values: flippedValues, bytes: flippedBytes })
  removeFolder(folder)
}
