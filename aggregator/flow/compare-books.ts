import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { NumberGap } from '@meterline/shared/model/log-entry.ts'
import type { BooksOutline, SeriesNumber } from '../store/books-outline.ts'
import { documentSummary } from './document-summary.ts'
import type { LostByRestore } from './restore-order.ts'

/** What replaced books had that the ones in their place have not; null when they are no books of the same log. */
export function lostAgainst(replaced: BooksOutline, restored: BooksOutline): LostByRestore | null {
  const common = commonSize(replaced, restored)
  if (common > 0 && !sameLeaf(replaced, restored, common - 1)) return null
  const kept = new Map(restored.chains().map(({ agent, epoch, receivedSeq }) => [`${agent} ${epoch}`, receivedSeq]))
  const closed = new Set(restored.closedPeriods())
  return {
    logEntries: replaced.size() - common,
    batches: replaced.countFrom('batch', common),
    catalogues: replaced.countFrom('catalogue', common),
    documents: replaced.documentsFrom(common).map(documentSummary),
    closedPeriods: replaced.closedPeriods().filter((key) => !closed.has(key)),
    agents: replaced
      .chains()
      .map(({ agent, epoch, receivedSeq }) => ({
        agent,
        epoch,
        restoredSeq: kept.get(`${agent} ${epoch}`) ?? 0,
        replacedSeq: receivedSeq,
      }))
      .filter(({ restoredSeq, replacedSeq }) => restoredSeq < replacedSeq),
  }
}

/** Whether one of two logs begins with the whole other. */
export function agree(left: BooksOutline, right: BooksOutline): boolean {
  const common = commonSize(left, right)
  return common === Math.min(left.size(), right.size()) && (common === 0 || sameLeaf(left, right, common - 1))
}

/**
 * Numbers that documents may have which are not in the restored books: from the last one there to the last one known,
 * sorted by entity and series.
 */
export function numberGaps(restored: BooksOutline, known: readonly SeriesNumber[]): readonly NumberGap[] {
  const last = new Map(restored.lastNumbers().map((each) => [seriesKey(each), each.last]))
  const gaps = new Map<string, NumberGap>()
  for (const { entity, series, last: to } of known) {
    const key = seriesKey({ entity, series })
    const from = (last.get(key) ?? 0) + 1
    if (to >= from && to > (gaps.get(key)?.to ?? 0)) gaps.set(key, { entity, series, from, to })
  }
  return [...gaps].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, gap]) => gap)
}

/**
 * A series as somebody named it, by what stands before the numbers of its documents, with the seller that it is of: invoices
 * carry his id, notes carry it with an ending.
 */
export function seriesNamed(restored: BooksOutline, named: SeriesNumber): SeriesNumber {
  const [, seller] = /^(.+)-(?:cn|dn)$/.exec(named.series) ?? []
  if (seller === undefined || named.entity !== named.series) return named
  const isSeller = restored.lastNumbers().some(({ entity }) => entity === named.entity)
  return isSeller ? named : { ...named, entity: seller }
}

/** How many first entries two logs have in common: up to the first generation that only one of them knows. */
function commonSize(left: BooksOutline, right: BooksOutline): number {
  const leftGenerations = left.generations()
  const rightGenerations = right.generations()
  const known = (rows: typeof leftGenerations) => new Set(rows.map(({ generation, kept }) => `${generation} ${kept}`))
  const [inLeft, inRight] = [known(leftGenerations), known(rightGenerations)]
  const apart = [...leftGenerations, ...rightGenerations].filter(
    ({ generation, kept }) => !inLeft.has(`${generation} ${kept}`) || !inRight.has(`${generation} ${kept}`),
  )
  return Math.min(left.size(), right.size(), ...apart.map(({ kept }) => kept))
}

function sameLeaf(left: BooksOutline, right: BooksOutline, logIndex: number): boolean {
  const leftLeaf = left.leaf(logIndex)
  const rightLeaf = right.leaf(logIndex)
  return leftLeaf !== undefined && rightLeaf !== undefined && equalBytes(leftLeaf, rightLeaf)
}

function seriesKey({ entity, series }: Pick<SeriesNumber, 'entity' | 'series'>): string {
  return `${entity}\0${series}`
}
