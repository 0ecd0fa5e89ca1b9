import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { fraction, minutesPerYear, whole } from './progress-line.ts'
import type { WorldTally } from './world-tally.ts'

const count = z.int().min(0)

const commitSchema = z.strictObject({
  /** What was run, with `-dirty` behind it where files had been changed since. */
  commit: z.string(),
  worlds: count,
  failed: count,
  twice: count,
  faults: count,
  oddities: count,
  steps: count,
  agentMinutes: count,
  byMode: z.record(z.string(), count),
  byKind: z.record(z.string(), count),
})

const bugSchema = z.strictObject({
  /** What was wrong with the product. */
  bug: z.string(),
  seed: z.string(),
  mode: z.string(),
  /** The test that holds it since. */
  test: z.string(),
})

/**
 * Everything that was ever recorded of runs of the world: commits in the order in which they were first run, and the
 * defects of the product that worlds have shown, which are written by hand when the cause is known.
 */
export interface ResultsBook {
  readonly commits: readonly z.infer<typeof commitSchema>[]
  readonly bugs: readonly z.infer<typeof bugSchema>[]
}

/** A book with nothing in it. */
export const emptyBook: ResultsBook = { commits: [], bugs: [] }

/** The book with one more run in it; runs of the same commit are added up. */
export function withRun(book: ResultsBook, commit: string, { total, byMode, byKind }: WorldTally): ResultsBook {
  const known = book.commits.find((each) => each.commit === commit)
  const run = {
    commit,
    worlds: (known?.worlds ?? 0) + total.seeds,
    failed: (known?.failed ?? 0) + total.failures,
    twice: (known?.twice ?? 0) + total.repeated,
    faults: (known?.faults ?? 0) + total.faults,
    oddities: (known?.oddities ?? 0) + total.oddities,
    steps: (known?.steps ?? 0) + total.steps,
    agentMinutes: (known?.agentMinutes ?? 0) + total.agentMinutes,
    byMode: added(known?.byMode ?? {}, new Map([...byMode].map(([mode, sums]) => [mode, sums.seeds]))),
    byKind: added(known?.byKind ?? {}, byKind),
  }
  const commits =
    known === undefined ? [...book.commits, run] : book.commits.map((each) => (each === known ? run : each))
  return { ...book, commits }
}

/** The book as a page. */
export function resultsPage({ commits, bugs }: ResultsBook): string {
  const sum = (pick: (commit: ResultsBook['commits'][number]) => number): number =>
    commits.reduce((so, each) => so + pick(each), 0)
  const modes = commits.reduce<Readonly<Record<string, number>>>(
    (so, { byMode }) => added(so, new Map(Object.entries(byMode))),
    {},
  )
  const kinds = commits.reduce<Readonly<Record<string, number>>>(
    (so, { byKind }) => added(so, new Map(Object.entries(byKind))),
    {},
  )
  const years = (minutes: number): string => fraction(minutes / minutesPerYear)
  return [
    '# What the world has shown',
    '',
    'Written by `npm run world -- --record` from `results.jsonl` beside this page: every world of a recorded run is counted,',
    'also those that failed, whatever the reason was (a defect of the product, of the world, or work that was half done).',
    'A commit with `-dirty` behind it had uncommitted changes. Faults leave out what belongs to any day (odd input, roaming',
    'devices, late timers); that is counted as oddities. What the modes mean stands in `faults/fault-mode.ts`.',
    '',
    '## All together',
    '',
    `- ${whole(sum(({ worlds }) => worlds))} worlds, ${whole(sum(({ failed }) => failed))} of which failed when they were run`,
    `- ${years(sum(({ agentMinutes }) => agentMinutes))} agent-years simulated in ${whole(sum(({ steps }) => steps))} steps`,
    `- ${whole(sum(({ faults }) => faults))} faults and ${whole(sum(({ oddities }) => oddities))} oddities`,
    `- ${whole(sum(({ twice }) => twice))} worlds run twice and their traces compared`,
    `- ${bugs.length} defects of the product found`,
    '',
    '## By commit',
    '',
    ...markdownTable(
      ['commit'],
      ['worlds', 'failed', 'faults', 'steps', 'agent-years'],
      commits.map(({ commit, worlds, failed, faults, steps, agentMinutes }) => [
        shortCommit(commit),
        whole(worlds),
        whole(failed),
        whole(faults),
        whole(steps),
        years(agentMinutes),
      ]),
    ),
    '',
    '## Defects of the product found',
    '',
    ...(bugs.length === 0
      ? ['None has been recorded yet.']
      : markdownTable(
          ['seed', 'mode', 'what was wrong', 'now held by'],
          [],
          bugs.map(({ seed, mode, bug, test }) => [seed, mode, bug, test]),
        )),
    '',
    '## Worlds by mode',
    '',
    ...markdownTable(
      ['mode'],
      ['worlds'],
      Object.entries(modes).map(([mode, worlds]) => [mode, whole(worlds)]),
    ),
    '',
    '## Faults by kind',
    '',
    ...markdownTable(
      ['kind'],
      ['times'],
      Object.entries(kinds)
        .toSorted(([, a], [, b]) => b - a)
        .map(([kind, times]) => [kind, whole(times)]),
    ),
    '',
  ].join('\n')
}

/** Reads the book, a line of JSON for each commit and each defect; an empty one where there is no file. Throws when a line is neither. */
export function readBook(file: string): ResultsBook {
  if (!existsSync(file)) return emptyBook
  const lines: unknown[] = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
  const isBug = (line: unknown): boolean => typeof line === 'object' && line !== null && 'bug' in line
  return {
    commits: lines.filter((line) => !isBug(line)).map((line) => commitSchema.parse(line)),
    bugs: lines.filter(isBug).map((line) => bugSchema.parse(line)),
  }
}

/** Writes the book and its page, each as a whole or not at all. */
export function writeBook(book: ResultsBook, files: { readonly book: string; readonly page: string }): void {
  replace(files.book, [...book.commits, ...book.bugs].map((line) => `${JSON.stringify(line)}\n`).join(''))
  replace(files.page, resultsPage(book))
}

/** The commit that is checked out, with `-dirty` behind it when files were changed; `unknown` outside of a checkout. */
export function presentCommit(folder: string): string {
  const git = (...order: string[]): string =>
    execFileSync('git', ['-C', folder, ...order], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const commit = git('rev-parse', 'HEAD')
    return git('status', '--porcelain') === '' ? commit : `${commit}-dirty`
  } catch {
    return 'unknown'
  }
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

/** A table with its columns aligned as the formatter wants them: texts to the left, then figures to the right. */
function markdownTable(
  texts: readonly string[],
  figures: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const headings = [...texts, ...figures]
  const least = headings.map((_, column) => (column < texts.length ? 3 : 4))
  const widths = headings.map((heading, column) =>
    Math.max(least[column] ?? 0, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column < texts.length ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${cells.join(' | ')} |`
  }
  const rule = widths.map((width, column) => (column < texts.length ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(headings), line(rule), ...rows.map(line)]
}

function shortCommit(commit: string): string {
  return commit.replace(/^([0-9a-f]{10})[0-9a-f]+/, '$1')
}

function added(
  counts: Readonly<Record<string, number>>,
  more: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const sums = new Map(Object.entries(counts))
  for (const [name, times] of more) sums.set(name, (sums.get(name) ?? 0) + times)
  return Object.fromEntries([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
