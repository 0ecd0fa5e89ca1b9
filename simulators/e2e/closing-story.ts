import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { periodAt, periodBefore } from '@meterline/aggregator/domain/periods/billing-cycle.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { closingTenant, closingTenantFile, closingUsage } from '../scenarios/closing-tenant.ts'
import { startStack, type Stack } from '../scenarios/stack.ts'
import { ClosingAgent } from './closing-agent.ts'
import type { RandomKills } from './random-kills.ts'

const dayMs = 86_400_000
/** What makes an invoice in the middle of a period due for whom it is agreed; everybody uses more than that. */
const progressiveAmount = '3'

/** Books before their bills, which are put back for every story. */
export interface ClosingBooks {
  readonly stack: Stack
  readonly agent: ClosingAgent
  /** With the usage that comes late. */
  readonly batches: number
  /** The period that is over, and the one that runs. */
  readonly ended: Period
  readonly running: Period
}

/** What books say when a story is over, without when things were issued. */
export interface BooksImage {
  readonly documents: readonly string[]
  readonly billedLines: readonly string[]
  readonly balances: readonly string[]
  readonly lateMarks: readonly string[]
  readonly openItems: readonly string[]
  readonly periods: readonly string[]
}

/** Books of so many customers with usage in the period that is over and in the one that runs. The aggregator is stopped. */
export async function prepareBooks(folder: string, customers: number, nowMs: number): Promise<ClosingBooks> {
  const stack = await startStack({ folder, tenant: closingTenant, agents: ['gw-1'], startAgents: false })
  const agent = new ClosingAgent(stack)
  // Periods begin on a day that is far from today, so that none ends while the test runs.
  const cycle = { id: 'mid', day: Math.min(28, new Date(nowMs + 15 * dayMs).getUTCDate()) }
  const running = periodAt({ ...cycle, offsets: null }, nowMs)
  const ended = periodBefore({ ...cycle, offsets: null }, running)
  const from = new Date(ended.startMs).toISOString().slice(0, 10)
  const signingKey = agent.sealing.key.publicKeyBase64
  const tenant = { customers, agent: { id: 'gw-1', signingKey }, cycle, from }
  await apply(stack, closingTenantFile({ ...tenant, progressiveAmount: null }))
  agent.seal(closingUsage('first', customers, [ended.startMs + dayMs, ended.startMs + 2 * dayMs]))
  await agent.bring(agent.seal(closingUsage('running', customers, [running.startMs + dayMs])))
  // From now on invoices are due for what is charged already: they go out when they are asked for.
  await apply(stack, closingTenantFile({ ...tenant, progressiveAmount }))
  await stack.stop()
  const batches = agent.seal(closingUsage('late', customers, [ended.startMs + 3 * dayMs]))
  cpSync(booksFolder(stack), `${booksFolder(stack)}-before`, { recursive: true })
  return { stack, agent, batches, ended, running }
}

/**
 * Invoices in the middle of the period that runs, the bills of the one that is over, usage of it that comes late, what
 * corrects it, and the bills of the running one, closed early. Answers what verification finds wrong, and what the books say.
 */
export async function billEverything(
  { stack, agent, batches, ended, running }: ClosingBooks,
  killsOf: (stack: Stack) => RandomKills,
): Promise<{ readonly image: BooksImage; readonly problems: readonly string[]; readonly kills: number }> {
  rmSync(booksFolder(stack), { recursive: true })
  cpSync(`${booksFolder(stack)}-before`, booksFolder(stack), { recursive: true })
  await stack.startAggregator()
  try {
    const kills = killsOf(stack)
    await kills.command('bill-progressive', {})
    await kills.command('close-period', { period: ended.key })
    await kills.during(agent.bring(batches))
    await kills.command('bill-corrections', {})
    await kills.command('close-period', { period: running.key, force: true })
    const problems = await stack.verify()
    await stack.stop()
    return { image: imageOf(stack), problems, kills: kills.kills }
  } finally {
    await stack.stop()
  }
}

/** What differs between the books of a story with kills and of one without, in words. */
export function differences(image: BooksImage, undisturbed: BooksImage): readonly string[] {
  const names = Object.keys(undisturbed) as (keyof BooksImage)[]
  return names.flatMap((name) => {
    const found = image[name]
    const expected = undisturbed[name]
    const at = expected.findIndex((text, index) => text !== found[index])
    if (at === -1 && found.length === expected.length) return []
    return [`${name}: ${found.length} instead of ${expected.length}; ${found[at]} instead of ${expected[at]}`]
  })
}

function booksFolder({ deployment }: Stack): string {
  return join(deployment.folder, 'aggregator')
}

async function apply(stack: Stack, text: string): Promise<void> {
  const file = join(stack.deployment.folder, 'closing.json')
  writeFileSync(file, text)
  await stack.apply(file)
}

function imageOf(stack: Stack): BooksImage {
  const db = openDatabase({ file: join(booksFolder(stack), `${closingTenant}.db`), readOnly: true })
  const rows = (sql: string): readonly string[] =>
    db
      .prepare(sql)
      .raw()
      .all()
      .map((row) => JSON.stringify(row))
  try {
    return {
      documents: rows(`SELECT number, purpose, period, total, log_index,
        json_remove(CAST(bytes AS TEXT), '$.issuedAt', '$.dueOn') FROM document ORDER BY log_index`),
      billedLines: rows('SELECT * FROM billed_line ORDER BY id'),
      balances: rows('SELECT * FROM balance ORDER BY entity, asset, account'),
      lateMarks: rows('SELECT * FROM late_mark ORDER BY seller, buyer, currency, period'),
      openItems: rows(`SELECT document, seller, buyer, gross_micros, settled_micros, is_open FROM receivable
        ORDER BY log_index`),
      periods: rows('SELECT key, state, catalogue_index FROM period ORDER BY key'),
    }
  } finally {
    db.close()
  }
}
