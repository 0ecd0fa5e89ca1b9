import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { NumberGap } from '@meterline/shared/model/log-entry.ts'
import { logDamage } from '@meterline/shared/sqlite/log-damage.ts'
import { BooksOutline } from '../store/books-outline.ts'
import type { SeriesNumber } from '../store/books-outline.ts'
import { booksExist, lastReplacing } from '../store/replace-books.ts'
import { agree, lostAgainst, numberGaps, seriesNamed } from './compare-books.ts'
import type { LostByRestore, RestoreOrder } from './restore-order.ts'

/** What a restore comes to. */
export interface RestorePlan {
  /** The generation that begins: later than any that is known. */
  readonly generation: number
  readonly replaced: ReplacedBooks
  readonly numberGaps: readonly NumberGap[]
}

/** What could be learnt of the books that are replaced. */
interface ReplacedBooks {
  readonly exists: boolean
  readonly unreadable: string | null
  readonly generation: number
  /** Whether one of the two logs begins with the whole other; null when that cannot be read. */
  readonly agrees: boolean | null
  readonly lost: LostByRestore | null
  /** Null when that cannot be read. */
  readonly lastNumbers: readonly SeriesNumber[] | null
}

/** Decides which generation begins and which numbers are left unused, from a backup and the books it replaces. */
export function planRestore(
  order: RestoreOrder,
  booksFile: string,
  prepared: string,
): Result<RestorePlan, Fault<'numbers_unknown'>> {
  const restored = new BooksOutline(prepared)
  try {
    const replaced = booksExist(booksFile) ? learnReplaced(booksFile, restored) : noBooks
    if (replaced.lastNumbers === null && order.lastNumbers === undefined) {
      return failed(fault('numbers_unknown', numbersUnknownText(order, replaced)))
    }
    const own = restored.generations().at(-1)?.generation ?? 1
    const known = Math.max(own, replaced.generation, lastReplacing(booksFile), (order.leastGeneration ?? 2) - 1)
    // Agents demand that the next generation continues the checkpoint they hold, if all of that was kept. A number that is
    // left out tells them that it may not: the log they know was given up for one that does not descend from it.
    const descends = replaced.agrees ?? own === known
    const named = (order.lastNumbers ?? []).map((each) => seriesNamed(restored, each))
    const numbers = [...(replaced.lastNumbers ?? []), ...named]
    return ok({ generation: known + (descends ? 1 : 2), replaced, numberGaps: numberGaps(restored, numbers) })
  } finally {
    restored.close()
  }
}

const nothing = { unreadable: null, generation: 1, agrees: null, lost: null, lastNumbers: null }
const noBooks: ReplacedBooks = { exists: false, ...nothing }

/** Reads what can be read: books are also replaced because they are damaged. */
function learnReplaced(booksFile: string, restored: BooksOutline): ReplacedBooks {
  const reasons: string[] = []
  const learn = <Value>(read: () => Value, without: Value): Value => {
    try {
      return read()
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
      return without
    }
  }
  const lostLog = logDamage(booksFile)
  if (lostLog !== null) reasons.push(`its write-ahead log: ${lostLog}`)
  const outline = learn<BooksOutline | null>(() => new BooksOutline(booksFile), null)
  if (outline === null) return { ...noBooks, exists: true, unreadable: reasons.join('; ') }
  try {
    const generation = learn(() => outline.generations().at(-1)?.generation ?? 1, 1)
    // SQLite leaves out what lies behind damage to the log: numbers given last may be among it.
    const lastNumbers = lostLog === null ? learn(() => outline.lastNumbers(), null) : null
    const lost = learn<LostByRestore | null | undefined>(() => lostAgainst(outline, restored), undefined)
    if (lost === null) reasons.push('it holds another log than the backup')
    const agrees = lostLog === null ? learn(() => agree(outline, restored), null) : null
    const unreadable = reasons.length === 0 ? null : reasons.join('; ')
    return { exists: true, unreadable, generation, agrees, lost: lost ?? null, lastNumbers }
  } finally {
    outline.close()
  }
}

function numbersUnknownText({ tenant }: RestoreOrder, { exists, unreadable }: ReplacedBooks): string {
  const why = exists ? `the books it replaces cannot be read (${unreadable ?? ''})` : 'there are no books it replaces'
  return (
    `Nobody knows which numbers documents of ${tenant} had after the backup: ${why}. Say the last number of each series ` +
    '(acme of invoices, acme-cn and acme-dn of notes) that has any, or that none was issued, so that no number is given twice.'
  )
}
