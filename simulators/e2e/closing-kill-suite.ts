import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { billEverything, differences, prepareBooks, type ClosingBooks } from './closing-story.ts'
import { RandomKills } from './random-kills.ts'

const customers = 500

/** How often the aggregator is killed in all, and the most within one command of a story. */
export interface KillCounts {
  readonly least: number
  readonly mostPerStep: number
}

/** The same suite in the short and the long tier; only the number of kills differs. */
export function describeClosingKills(counts: KillCounts, timeoutMs: number): void {
  describe('kill -9 at random moments while bills are issued', () => {
    test(
      `${counts.least} times at least, of ${customers} accounts: the same documents, no gap, nothing twice`,
      async () => expect(await problemsOf(counts)).toEqual([]),
      timeoutMs,
    )
  })
}

/** Bills the same books undisturbed and then, again and again, with kills, until there were enough. */
async function problemsOf({ least, mostPerStep }: KillCounts): Promise<readonly string[]> {
  const seed = randomUUID()
  const random = seededRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'meterline-kill-closing-'))
  const books = await prepareBooks(folder, customers, systemClock().wallMs())
  const undisturbed = await billEverything(books, (stack) => new RandomKills(stack, null, 0))
  const problems = [...undisturbed.problems, ...unexpectedCounts(books, undisturbed.image.documents)]
  for (let kills = 0; kills < least && problems.length === 0;) {
    const story = await billEverything(books, (stack) => new RandomKills(stack, random, mostPerStep))
    if (story.kills === 0) problems.push('nothing was killed')
    kills += story.kills
    problems.push(...story.problems, ...differences(story.image, undisturbed.image))
  }
  if (problems.length > 0) return [...problems, `seed ${seed}, files in ${folder}`]
  rmSync(folder, { recursive: true, force: true })
  return []
}

/** The reseller and every customer get a bill of both periods and a correction, and every other customer one in between. */
function unexpectedCounts({ ended, running }: ClosingBooks, documents: readonly string[]): readonly string[] {
  const rows = documents.map((text) => JSON.parse(text) as [number: string, purpose: string, period: string])
  const expected = { [`period ${ended.key}`]: customers + 1, [`period ${running.key}`]: customers + 1 }
  const all = { ...expected, [`correction ${ended.key}`]: customers + 1, [`progressive ${running.key}`]: customers / 2 }
  const counted = new Map<string, number>()
  for (const [, purpose, period] of rows) {
    counted.set(`${purpose} ${period}`, (counted.get(`${purpose} ${period}`) ?? 0) + 1)
  }
  const wrong = Object.entries(all).filter(([kind, count]) => counted.get(kind) !== count)
  return wrong.map(([kind, count]) => `${kind}: ${counted.get(kind) ?? 0} documents instead of ${count}`)
}
